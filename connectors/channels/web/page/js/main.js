/** Puts the parts of the chat page together. */

import { Api, Refused } from "./api.js";
import { attachments, showLimits } from "./attach.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { part } from "./format.js";
import { Log } from "./log.js";
import { menu } from "./menu.js";
import { notify, onReconnect, showConnection, speak } from "./notices.js";
import { Outbox } from "./outbox.js";
import { largeTextToggle } from "./preferences.js";
import { forgetAll } from "./storage.js";
import { say } from "./strings.js";
import { showTray } from "./tray.js";
import { Uploads } from "./uploads.js";
import { followKeyboard } from "./viewport.js";

/** @typedef {import("./api.js").Kept} Kept */

/** Files of messages on their way, should one come back. @type {Map<string, {kept: Kept[], previews: string[]}>} */
const sentFiles = new Map();
/** The open tabs of this device tell each other when the conversation is cleared. */
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("reportguide") : null;

const api = new Api(() => log.clear());
const composer = new Composer({ onSend: send, onRelease: () => hold(false) });
const uploads = new Uploads(api, uploadsChanged);
const log = new Log({
  onPress(message, index, title) {
    notify("");
    outbox.add({ button: { message, index } }, { text: title, files: [] });
    // The pressed button is disabled now; the focus must not fall off the page.
    if (!composer.focusQuietly()) log.focus();
  },
  onRetry: () => connection.again(),
  onWithdraw(id) {
    const item = outbox.withdraw(id);
    log.drop(id);
    if (item) putBack(item);
    notify(say("withdrawn"));
    composer.focus();
  },
});
const outbox = new Outbox(api, {
  onAdded: (item) => log.addPending(item, sentFiles.get(item.message.id)?.previews ?? []),
  onState: (id, state) => log.setState(id, state),
  onRefused(item, message) {
    log.drop(item.message.id);
    putBack(item);
    notify(message || say(item.message.button ? "press_refused" : "refused"));
  },
});
const connection = new Connection(api, {
  ready: begin,
  position: () => log.lastSeq,
  onEntries(entries, history) {
    for (const entry of entries) if (entry.message_id) outbox.arrived(entry.message_id);
    log.take(entries, history);
    if (history) arrived();
  },
  onWaiting: (waiting) => log.setWaiting(waiting),
  onStatus(status) {
    showConnection(status);
    if (status !== "live") return;
    uploads.retryLost();
    outbox.pump();
  },
  onProblem(error) {
    // Known just now, unknown again: the browser does not keep the cookie.
    if (error instanceof Refused && error.status === 401) notify(say("cookies_needed"));
  },
});

let begun = false;
/** Before the first round: who is talking, and what may be sent. */
async function begin() {
  if (begun) return;
  const { new: stranger, limits } = await api.session();
  begun = true;
  uploads.limits = limits;
  composer.limit = limits.text_chars;
  showLimits(limits);
  // What this tab kept belongs to the conversation it had. With another one, perhaps another person's, it is not shown.
  if (stranger) forgetAll();
}

/** The history is there: what was not sent before the page was reloaded comes after it. */
function arrived() {
  composer.restore();
  uploads.restore();
  outbox.restore();
  outbox.open = true;
  outbox.pump();
  log.toEnd();
  log.announce();
}

function send() {
  const { text } = composer;
  if (composer.over) return composer.focus();
  if (uploads.waiting) return hold(true);
  if (uploads.failed) return notify(say("files_stopped"));
  if (!text && !uploads.items.length) return composer.focus();
  notify("");
  const { kept, previews } = uploads.take();
  const message = { ...(text ? { text } : {}), ...(kept.length ? { files: kept.map((file) => file.id) } : {}) };
  composer.text = "";
  outbox.add(message, { text, files: kept }, (id) => sentFiles.set(id, { kept, previews }));
}

/** @param {boolean} holding */
function hold(holding) {
  composer.hold(holding);
  showTray(uploads, holding);
}

function uploadsChanged() {
  if (composer.holding && !uploads.waiting) {
    const failed = uploads.failed;
    composer.hold(false);
    if (failed) notify(say("files_stopped"));
    else if (uploads.items.length || composer.text) queueMicrotask(send); // after the tray shows that they are done
  }
  showTray(uploads, composer.holding);
}

/** @param {import("./outbox.js").Pending} item */
function putBack(item) {
  if (item.message.button) return;
  composer.putBack(item.shown.text);
  const files = sentFiles.get(item.message.id);
  // After a reload only what the queue itself kept is known of them; the server tells its kinds of files apart by id.
  const kept = files?.kept ?? /** @type {Kept[]} */ (item.shown.files);
  uploads.putBack(kept, files?.previews);
}

/** Nothing of this conversation stays on the device. */
function forget() {
  forgetAll();
  outbox.clear();
  uploads.clear();
  hold(false);
  composer.text = "";
  sentFiles.clear();
  log.clear();
  notify("");
}

menu(async () => {
  await api.forget();
  forget();
  tabs?.postMessage("cleared");
  begun = false;
  connection.again();
  speak(say("cleared"));
});
tabs?.addEventListener("message", () => {
  forget();
  begun = false;
  connection.again();
});

attachments((files) => {
  notify(uploads.add(files));
  composer.focusQuietly();
});
for (const starter of document.querySelectorAll(".starters button")) {
  const { send: sends, write } = /** @type {HTMLElement} */ (starter).dataset;
  starter.addEventListener("click", () => {
    if (write) {
      composer.text = write;
      composer.focus();
    } else if (sends) {
      outbox.add({ text: sends }, { text: sends, files: [] });
      if (!composer.focusQuietly()) log.focus();
    }
  });
}
largeTextToggle(/** @type {HTMLButtonElement} */ (part("large-text")));
onReconnect(() => connection.again());
followKeyboard();
connection.start();
