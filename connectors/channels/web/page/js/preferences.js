/**
 * Large text. It runs before the first paint. A size of text says nothing about a person's case, so unlike all
 * else it may stay in localStorage after the tab closes.
 */

const KEY = "reportguide.text";
const root = document.documentElement;

try {
  if (localStorage.getItem(KEY) === "large") root.dataset.text = "large";
} catch {
  // storage forbidden: the choice lasts as long as the page
}

/** @param {HTMLButtonElement} button */
export function largeTextToggle(button) {
  const show = () => button.setAttribute("aria-pressed", String(root.dataset.text === "large"));
  button.addEventListener("click", () => {
    const large = root.dataset.text !== "large";
    if (large) root.dataset.text = "large";
    else delete root.dataset.text;
    try {
      if (large) localStorage.setItem(KEY, "large");
      else localStorage.removeItem(KEY);
    } catch {
      // as above
    }
    show();
  });
  show();
}
