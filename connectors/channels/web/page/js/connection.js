/**
 * Keeps what the page shows level with the server.
 *
 * Each round first asks for what it missed and then listens to the stream of events. Asking first tells a lost network
 * from a stream that some proxy holds back: then rounds simply follow each other and the page still works.
 * The stream is read with fetch and not with EventSource, which hides the server's signs of life, so that a connection
 * that died without a word (a phone that slept, a changed network) would look alive for ever.
 */

/** @typedef {import("./api.js").Entry} Entry */

/** The server says something every 15 s. */
const SILENCE = 40_000;
/** A stream that says nothing at all at first is held back by something between. */
const FIRST_WORD = 10_000;
const SHORTEST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

/**
 * How long to wait after so many failures: doubling, with jitter, so that after an outage not all pages come at once.
 * @param {number} failures
 */
export function backOff(failures) {
  const wait = Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** (failures - 1));
  return wait * (0.5 + Math.random() / 2);
}

export class Connection {
  #lastWord = 0;
  #round = new AbortController();
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {import("./api.js").Api} api
   * @param {{ready: () => Promise<void>, position: () => number, onEntries: (entries: Entry[], history: boolean) => void,
   *   onWaiting: (waiting: boolean) => void, onStatus: (status: "live" | "lost") => void, onProblem: (error: unknown) => void}} page
   */
  constructor(api, page) {
    this.api = api;
    this.page = page;
    addEventListener("online", () => this.again());
    addEventListener("offline", () => {
      this.page.onStatus("lost");
      this.#round.abort();
    });
    // A phone that slept, or a page that came back from the history: the stream is dead more often than not.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && Date.now() - this.#lastWord > SILENCE / 2) this.again();
    });
    addEventListener("pageshow", (event) => event.persisted && this.again());
  }

  /** Begin a new round now. */
  again() {
    this.#round.abort();
    this.#wake();
  }

  /** Runs as long as the page. */
  async run() {
    let failures = 0;
    let silentRounds = 0;
    let history = true;
    for (;;) {
      this.#round = new AbortController();
      const { signal } = this.#round;
      try {
        await this.page.ready();
        const { entries, waiting } = await this.api.entries(this.page.position());
        // Interrupted meanwhile: the answer may be of a conversation that was cleared.
        if (signal.aborted) continue;
        this.page.onEntries(entries, history);
        this.page.onWaiting(waiting);
        this.page.onStatus("live");
        history = false;
        failures = 0;
      } catch (error) {
        if (signal.aborted && navigator.onLine) continue;
        failures += 1;
        this.page.onStatus("lost");
        this.page.onProblem(error);
      }
      if (!failures) {
        const heard = await this.#listen(signal);
        silentRounds = heard ? 0 : silentRounds + 1;
      }
      await this.#pause(failures ? backOff(failures) : Math.min(3_000, 500 + 500 * silentRounds));
    }
  }

  /** Listen until the stream ends, for whatever reason. Resolves to whether it said anything. @param {AbortSignal} outer */
  async #listen(outer) {
    const own = new AbortController();
    const stop = () => own.abort();
    outer.addEventListener("abort", stop, { once: true });
    if (outer.aborted) stop();
    let heard = false;
    let timer = setTimeout(stop, FIRST_WORD);
    try {
      const stream = await this.api.events(this.page.position(), own.signal);
      const reader = stream.getReader();
      const parse = eventParser((name, data) => this.#take(name, data));
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || own.signal.aborted) break;
        heard = true;
        this.#lastWord = Date.now();
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE);
        parse(decoder.decode(value, { stream: true }));
      }
    } catch {
      // The next round finds out what is wrong, and says so if it is the network.
    } finally {
      clearTimeout(timer);
      own.abort();
      outer.removeEventListener("abort", stop);
    }
    return heard;
  }

  /** @param {string} name @param {string} data */
  #take(name, data) {
    if (name === "entry") this.page.onEntries([JSON.parse(data)], false);
    else if (name === "state") this.page.onWaiting(Boolean(JSON.parse(data).waiting));
  }

  /** @param {number} milliseconds */
  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}

/**
 * A reader of the text/event-stream format: feed it pieces of text, it calls with whole events.
 * @param {(name: string, data: string) => void} onEvent @returns {(piece: string) => void}
 */
function eventParser(onEvent) {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece.replace(/\r/g, "")).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let name = "message";
      const data = [];
      for (const line of block.split("\n")) {
        const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
        if (field === "event") name = value;
        else if (field === "data") data.push(value);
      }
      if (data.length) onEvent(name, data.join("\n"));
    }
  };
}
