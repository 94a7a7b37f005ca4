/** Making and finding elements. */

/**
 * An element with a class and a text, the only way text enters the page.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} [name] @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

/** @param {string} name */
export function icon(name) {
  const made = element("span", `icon icon-${name}`);
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** The element with this id. @template {HTMLElement} T @param {string} id @returns {T} */
export function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/** A small picture of a file, or the sign of a file. @param {string | undefined} address */
export function picture(address) {
  if (!address) return icon("file");
  const image = element("img", "thumb");
  image.alt = "";
  image.decoding = "async";
  image.width = image.height = 44;
  // A type this browser cannot show (HEIC outside Apple's) falls back to the sign of a file.
  image.addEventListener("error", () => image.replaceWith(icon("file")));
  image.src = address;
  return image;
}
