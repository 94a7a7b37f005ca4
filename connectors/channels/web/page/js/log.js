/** The conversation as it is shown: entries of both sides, messages on their way, quick replies, and where it is scrolled to. */

import { moment, nodes, size } from "./format.js";
import { element, icon, part, picture } from "./markup.js";
import { speak } from "./notices.js";
import { say } from "./strings.js";

/**
 * @typedef {import("./api.js").Entry} Entry
 * @typedef {import("./outbox.js").Pending} Pending
 * @typedef {{root: HTMLElement, side: Entry["side"], at: Date, text: string, seq: number, id: string | null,
 *   buttons: HTMLButtonElement[], status: HTMLElement}} Shown `seq` is Infinity for a message on its way
 */

/** A pause this long gets a line with the time, as people know it from other chats. */
const PAUSE = 10 * 60_000;
/** A person's own text longer than this is folded, or one pasted complaint fills ten screens of a phone. */
const FOLD_ABOVE = 300;
/** So near to the end counts as being there, in pixels. */
const NEAR = 80;
/** Answers usually come sooner than this; then no sign of waiting flickers. */
const PATIENCE = 300;
/** Of so many quick replies or more, only the chosen one is kept in sight once it is chosen. */
const MANY = 5;

const scroller = part("log");
const entries = part("entries");
const welcome = part("welcome");
const typing = part("typing");
const jump = part("jump");
const jumpText = part("jump-text");
const title = document.title;

export class Log {
  /** @type {Shown[]} confirmed entries by `seq`, then those on their way */
  #shown = [];
  #pinned = true;
  #top = 0;
  #height = 0;
  #waiting = false;
  /** @type {ReturnType<typeof setTimeout>[]} */
  #timers = [];

