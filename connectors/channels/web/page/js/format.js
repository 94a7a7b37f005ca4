/** How sizes, times and telephone numbers are written, and how a text becomes nodes. */

import { element } from "./markup.js";
import { say, strings } from "./strings.js";

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const clock = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
const thisYear = new Intl.DateTimeFormat("zh-CN", { month: "long", day: "numeric", weekday: "short" });
const otherYear = new Intl.DateTimeFormat("zh-CN", { year: "numeric", month: "long", day: "numeric" });

/** The day and time as people say it. @param {Date} at */
export function moment(at) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  let day = (at.getFullYear() === now.getFullYear() ? thisYear : otherYear).format(at);
  if (at.toDateString() === now.toDateString()) day = say("today");
  else if (at.toDateString() === yesterday.toDateString()) day = say("yesterday");
  return say("at", { day, time: clock.format(at) });
}

const hotlines = new Set(strings.hotlines);

/** What a link of our own leads to, by its path. */
const OWN = /^\/(u|r)\/[\w-]{43}$/;

/**
 * A text as nodes. A case number is not broken at its hyphen. Hotlines can be tapped, because somebody in distress should
 * not have to copy a number, and so can this site's own pages for a receipt or an upload; nothing else becomes a link: an address in a report leads, more often than not, to what hurt
 * the person or to a fraud.
 * @param {string} text @param {boolean} callable
 */
export function nodes(text, callable) {
  const fragment = document.createDocumentFragment();
  // Whole runs of such characters are compared, so a number inside a case number, an address or a longer number stays text.
  for (const part of text.split(/([\w.@:/+-]+)/)) {
    if (callable && hotlines.has(part)) {
      const link = element("a", "call", part);
      link.setAttribute("href", `tel:${part}`);
      link.setAttribute("aria-label", say("call", { number: part }));
      fragment.append(link);
    } else if (callable && own(part)) {
      const link = element("a", "call", say(part.includes("/r/") ? "open_receipt" : "open_upload"));
      link.setAttribute("href", part);
      link.setAttribute("target", "_blank");
      link.setAttribute("rel", "noopener noreferrer");
      fragment.append(link);
    } else if (/^[A-Z]\d{8}-\d+$/.test(part)) fragment.append(element("span", "whole", part));
    else if (part) fragment.append(part);
  }
  return fragment;
}

/** Whether an address is one of this site's own pages. @param {string} text */
function own(text) {
  if (!text.startsWith(`${location.origin}/`)) return false;
  return OWN.test(text.slice(location.origin.length));
}
