// Large text, kept on this device. Runs before the first paint.

const KEY = "reportguide.large-text";

/** Whether large text is wanted; false where the browser keeps nothing. */
export function large() {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

export function setLarge(wanted) {
  document.documentElement.dataset.text = wanted ? "large" : "normal";
  try {
    localStorage.setItem(KEY, wanted ? "yes" : "no");
  } catch {
    // It holds for this page.
  }
}

document.documentElement.dataset.script = "yes";
document.documentElement.dataset.text = large() ? "large" : "normal";
