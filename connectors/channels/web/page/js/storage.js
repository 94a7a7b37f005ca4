/**
 * What survives a reload of this tab: unsent messages, the text in the box, files already uploaded for it.
 *
 * A phone often throws the page away while the camera or another app is open, so these must be kept somewhere. They are
 * personal, and phones and library computers are shared, so it is sessionStorage, which ends with the tab, and never
 * localStorage.
 */

const PREFIX = "reportguide.";

/** @param {string} name @returns {any} */
export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null; // storage may be forbidden; then a reload loses what was not sent, and nothing else
  }
}

/** @param {string} name @param {unknown} value null, "" and [] are not kept */
export function keep(name, value) {
  try {
    if (value === null || value === "" || (Array.isArray(value) && !value.length)) sessionStorage.removeItem(PREFIX + name);
    else sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // forbidden or full
  }
}

/** Forget everything of this tab. */
export function forgetAll() {
  for (const name of ["outbox", "draft", "staged"]) keep(name, null);
}
