/** Puts the parts of the chat page together. */

import { Api, Refused } from "./api.js";
import { attachments, showLimits } from "./attach.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { part } from "./markup.js";
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

/** The open tabs of this device tell each other when the conversation is cleared. */
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("reportguide") : null;

const api = new Api(() => {
  log.clear(false);
  connection.again();
});
const composer = new Composer({ onSend: send, onRelease: () => hold(false) });
const uploads = new Uploads(api, uploadsChanged, () => connection.again());
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
  onAdded: (item) => log.addPending(item, item.shown.files.map((file) => uploads.pictures.get(file.id))),
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
    if (history) begun(entries);
  },
  onWaiting: (waiting) => log.setWaiting(waiting),
  onStatus(status) {
    showConnection(status);
    if (status !== "live") return outbox.stall();
    uploads.retryLost();
    outbox.pump();
  },
  onProblem(error) {
    // Known just now, unknown again: the browser does not keep the cookie.
    if (error instanceof Refused && error.status === 401) notify(say("cookies_needed"));
  },
});

/** The matter that the link or QR code named which led here. @type {{matter: string, title: string} | null} */
let asked = JSON.parse(document.body.dataset.start ?? "null");
// A reload, or the address passed on, must not begin it again.
if (asked) history.replaceState(null, "", location.pathname);

let introduced = false;
/** Before the first round: who is talking, and what may be sent. */
async function begin() {
  if (introduced) return;
  const { new: stranger, limits } = await api.session();
  introduced = true;
  uploads.limits = limits;
  composer.limit = limits.text_chars;
  showLimits(limits);
  // What this tab kept belongs to the conversation it had. With another one, perhaps another person's, it is not shown.
  if (stranger) forgetAll();
}

/**
 * The history is there: what was not sent before the page was reloaded comes after it.
 * @param {import("./api.js").Entry[]} history
 */
function begun(history) {
  composer.restore();
  uploads.restore();
  outbox.restore(new Set(history.map((entry) => entry.message_id)));
  start(history.length > 0);
  outbox.open = true;
  outbox.pump();
  log.toEnd();
  log.announce();
}

/** Begin with the matter that led here; in a conversation that is under way the person decides. @param {boolean} talking */
function start(talking) {
  if (!asked) return;
  const text = say("start", { title: asked.title });
  if (talking) composer.putBack(text);
  else outbox.add({ start: asked.matter }, { text, files: [] });
  asked = null;
}

function send() {
  const { text } = composer;
  if (composer.over) return composer.focus();
  if (uploads.waiting) return hold(true);
  if (uploads.failed) return notify(say("files_stopped"));
  if (!text && !uploads.items.length) return composer.focus();
  notify("");
  const files = uploads.take();
  composer.text = "";
  outbox.add({ ...(text && { text }), ...(files.length && { files: files.map((file) => file.id) }) }, { text, files });
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
    else if (uploads.items.length) queueMicrotask(send); // after the tray shows that they are done
  }
  showTray(uploads, composer.holding);
}

/** @param {import("./outbox.js").Pending} item */
function putBack(item) {
  if (item.message.button) return;
  composer.putBack(item.shown.text);
  uploads.putBack(item.shown.files);
}

/** Nothing of this conversation stays on the device. */
function forget() {
  forgetAll();
  outbox.clear();
  uploads.clear();
  hold(false);
  composer.text = "";
  log.clear();
  notify("");
}

menu(async () => {
  await api.forget();
  forget();
  tabs?.postMessage("cleared");
  introduced = false;
  connection.again();
  speak(say("cleared"));
});
tabs?.addEventListener("message", () => {
  forget();
  introduced = false;
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
connection.run();
