/** The files chosen for the next message, as they are shown above the box. */

import { size } from "./format.js";
import { element, icon, part, picture } from "./markup.js";
import { speak } from "./notices.js";
import { say } from "./strings.js";

/** @typedef {import("./uploads.js").Upload} Upload */

const list = part("tray");
const note = part("tray-note");

/** @type {Map<number, {root: HTMLElement, update: () => void}>} */
const rows = new Map();

/**
 * Rows are kept and only changed, so that the button somebody is about to press stays where it is, focus included.
 * @param {import("./uploads.js").Uploads} uploads @param {boolean} holding whether the message goes as soon as they are done
 */
export function showTray(uploads, holding) {
  for (const [key, row] of rows) {
    if (uploads.items.some((item) => item.key === key)) continue;
    if (row.root.contains(document.activeElement)) part("attach").focus();
    row.root.remove();
    rows.delete(key);
  }
  for (const item of uploads.items) {
    let row = rows.get(item.key);
    if (!row) {
      row = make(item, uploads);
      rows.set(item.key, row);
      list.append(row.root);
      row.root.scrollIntoView({ block: "nearest" });
    }
    row.update();
  }
  list.hidden = !uploads.items.length;
  let told = "";
  if (holding && uploads.waiting) told = say("files_wait", { count: uploads.waiting });
  else if (uploads.items.length && !uploads.waiting && !uploads.failed) told = say("files_ready", { count: uploads.items.length });
  if (note.textContent !== told) note.textContent = told;
}

/** @param {Upload} item @param {import("./uploads.js").Uploads} uploads */
function make(item, uploads) {
  const root = element("li", "file");
  const about = element("span", "about");
  const state = element("span", "note");
  const progress = element("progress");
  progress.max = 100;
  progress.setAttribute("aria-label", say("upload_progress", { name: item.name }));
  about.append(element("span", "name", item.name), state, progress);
  const retry = element("button", "tiny");
  retry.type = "button";
  retry.setAttribute("aria-label", say("upload_retry", { name: item.name }));
  retry.append(icon("retry"));
  retry.addEventListener("click", () => uploads.retry(item));
  const remove = element("button", "tiny");
  remove.type = "button";
  remove.append(icon("close"));
  remove.addEventListener("click", () => uploads.remove(item));
  root.append(picture(item.preview), about, retry, remove);

  const update = () => {
    const percent = Math.floor(item.done * 100);
    const active = item.state === "queued" || item.state === "sending";
    if (item.problem && root.dataset.state !== item.state) speak(`${item.name}：${item.problem}`);
    root.dataset.state = item.state;
    const words = {
      queued: () => say("uploading_soon"),
      sending: () => (percent < 100 ? say("uploading", { percent }) : say("upload_check")),
      done: () => say("uploaded"),
      lost: () => item.problem,
      refused: () => item.problem,
    };
    state.textContent = `${size(item.size)} · ${words[item.state]()}`;
    progress.value = percent;
    progress.hidden = !active;
    retry.hidden = !(item.file && (item.state === "lost" || (item.state === "refused" && item.size > 0 && item.done > 0)));
    remove.setAttribute("aria-label", say(active ? "upload_cancel" : "upload_remove", { name: item.name }));
  };
  return { root, update };
}
