/** Files chosen for the next message: checked here first, uploaded two at a time, sent together. */

import { Refused } from "./api.js";
import { say } from "./strings.js";
import { keep, recall } from "./storage.js";

/**
 * @typedef {import("./api.js").Kept} Kept
 * @typedef {{key: number, name: string, size: number, file: File | null, kept: Kept | null, preview: string,
 *   state: "queued" | "sending" | "done" | "lost" | "refused", done: number, tries: number,
 *   problem: string, abort: AbortController}} Upload
 */

/** More at once only makes each slower on a phone's uplink. */
const AT_ONCE = 2;
/** A file that fails this often although the server answers otherwise is not tried again by itself: sending costs money. */
const TRIES = 3;

let keys = 0;

export class Uploads {
  /** @type {Upload[]} */
  items = [];
  /** @type {import("./api.js").Limits | null} */
  limits = null;
  /** Addresses of uploaded pictures on this device, by file id: for the bubble, and should the message come back. @type {Map<string, string>} */
  pictures = new Map();

  /**
   * @param {Pick<import("./api.js").Api, "upload">} api @param {() => void} onChange
   * @param {() => void} onLost the network seems to be gone @param {boolean} lasting whether a reload finds them again
   */
  constructor(api, onChange, onLost, lasting = true) {
    this.api = api;
    this.lasting = lasting;
    this.onChange = onChange;
    this.onLost = onLost;
  }

  /** How many will be there without anybody doing anything: those that the network lost are taken up again. */
  get waiting() {
    return this.items.filter((item) => item.state !== "done" && item.state !== "refused").length;
  }

  get failed() {
    return this.items.filter((item) => item.state === "refused").length;
  }

  /** Files that a reload interrupted after they were uploaded. */
  restore() {
    this.putBack(recall("staged") ?? []);
  }

  /** Files that were uploaded before, of a message that was not sent. @param {Kept[]} kept */
  putBack(kept) {
    for (const one of kept) {
      if (this.items.some((item) => item.kept?.id === one.id)) continue;
      const preview = this.pictures.get(one.id) ?? "";
      this.items.push({ ...blank(), name: one.name, size: one.size, kept: one, preview, state: "done", done: 1 });
    }
    this.#changed();
  }

  /** Take chosen files. Returns what to tell the person, or "". @param {Iterable<File>} files */
  add(files) {
    const limits = this.limits;
    if (!limits) return "";
    let told = "";
    for (const file of files) {
      if (this.items.length >= limits.files_per_message) {
        told = say("files_many", { each: limits.files_per_message });
        break;
      }
      const problem = this.#check(file, limits);
      const preview = !problem && file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
      this.items.push({ ...blank(), name: file.name, size: file.size, file, preview, problem, state: problem ? "refused" : "queued" });
    }
    this.#changed();
    this.#work();
    return told;
  }

  /** What the server would refuse anyway, found before a person pays for the upload. @param {File} file @param {import("./api.js").Limits} limits */
  #check(file, limits) {
    const suffix = /\.\w+$/.exec(file.name.toLowerCase())?.[0] ?? "";
    if (!file.size) return say("file_empty");
    if (file.size > limits.file_bytes) return say("file_large", { size: megabytes(limits) });
    const known = limits.accept.split(",").includes(suffix === ".jpeg" ? ".jpg" : suffix);
    // Some phones hand over pictures under a name without an ending; their type then tells enough.
    return known || (!suffix && /^(image|video|audio)\//.test(file.type)) ? "" : say("file_kind");
  }

  /** @param {Upload} item */
  remove(item) {
    item.abort.abort();
    if (item.preview) URL.revokeObjectURL(item.preview);
    this.items = this.items.filter((known) => known !== item);
    this.#changed();
    this.#work();
  }

  /** @param {Upload} item */
  retry(item) {
    if (!item.file) return;
    if (item.state === "refused") item.tries = 0;
    Object.assign(item, { state: "queued", done: 0, problem: "", abort: new AbortController() });
    this.#changed();
    this.#work();
  }

  /** Take up again what the network interrupted. */
  retryLost() {
    for (const item of this.items) if (item.state === "lost") this.retry(item);
  }

  /** The uploaded files, to be sent; they leave the tray. */
  take() {
    const kept = this.items.map((item) => item.kept).filter((one) => one !== null);
    this.items = [];
    this.#changed();
    return kept;
  }

  clear() {
    for (const item of [...this.items]) this.remove(item);
    for (const address of this.pictures.values()) URL.revokeObjectURL(address);
    this.pictures.clear();
  }

  #work() {
    let free = AT_ONCE - this.items.filter((item) => item.state === "sending").length;
    for (const item of this.items) {
      if (free <= 0) return;
      if (item.state !== "queued") continue;
      free -= 1;
      this.#upload(item);
    }
  }

  /** @param {Upload} item */
  async #upload(item) {
    item.state = "sending";
    this.#changed();
    const { signal } = item.abort;
    try {
      item.kept = await this.api.upload(/** @type {File} */ (item.file), (done) => {
        item.done = done;
        this.#changed();
      }, signal);
      item.state = "done";
      item.done = 1;
      item.file = null; // it is uploaded: let the memory go
      if (item.preview) this.pictures.set(item.kept.id, item.preview);
    } catch (error) {
      if (signal.aborted) return;
      const answer = error instanceof Refused ? error.message : "";
      const lost = !(error instanceof Refused) && ++item.tries < TRIES;
      item.state = lost ? "lost" : "refused";
      item.problem = lost ? say("upload_lost") : answer || say("upload_refused");
      if (lost) this.onLost();
    }
    this.#changed();
    this.#work();
  }

  #changed() {
    if (this.lasting) keep("staged", this.items.map((item) => item.kept).filter(Boolean));
    this.onChange();
  }
}

/** @returns {Upload} */
function blank() {
  return {
    key: ++keys, name: "", size: 0, file: null, kept: null, preview: "", state: "queued", done: 0, tries: 0, problem: "",
    abort: new AbortController(),
  };
}

/** @param {import("./api.js").Limits} limits */
export function megabytes(limits) {
  return Math.floor(limits.file_bytes / 1024 / 1024);
}
