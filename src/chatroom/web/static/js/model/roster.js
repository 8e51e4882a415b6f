/**
 * Who is here, and how that changes.
 *
 * @import {Presence} from "../types.js"
 * @import {Conversation} from "./conversation.js"
 */
import { fold } from "./names.js";

/** @typedef {{came: string[], left: string[]}} Change */

export class Roster {
  /** @type {string[]} */
  users = [];
  /** @type {Set<string> | null} the folded names, once somebody has asked */
  #folded = null;

  /** @param {string} key A folded name. @returns {boolean} Whether somebody of this name is here. */
  has(key) {
    this.#folded ??= new Set(this.users.map(fold));
    return this.#folded.has(key);
  }

  /**
   * Takes the newest list.
   * @param {string[]} users
   * @returns {Change} Who came and who left since the last one.
   */
  replace(users) {
    const before = new Set(this.users);
    const now = new Set(users);
    const came = users.filter((name) => !before.has(name));
    const left = this.users.filter((name) => !now.has(name));
    this.users = users;
    this.#folded = null;
    return { came, left };
  }
}

/**
 * Folds a change into what is known of one stretch between two messages: who left and came back is
 * as if nothing had been, and who came and left again has passed.
 * @param {{came: Set<string>, left: Set<string>, passed: Set<string>}} stretch
 * @param {Change} change
 */
export function foldInto(stretch, { came, left }) {
  for (const name of came) {
    if (stretch.left.delete(name)) continue;
    stretch.passed.delete(name);
    stretch.came.add(name);
  }
  for (const name of left) {
    if (stretch.came.delete(name)) stretch.passed.add(name);
    else stretch.left.add(name);
  }
}

/**
 * Notes a change in the room, together with those since the last message.
 * @param {Conversation} room
 * @param {Change} change
 */
export function noteChange(room, change) {
  const last = room.last;
  if (last?.kind === "presence") {
    foldInto(last, change);
    if (last.came.size + last.left.size + last.passed.size === 0) room.unnote(last);
    else room.touch(last);
    return;
  }
  /** @type {Presence} */
  const presence = {
    kind: "presence",
    ts: Date.now() / 1000,
    came: new Set(),
    left: new Set(),
    passed: new Set(),
  };
  foldInto(presence, change);
  room.note(presence);
}
