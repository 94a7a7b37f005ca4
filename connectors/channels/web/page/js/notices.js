/** The banner about the connection, kind words above the box, and what only a screen reader says. */

import { part } from "./markup.js";
import { say } from "./strings.js";

/** A network that is back within this time was never worth a word. */
const GRACE = 1_500;
const FOUND_FOR = 3_000;

const banner = part("banner");
const bannerText = part("banner-text");
const retry = part("banner-retry");
const notice = part("notice");
const spoken = part("spoken");

let lost = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {"live" | "lost"} status */
export function showConnection(status) {
  if (status === "lost" && !lost) {
    lost = true;
    clearTimeout(timer);
    timer = setTimeout(() => showBanner("lost", say("lost"), true), navigator.onLine ? GRACE : 0);
  } else if (status === "live" && lost) {
    lost = false;
    clearTimeout(timer);
    if (banner.hidden) return;
    showBanner("found", say("found"), false);
    timer = setTimeout(() => (banner.hidden = true), FOUND_FOR);
  }
}

/** @param {string} kind @param {string} text @param {boolean} canRetry */
function showBanner(kind, text, canRetry) {
  banner.dataset.kind = kind;
  bannerText.textContent = text;
  retry.hidden = !canRetry;
  banner.hidden = false;
  speak(text); // the banner itself appears together with its text, which a screen reader may miss
}

/** Say why something was not taken. @param {string} text empty: nothing is wrong any more */
export function notify(text) {
  notice.hidden = !text;
  notice.textContent = text;
}

/** Say something to a screen reader that others see anyway. @param {string} text */
export function speak(text) {
  spoken.textContent = text;
}

/** @param {() => void} again */
export function onReconnect(again) {
  retry.addEventListener("click", again);
}
