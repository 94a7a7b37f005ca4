/**
 * Messages on their way out, in order, one at a time. Each has an id of its own, and the server takes an id only once:
 * so whatever was lost, the request or its answer, sending again is safe.
 */

import { Refused } from "./api.js";
import { backOff } from "./connection.js";
import { keep, recall } from "./storage.js";

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {{message: Message, shown: {text: string, files: import("./api.js").Kept[]}, at: string}} Pending
 */

export class Outbox {
  /** @type {Pending[]} */
  #queue = [];
  #busy = false;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import("./api.js").Api} api
   * @param {{onAdded: (item: Pending) => void, onState: (id: string, state: "sending" | "unsent" | "sent") => void,
   *   onRefused: (item: Pending, message: string) => void}} page
   */
  constructor(api, page) {
    this.api = api;
    this.page = page;
    this.open = false;
  }

  /** Take up what a reload interrupted. @param {Set<string | null>} known ids of messages the server has */
  restore(known) {
    for (const item of recall("outbox") ?? []) {
      if (known.has(item.message.id) || this.#queue.some((queued) => queued.message.id === item.message.id)) continue;
      this.#queue.push(item);
      this.page.onAdded(item);
    }
    this.#save();
  }

  /** @param {Omit<Message, "id">} message @param {Pending["shown"]} shown */
  add(message, shown) {
    const item = { message: { id: newId(), ...message }, shown, at: new Date().toISOString() };
    this.#queue.push(item);
    this.#save();
    this.page.onAdded(item);
    this.pump();
  }

  /** The server has it, whatever its answer to the request was. @param {string} id */
  arrived(id) {
    const before = this.#queue.length;
    this.#queue = this.#queue.filter((item) => item.message.id !== id);
    if (this.#queue.length !== before) this.#save();
  }

  /** Take a message back that was not sent yet. @param {string} id @returns {Pending | undefined} */
  withdraw(id) {
    const item = this.#queue.find((known) => known.message.id === id);
    this.arrived(id);
    return item;
  }

  clear() {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#save();
  }

  /** Nothing can be sent for now. */
  stall() {
    for (const item of this.#queue) this.page.onState(item.message.id, "unsent");
  }

  /** Send what waits. Called when something is added, when the connection is found again, and by "retry". */
  async pump() {
    if (this.#busy || !this.open) return;
    clearTimeout(this.#timer);
    this.#busy = true;
    try {
      while (this.#queue.length) {
        const [item] = this.#queue;
        const { id } = item.message;
        this.page.onState(id, "sending");
        try {
          await this.api.send(item.message);
          this.#failures = 0;
          this.arrived(id);
          this.page.onState(id, "sent");
        } catch (error) {
          if (!(error instanceof Refused)) {
            this.#failures += 1;
            this.stall();
            this.#timer = setTimeout(() => this.pump(), backOff(this.#failures));
            return;
          }
          if (!this.#queue.includes(item)) continue; // forgotten, or arrived by the stream, while it was under way
          this.arrived(id);
          this.page.onRefused(item, error.message);
        }
      }
    } finally {
      this.#busy = false;
    }
  }

  #save() {
    keep("outbox", this.#queue);
  }
}

/** A random UUID; `crypto.randomUUID` is missing where the page is tried over plain HTTP in a local network. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
