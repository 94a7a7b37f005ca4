/** The page behind an upload link: files, or a number, handed to a conversation that goes on elsewhere. */

import { call, put, Refused } from "./api.js";
import { attachments, showLimits } from "./attach.js";
import { part } from "./markup.js";
import { notify, onReconnect, showConnection, speak } from "./notices.js";
import { largeTextToggle } from "./preferences.js";
import { say } from "./strings.js";
import { showTray } from "./tray.js";
import { Uploads } from "./uploads.js";

/** Milliseconds until what the network interrupted is tried again. */
const AGAIN = 3_000;

const link = `/api/upload/${location.pathname.split("/").pop()}`;
const form = part("hand-over");
const send = /** @type {HTMLButtonElement} */ (part("send"));
const answer = /** @type {HTMLInputElement | null} */ (document.getElementById("answer"));

/** Whether the person pressed the button while files were still on their way. */
let holding = false;
let sending = false;

const uploads = new Uploads(
  { upload: (file, onProgress, signal) => put(`${link}/files`, file, onProgress, signal) },
  changed,
  lost,
  false, // another tab may hold another conversation's files
);
uploads.limits = JSON.parse(document.body.dataset.limits ?? "null");

function changed() {
  showTray(uploads, holding);
  if (uploads.items.length && !uploads.waiting) showConnection("live");
  if (holding && !uploads.waiting) {
    holding = false;
    queueMicrotask(handOver);
  }
  ready();
}

function ready() {
  send.disabled = sending || holding || !(uploads.items.length || answer?.value.trim());
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function lost() {
  showConnection("lost");
  clearTimeout(timer);
  timer = setTimeout(retry, AGAIN);
}

function retry() {
  clearTimeout(timer);
  uploads.retryLost();
}

async function handOver() {
  const text = answer?.value.trim() ?? "";
  if (uploads.failed) return notify(say("files_stopped"));
  if (uploads.waiting) {
    holding = true;
    return changed();
  }
  const files = uploads.items.map((item) => item.kept).filter((kept) => kept !== null);
  if (!files.length && !text) return;
  notify("");
  sending = true;
  ready();
  try {
    await call("POST", `${link}/done`, { files: files.map((kept) => kept.id), ...(text && { text }) });
  } catch (error) {
    sending = false;
    notify(error instanceof Refused ? error.message || say("refused") : say("hand_over_lost"));
    return ready();
  }
  finish(files.length);
}

/** @param {number} count */
function finish(count) {
  const told = count ? say("handed_over", { count }) : say("handed_over_text");
  part("done-title").textContent = told;
  form.hidden = true;
  part("done").hidden = false;
  part("done").focus();
  speak(told);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  handOver();
});
answer?.addEventListener("input", ready);
onReconnect(retry);
addEventListener("online", retry);
attachments((files) => {
  notify(uploads.add(files));
});
if (uploads.limits) showLimits(uploads.limits);
largeTextToggle(/** @type {HTMLButtonElement} */ (part("large-text")));
ready();