  /**
   * @param {{onPress: (seq: number, index: number, title: string) => void, onRetry: () => void,
   *   onWithdraw: (id: string) => void}} page
   */
  constructor(page) {
    this.page = page;
    this.lastSeq = 0;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // The on-screen keyboard, the tray and large text change the height; who was at the end stays there.
    new ResizeObserver(() => {
      this.#height = scroller.clientHeight;
      if (this.#pinned) this.toEnd();
    }).observe(scroller);
    jump.addEventListener("click", () => this.toEnd(false));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) document.title = title;
    });
  }

  /** Nothing is announced before the history is there, or a screen reader would read all of it. */
  announce() {
    setTimeout(() => scroller.setAttribute("aria-live", "polite"), 500);
  }

  /** @param {Entry[]} news @param {boolean} history whether it was said before the page was opened */
  take(news, history) {
    /** @type {Shown | undefined} */
    let first;
    const pinned = this.#pinned;
    for (const entry of news) {
      if (entry.seq <= this.lastSeq) continue;
      this.lastSeq = entry.seq;
      const shown = this.#take(entry);
      if (entry.side === "assistant") first ??= shown;
    }
    this.#refresh();
    if (history) this.toEnd();
    else if (first) {
      if (pinned) this.#follow();
      else this.#offerJump(true);
      if (document.hidden) document.title = say("title_new", { title });
    }
  }

  /** @param {Entry} entry */
  #take(entry) {
    const own = entry.message_id && this.#shown.find((known) => known.id === entry.message_id);
    if (own) {
      this.#shown = this.#shown.filter((known) => known !== own);
      own.seq = entry.seq;
      this.#state(own, "sent");
    }
    const shown = own || this.#make(entry, entry.seq, entry.message_id);
    const index = this.#shown.findIndex((known) => known.seq > shown.seq);
    const next = index < 0 ? null : this.#shown[index].root;
    this.#shown.splice(index < 0 ? this.#shown.length : index, 0, shown);
    // Moved only if it must: a screen reader takes a moved element for a new one.
    if (!own || shown.root.nextElementSibling !== next) entries.insertBefore(shown.root, next);
    return shown;
  }

  /**
   * Show a message that is on its way.
   * @param {Pending} item @param {(string | undefined)[]} previews addresses of its pictures on this device
   */
  addPending(item, previews) {
    const shown = this.#make(
      { side: "person", text: item.shown.text, at: item.at, buttons: [], files: item.shown.files }, Infinity, item.message.id, previews,
    );
    this.#shown.push(shown);
    this.#state(shown, "sending");
    entries.append(shown.root);
    this.#refresh();
    this.toEnd(false);
  }

  /** @param {string} id @param {"sending" | "unsent" | "sent"} state */
  setState(id, state) {
    const shown = this.#shown.find((known) => known.id === id);
    if (shown && shown.seq === Infinity) this.#state(shown, state);
  }

  /** @param {string} id */
  drop(id) {
    const shown = this.#shown.find((known) => known.id === id && known.seq === Infinity);
    if (!shown) return;
    this.#shown = this.#shown.filter((known) => known !== shown);
    shown.root.remove();
    this.#refresh();
  }

  /** @param {boolean} waiting */
  setWaiting(waiting) {
    if (waiting === this.#waiting) return;
    this.#waiting = waiting;
    for (const timer of this.#timers) clearTimeout(timer);
    typing.hidden = true;
    if (!waiting) {
      speak("");
      return;
    }
    this.#timers = [
      setTimeout(() => {
        typing.hidden = false;
        if (this.#pinned) this.toEnd(false);
      }, PATIENCE),
      setTimeout(() => speak(say("waiting")), PATIENCE * 5),
    ];
  }

  /** @param {boolean} [all] false: what is on its way stays */
  clear(all = true) {
    this.#shown = all ? [] : this.#shown.filter((known) => known.seq === Infinity);
    this.lastSeq = 0;
    entries.replaceChildren(...this.#shown.map((known) => known.root));
    this.setWaiting(false);
    this.#refresh();
    this.toEnd();
  }

  /** @param {boolean} [instant] */
  toEnd(instant = true) {
    this.#pinned = true;
    jump.hidden = true;
    if (!this.#shown.length) return scroller.scrollTo({ top: 0, behavior: "instant" });
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: instant ? "instant" : "auto" });
  }

  focus() {
    scroller.focus({ preventScroll: true });
  }

  /** Show what was answered: its end, but never past its beginning. */
  #follow() {
    const lastOwn = this.#shown.findLastIndex((known) => known.side === "person");
    const first = this.#shown[lastOwn + 1]?.root;
    const end = scroller.scrollHeight - scroller.clientHeight;
    const top = first ? Math.min(end, first.offsetTop - 12) : end;
    if (top >= end - 1) this.toEnd(false);
    else {
      this.#pinned = false;
      scroller.scrollTo({ top: Math.max(top, scroller.scrollTop) });
      this.#offerJump(false);
    }
  }

  /** @param {boolean} news */
  #offerJump(news) {
    if (news) jumpText.textContent = say("new_message");
    jump.hidden = false;
  }

  #scrolled() {
    if (!this.#shown.length || scroller.clientHeight !== this.#height) return; // the height changes: not the person's doing
    const left = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    // Only going up leaves the end: on its smooth way down to it the page is far from it, too.
    const up = scroller.scrollTop < this.#top;
    this.#top = scroller.scrollTop;
    this.#pinned = left < NEAR || (this.#pinned && !up);
    if (this.#pinned) {
      jump.hidden = true;
      jumpText.textContent = say("jump");
    } else if (left > scroller.clientHeight) this.#offerJump(false);
  }

  /** Only the newest buttons said since the person last spoke can be pressed: older ones ask what is answered already. */
  #refresh() {
    welcome.hidden = this.#shown.length > 0;
    let live = true;
    for (let index = this.#shown.length - 1; index >= 0; index--) {
      const shown = this.#shown[index];
      if (shown.side === "person") live = false;
      if (!shown.buttons.length) continue;
      const answer = this.#shown.slice(index + 1).find((known) => known.side === "person")?.text;
      const titles = shown.buttons.map((button) => button.textContent);
      for (const button of shown.buttons) {
        button.disabled = !live;
        const chosen = !live && button.textContent === answer;
        button.classList.toggle("chosen", chosen);
        button.classList.toggle("passed", !live && !chosen && shown.buttons.length >= MANY && titles.includes(answer));
        if (chosen) button.setAttribute("aria-label", say("chosen", { title: button.textContent }));
        else button.removeAttribute("aria-label");
      }
      live = false;
    }
  }

  /**
   * @param {Pick<Entry, "side" | "text" | "at" | "buttons" | "files">} entry @param {number} seq @param {string | null} id
   * @param {(string | undefined)[]} [previews] @returns {Shown}
   */
  #make(entry, seq, id, previews = []) {
    const at = new Date(entry.at);
    const root = element("div", `entry ${entry.side}`);
    const before = this.#shown.filter((known) => known.seq < seq || seq === Infinity).at(-1);
    if (!before || at.getTime() - before.at.getTime() > PAUSE || at.toDateString() !== before.at.toDateString()) {
      const when = element("time", "when", moment(at));
      when.dateTime = entry.at;
      root.append(when);
    } else if (before.side === entry.side) root.classList.add("joined");

    const bubble = element("div", "bubble");
    bubble.append(element("span", "unseen", say(`said_by_${entry.side}`)));
    if (entry.text) bubble.append(...this.#text(entry));
    if (entry.files.length) bubble.append(this.#files(entry.files, previews));
    root.append(bubble);

    const buttons = entry.buttons.map((button, index) => {
      const made = element("button", "reply", button.title);
      made.type = "button";
      made.addEventListener("click", () => this.page.onPress(seq, index, button.title));
      return made;
    });
    if (buttons.length) {
      const group = element("div", "replies");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", say("replies"));
      group.append(...buttons);
      root.append(group);
    }
    const status = element("div", "status");
    root.append(status);
    return { root, side: entry.side, at, text: entry.text, seq, id, buttons, status };
  }

  /** @param {Pick<Entry, "side" | "text">} entry */
  #text(entry) {
    const text = element("p", "text");
    text.append(nodes(entry.text, entry.side === "assistant"));
    if (entry.side === "assistant" || entry.text.length <= FOLD_ABOVE) return [text];
    const fold = element("button", "fold", say("show_all"));
    fold.type = "button";
    fold.setAttribute("aria-expanded", "false");
    text.classList.add("folded");
    fold.addEventListener("click", () => {
      const folded = text.classList.toggle("folded");
      fold.setAttribute("aria-expanded", String(!folded));
      fold.textContent = say(folded ? "show_all" : "show_less");
    });
    return [text, fold];
  }

  /** @param {Entry["files"]} files @param {(string | undefined)[]} previews */
  #files(files, previews) {
    const list = element("ul", "files");
    list.setAttribute("aria-label", say("files_sent"));
    files.forEach((file, index) => {
      const item = element("li", "file");
      item.append(picture(previews[index]));
      const about = element("span", "about");
      about.append(element("span", "name", file.name), element("span", "note", `${size(file.size)} · ${say("checksum", { short: file.short })}`));
      item.append(about);
      list.append(item);
    });
    return list;
  }

  /** @param {Shown} shown @param {"sending" | "unsent" | "sent"} state */
  #state(shown, state) {
    shown.root.dataset.state = state;
    if (state === "sent") return shown.status.replaceChildren();
    if (state === "sending") return shown.status.replaceChildren(element("span", "sending", say("sending")));
    if (shown.status.querySelector(".unsent")) return;
    const retry = element("button", "small", say("retry"));
    retry.type = "button";
    retry.addEventListener("click", () => this.page.onRetry());
    const withdraw = element("button", "small", say("withdraw"));
    withdraw.type = "button";
    withdraw.addEventListener("click", () => shown.id && this.page.onWithdraw(shown.id));
    shown.status.replaceChildren(element("span", "unsent", say("unsent")), retry, withdraw);
    if (this.#pinned) this.toEnd();
  }
}
