/**
 * What happens, in sentences for a person.
 *
 * @import {Missing, Presence} from "../types.js"
 */

const NAMES_SHOWN = 3;

/**
 * @param {number} count
 * @param {string} noun
 * @returns {string} "1 message" or "3 messages".
 */
export function counted(count, noun) {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * @param {Missing} missing
 * @returns {string} What is missing from a log and why; empty if nothing is.
 */
export function gap({ log, from, to, reason }) {
  const count = to - from + 1;
  if (count <= 0) return "";
  const whose = log === "room" ? "said to everyone" : "said to you alone";
  const were = count === 1 ? "was" : "were";
  const messages = counted(count, "message");
  switch (reason) {
    case "epoch":
      return `The server began its log anew: ${messages} ${whose} ${were} before that.`;
    case "retention":
      return `${messages} ${whose} meanwhile ${were} not kept by the server.`;
    case "ahead":
      return `The server has lost ${messages} ${whose} that ${were} there before.`;
    default:
      return `${messages} ${whose} meanwhile did not reach you.`;
  }
}

/**
 * @param {Presence} presence
 * @returns {string} Who came and left, in one line.
 */
export function presence({ came, left, passed }) {
  const parts = [];
  if (came.size) parts.push(`${several(came)} came in`);
  if (left.size) parts.push(`${several(left)} left`);
  if (passed.size) parts.push(`${several(passed)} came in and left`);
  return parts.join(" · ");
}

/** @param {Set<string>} names */
function several(names) {
  const all = names.size <= NAMES_SHOWN + 1; // "1 other" is as long as the name
  const shown = [...names].slice(0, all ? names.size : NAMES_SHOWN);
  if (!all) shown.push(counted(names.size - shown.length, "other"));
  const last = shown.pop() ?? "";
  return shown.length ? `${shown.join(", ")} and ${last}` : last;
}

/** @param {string} name @returns {string} Why a direct message was refused. */
export function notHere(name) {
  return `${name} is not here, so this was not sent. Send it again when ${name} is back.`;
}
