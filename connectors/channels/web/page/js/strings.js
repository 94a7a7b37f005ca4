/** The words of the page. They live in dialogues/web/strings.yml and come with the page in `data-strings`. */

/** @type {Record<string, any>} */
export const strings = JSON.parse(document.body.dataset.strings ?? "{}");

/**
 * A text with its {places} filled.
 * @param {string} name @param {Record<string, string | number>} [values]
 */
export function say(name, values = {}) {
  return fill(strings[name] ?? name, values);
}

/** @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}
