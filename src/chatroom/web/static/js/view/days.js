/** Times and days, in the reader's zone and language. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const FARTHEST_MS = 8.64e15; // ECMAScript, section "Time Values and Time Range"

/**
 * @param {number} ts Seconds since 1970, or a figure that no clock ever shows.
 * @returns {Date}
 */
function date(ts) {
  const ms = ts * 1000;
  return new Date(Math.abs(ms) <= FARTHEST_MS ? ms : Date.now());
}

/** @param {number} ts @returns {string} Such as "14:05". */
export function time(ts) {
  return TIME.format(date(ts));
}

/** @param {number} ts @returns {string} The day and the time to the second. */
export function moment(ts) {
  return FULL.format(date(ts));
}

/** @param {number} ts @returns {string} For machines, by ISO 8601. */
export function machine(ts) {
  return date(ts).toISOString();
}

/** @param {number} ts @returns {number} What two times share exactly if they are of one day here. */
export function dayOf(ts) {
  const at = date(ts);
  return at.getFullYear() * 10_000 + at.getMonth() * 100 + at.getDate();
}

/** @param {number} ts @returns {string} Such as "Today" or "Wednesday, November 25". */
export function day(ts) {
  const at = date(ts);
  const now = new Date();
  const midnight = (/** @type {Date} */ d) => new Date(d.getFullYear(), d.getMonth(), d.getDate());
  const ago = Math.round((midnight(now).getTime() - midnight(at).getTime()) / 86_400_000);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  return (at.getFullYear() === now.getFullYear() ? DAY : YEAR).format(at);
}
