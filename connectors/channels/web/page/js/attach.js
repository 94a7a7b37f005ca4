/** The ways files get in: the panel behind "+", dropping, pasting. What is allowed is said before anything is chosen. */

import { part } from "./markup.js";
import { say } from "./strings.js";
import { megabytes } from "./uploads.js";

/** Endings of pictures and videos. Naming their types makes a phone offer its album and camera instead of a file manager. */
const MEDIA = new Map(Object.entries({
  ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif", ".bmp": "image/bmp",
  ".heic": "image/heic", ".heif": "image/heif", ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime",
  ".3gp": "video/3gpp", ".webm": "video/webm", ".mkv": "video/x-matroska",
}));

const button = /** @type {HTMLButtonElement} */ (part("attach"));
const panel = part("attach-panel");
const drop = part("drop");

/** @param {(files: File[]) => void} onFiles */
export function attachments(onFiles) {
  button.disabled = true;
  button.addEventListener("click", () => {
    toggle(Boolean(panel.hidden));
    if (!panel.hidden) part("attach-media").focus(); // the panel stands before its button, in place and in order
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    toggle(false);
    button.focus();
  });
  document.addEventListener("click", (event) => {
    const target = /** @type {Node} */ (event.target);
    if (!panel.hidden && !panel.contains(target) && !button.contains(target)) toggle(false);
  });

  for (const kind of ["media", "other"]) {
    const input = /** @type {HTMLInputElement} */ (part(`pick-${kind}`));
    part(`attach-${kind}`).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // so that the same file can be chosen again
      toggle(false);
      button.focus();
      if (files.length) onFiles(files);
    });
  }

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // A cell copied from a table comes as text and as a picture of it; the text is what is meant.
    if (!files.length || button.disabled || event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault();
    onFiles(files.map(named));
  });

  let depth = 0; // dragenter and dragleave come for every element passed over
  const carriesFiles = (/** @type {DragEvent} */ event) => !button.disabled && Boolean(event.dataTransfer?.types.includes("Files"));
  document.addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) drop.hidden = !++depth;
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFiles(event)) drop.hidden = !(depth = Math.max(0, depth - 1));
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault(); // anywhere on the page: else the browser leaves the conversation and shows the file
    depth = 0;
    drop.hidden = true;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length && !button.disabled) onFiles(files);
  });
}

/** @param {import("./api.js").Limits} limits */
export function showLimits(limits) {
  part("limits").textContent = say("limits", {
    size: megabytes(limits), each: limits.files_per_message, all: limits.files_per_report,
  });
  const suffixes = limits.accept.split(",");
  const media = suffixes.map((suffix) => MEDIA.get(suffix)).filter((type) => type !== undefined);
  /** @type {HTMLInputElement} */ (part("pick-media")).accept = [...new Set(media)].join(",");
  /** @type {HTMLInputElement} */ (part("pick-other")).accept = limits.accept;
  button.disabled = false;
}

/** @param {boolean} open */
function toggle(open) {
  panel.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
}

/** Pasted screenshots are all called image.png. @param {File} file @param {number} index */
function named(file, index) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const suffix = file.name.slice(file.name.lastIndexOf("."));
  return new File([file], `${say("pasted")}${index ? index + 1 : ""}${suffix}`, { type: file.type });
}
