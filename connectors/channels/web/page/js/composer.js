/** The box to write in. */

import { part } from "./markup.js";
import { notify } from "./notices.js";
import { say } from "./strings.js";
import { keep, recall } from "./storage.js";

const form = part("composer");
const box = /** @type {HTMLTextAreaElement} */ (part("text"));
const send = /** @type {HTMLButtonElement} */ (part("send"));
const left = part("text-left");
const sendTitle = send.textContent ?? "";

/** From this share of the limit on it is said how much may still be written. */
const TELL_FROM = 0.9;

/** Whether focusing the box would push an on-screen keyboard over what the person reads. */
const touch = matchMedia("(pointer: coarse)");

export class Composer {
  /** Whether the message goes by itself when its files are uploaded. */
  holding = false;

  /** @param {{onSend: () => void, onRelease: () => void}} page */
  constructor(page) {
    this.limit = Infinity;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.holding) page.onRelease();
      else page.onSend();
    });
    box.addEventListener("keydown", (event) => {
      // While a Chinese input method is choosing characters, Enter belongs to it. Some browsers say so by the flag,
      // others (Safari, older WebViews) only by the key code 229.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      if (!this.holding) page.onSend();
    });
    box.addEventListener("input", () => {
      notify("");
      this.#changed();
    });
    if (!touch.matches) this.focus();
  }

  get text() {
    return box.value.trim();
  }

  set text(value) {
    box.value = value;
    this.#changed();
  }

  /** Characters above the limit, counted as the server counts. */
  get over() {
    return Math.max(0, [...this.text].length - this.limit);
  }

  /** Put a text back that could not be sent, without losing what was written since. @param {string} text */
  putBack(text) {
    if (text) this.text = this.text ? `${text}\n${this.text}` : text;
  }

  restore() {
    if (!box.value) this.text = recall("draft") ?? "";
  }

  /** @param {boolean} holding */
  hold(holding) {
    this.holding = holding;
    box.readOnly = holding;
    send.textContent = holding ? say("hold") : sendTitle;
    form.classList.toggle("holding", holding);
  }

  focus() {
    box.focus({ preventScroll: true });
    box.setSelectionRange(box.value.length, box.value.length);
  }

  /** Focus the box, unless that opens a keyboard nobody asked for. Returns whether it did. */
  focusQuietly() {
    if (touch.matches) return false;
    this.focus();
    return true;
  }

  #changed() {
    // Measured by hand where the browser cannot size the box by its content (`field-sizing`, see chat.css).
    if (!CSS.supports("field-sizing", "content")) {
      box.style.height = "auto";
      box.style.height = `${box.scrollHeight + 2}px`;
    }
    keep("draft", box.value);
    const length = [...box.value].length;
    const over = this.over;
    const told = over
      ? say("text_long", { limit: this.limit, over })
      : length > this.limit * TELL_FROM ? say("text_left", { left: this.limit - length }) : "";
    if (left.textContent !== told) left.textContent = told;
    left.classList.toggle("over", over > 0);
    box.setAttribute("aria-invalid", String(over > 0));
  }
}
