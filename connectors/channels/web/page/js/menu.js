/** The menu in the header, and the question before this device's conversation is cleared. */

import { part } from "./markup.js";
import { say } from "./strings.js";

const opener = part("menu-open");
const list = part("menu");
const dialog = /** @type {HTMLDialogElement} */ (part("clear"));
const problem = part("clear-problem");

/** @param {() => Promise<void>} clear rejects when the server could not be told */
export function menu(clear) {
  opener.addEventListener("click", () => toggle(Boolean(list.hidden)));
  document.addEventListener("click", (event) => {
    const target = /** @type {Node} */ (event.target);
    if (!list.hidden && !list.contains(target) && !opener.contains(target)) toggle(false);
  });
  for (const place of [opener, list]) {
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || list.hidden) return;
      toggle(false);
      opener.focus();
    });
  }
  list.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !list.contains(/** @type {Node} */ (event.relatedTarget))) toggle(false);
  });

  part("menu-print").addEventListener("click", () => {
    toggle(false);
    opener.focus();
    window.print();
  });
  part("menu-clear").addEventListener("click", () => {
    toggle(false);
    opener.focus(); // where the dialog gives the focus back to
    problem.hidden = true;
    dialog.showModal();
  });
  part("clear-no").addEventListener("click", () => dialog.close());
  const yes = /** @type {HTMLButtonElement} */ (part("clear-yes"));
  yes.addEventListener("click", async () => {
    yes.disabled = true;
    try {
      await clear();
      dialog.close();
    } catch {
      problem.textContent = say("clear_failed");
      problem.hidden = false;
    } finally {
      yes.disabled = false;
    }
  });
  // A press beside the dialog closes it: the dialog itself is hit only there, inside it is one of its parts.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/** @param {boolean} open */
function toggle(open) {
  list.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
}
