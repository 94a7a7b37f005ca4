/** The server's HTTP interface, and the two ways a call can fail. */

/**
 * @typedef {{text_chars: number, file_bytes: number, files_per_message: number, files_per_report: number, accept: string}} Limits
 * @typedef {{name: string, size: number, short: string}} FileShown
 * @typedef {{seq: number, side: "person" | "assistant", text: string, at: string, buttons: {title: string}[],
 *   files: FileShown[], message_id: string | null}} Entry
 * @typedef {{id: string, name: string, size: number, type: string, short: string}} Kept
 * @typedef {{id: string, text?: string, button?: {message: number, index: number}, files?: string[], start?: string}} Message
 */

/** No answer, or one that promises nothing: worth trying again with the same id. */
class Unreachable extends Error {}

/** The server understood and will not take it; `message` says why in words for a person, or is empty. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const ANSWER_WITHIN = 20_000;

/** @param {number} status @param {any} body */
function failure(status, body) {
  const passing = status >= 500 || status === 408 || status === 0;
  return passing ? new Unreachable(`status ${status}`) : new Refused(status, body?.message ?? "");
}

/** @param {Response} response */
async function reading(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

export class Api {
  /** @type {Promise<{new: boolean, limits: Limits}> | null} */
  #opening = null;

  /** @param {() => void} onStranger called when the server no longer knew this device and began a new conversation */
  constructor(onStranger) {
    this.onStranger = onStranger;
  }

  /** Begin this device's conversation or find it. Several callers share one request. */
  session() {
    this.#opening ??= call("POST", "/api/chat/session").finally(() => (this.#opening = null));
    return /** @type {Promise<{new: boolean, limits: Limits}>} */ (this.#opening);
  }

  forget() {
    return call("DELETE", "/api/chat/session");
  }

  /** @param {number} after @returns {Promise<{entries: Entry[], waiting: boolean}>} */
  entries(after) {
    return this.#known(() => call("GET", `/api/chat/entries?after=${after}`));
  }

  /** @param {Message} message */
  send(message) {
    const { id, start } = message;
    if (start) return this.#known(() => call("POST", "/api/chat/start", { id, matter: start }));
    return this.#known(() => call("POST", "/api/chat/messages?wait=0", message));
  }

  /**
   * The stream of events. Resolves when it is open; reading it is the caller's matter.
   * @param {number} after @param {AbortSignal} signal @returns {Promise<ReadableStream<Uint8Array>>}
   */
  async events(after, signal) {
    let response;
    try {
      response = await fetch(`/api/chat/events?after=${after}`, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": String(after) }, cache: "no-store", signal,
      });
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (!response.ok) throw failure(response.status, await reading(response));
    if (!response.body) throw new Unreachable("this browser cannot read streams");
    return response.body;
  }

  /** @param {File} file @param {(done: number) => void} onProgress 0 to 1 @param {AbortSignal} signal */
  upload(file, onProgress, signal) {
    return this.#known(() => put("/api/chat/files", file, onProgress, signal));
  }

  /**
   * Call; if the server does not know this device (cookie gone, or forgotten in another tab), introduce it and call again.
   * @template T @param {() => Promise<T>} call @returns {Promise<T>}
   */
  async #known(call) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
    }
    if ((await this.session()).new) this.onStranger();
    return call();
  }
}

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
export async function call(method, path, body) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN);
  try {
    const response = await fetch(path, {
      method, cache: "no-store", signal: patience.signal,
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    const answer = response.status === 204 ? null : await reading(response);
    if (!response.ok) throw failure(response.status, answer);
    if (response.status !== 204 && answer === null) throw new Unreachable("cut short");
    return answer;
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error;
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Upload one file. XMLHttpRequest, because fetch tells nothing of how far an upload is.
 * @param {string} path @param {File} file @param {(done: number) => void} onProgress 0 to 1 @param {AbortSignal} signal
 * @returns {Promise<Kept>}
 */
export function put(path, file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.upload.addEventListener("progress", (event) => onProgress(event.total ? event.loaded / event.total : 0));
    request.addEventListener("load", () => {
      const body = readable(request.responseText);
      if (request.status >= 200 && request.status < 300 && body) resolve(body);
      else reject(failure(request.status, body));
    });
    request.addEventListener("error", () => reject(new Unreachable("upload lost")));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", path);
    if (signal.aborted) reject(new DOMException("cancelled", "AbortError"));
    else request.send(form);
  });
}

/** @param {string} text */
function readable(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
