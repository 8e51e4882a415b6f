/**
 * One conversation: the room, or the direct messages with one person.
 *
 * What was said stands in its order, and behind it what the person wrote and the server has not
 * confirmed. In the room that is the order of its log. A talk with somebody is in two logs, one's
 * own inbox and theirs; within each the places decide, and between the two the time.
 *
 * @import {Entry, Message, Own} from "../types.js"
 */
import { fold } from "./names.js";

/** How many entries a conversation holds; of more, those far from what is looked at go. */
export const BOUND = 50_000;

/** How many go at once, so that it does not happen with every message. */
const TRIMMED = 5000;

/** @typedef {"oldest" | "newest"} Side */

export class Conversation {
  /** @type {Entry[]} */
  #said = [];
  /** @type {Message[]} */
  #own = [];
  /** @type {Set<string>} the places of all messages in `#said` */
  #known = new Set();
  unread = 0;
  /** Up to where it was read when the page was opened, if more had been said. @type {number | null} */
  since = null;
  /** @type {Entry | null} The first entry that had not been read, when there was one. */
  mark = null;
  /** Whether the newest entries are not there, as older ones took their room. */
  detached = false;
  /** From which entry on something has changed, told with each change. @type {(from: number) => void} */
  changed = () => {};

  /**
   * @param {string} key What it is called in what is kept: empty for the room, else a folded name.
   * @param {string | null} partner With whom it is; null for the room.
   */
  constructor(key, partner) {
    this.key = key;
    this.partner = partner;
  }

  get length() {
    return this.#said.length + this.#own.length;
  }

  /** How many entries stand in their final place. */
  get settled() {
    return this.#said.length;
  }

  /**
   * @param {number} index
   * @returns {Entry}
   */
  at(index) {
    const said = this.#said.length;
    return /** @type {Entry} */ (index < said ? this.#said[index] : this.#own[index - said]);
  }

  /**
   * @param {Entry} entry
   * @returns {number} Where it stands, -1 if it does not.
   */
  indexOf(entry) {
    const said = this.#said.lastIndexOf(entry); // what is asked for is mostly near the end
    if (said >= 0) return said;
    const own = this.#own.indexOf(/** @type {Message} */ (entry));
    return own < 0 ? -1 : this.#said.length + own;
  }

  /** @returns {Entry | undefined} The last entry in its final place. */
  get last() {
    return this.#said.at(-1);
  }

  /**
   * @param {(message: Message) => boolean} wanted
   * @returns {Message | undefined} The first such message.
   */
  find(wanted) {
    for (const entry of this.#said) if (entry.kind === "message" && wanted(entry)) return entry;
    return undefined;
  }

  /**
   * @param {string} epoch
   * @param {number} seq
   * @returns {boolean} Whether the message at this place is there.
   */
  has(epoch, seq) {
    return this.#known.has(`${epoch}/${seq}`);
  }

  /**
   * Puts a message into its place, if it is not there already.
   * @param {Message} message
   * @returns {boolean} Whether it is new here.
   */
  insert(message) {
    if (this.has(message.epoch, message.seq)) return false;
    this.#known.add(`${message.epoch}/${message.seq}`);
    let index = this.#said.length;
    for (let i = index - 1; i >= 0; i -= 1) {
      const entry = this.#said[i];
      if (entry?.kind !== "message") continue;
      if (!isBehind(entry, message)) break;
      index = i;
    }
    this.#said.splice(index, 0, message);
    this.changed(index);
    return true;
  }

  /**
   * Puts older messages in front. What is not older than all that is there finds its own place.
   * @param {Message[]} messages In their order.
   */
  prepend(messages) {
    const first = this.find(() => true);
    const fresh = messages.filter(({ epoch, seq }) => !this.has(epoch, seq));
    const older = first ? fresh.filter((message) => isBehind(first, message)) : fresh;
    for (const { epoch, seq } of older) this.#known.add(`${epoch}/${seq}`);
    if (older.length) {
      this.#said = /** @type {Entry[]} */ (older).concat(this.#said);
      this.changed(0);
    }
    if (older.length < fresh.length) {
      const there = new Set(older);
      for (const message of fresh) if (!there.has(message)) this.insert(message);
    }
  }

  /** Adds what is no message at the end of what was said. @param {Entry} entry */
  note(entry) {
    this.#said.push(entry);
    this.changed(this.#said.length - 1);
  }

  /** Takes an entry at the end away again. @param {Entry} entry */
  unnote(entry) {
    if (this.#said.at(-1) !== entry) return;
    this.#said.pop();
    this.changed(this.#said.length);
  }

  /** Says that an entry is no longer what it was. @param {Entry} entry */
  touch(entry) {
    const index = this.indexOf(entry);
    if (index >= 0) this.changed(index);
  }

  /** @param {Own} own @returns {Message | undefined} What shows it, while it is not confirmed. */
  showing(own) {
    return this.#own.find(({ pending }) => pending === own);
  }

  /**
   * Shows as not confirmed what of all this belongs here.
   * @param {Own[]} all
   * @param {string} me
   */
  setOwn(all, me) {
    const before = new Map(this.#own.map((message) => [message.pending, message]));
    this.#own = all
      .filter(({ to, seen }) => !seen && (to === null ? this.partner === null : fold(to) === this.key))
      .map((own) => before.get(own) ?? unconfirmed(own, me));
    this.changed(this.#said.length);
  }

  /**
   * Lets go of entries on one side, if there are too many.
   * @param {Side} side
   * @returns {boolean} Whether there were too many.
   */
  trim(side) {
    const surplus = this.#said.length - BOUND;
    if (surplus <= 0) return false;
    const count = Math.min(surplus + TRIMMED, this.#said.length);
    const kept = this.#said.length - count;
    const gone = side === "oldest" ? this.#said.splice(0, count) : this.#said.splice(kept);
    for (const entry of gone) {
      if (entry.kind === "message") this.#known.delete(`${entry.epoch}/${entry.seq}`);
      if (entry === this.mark) this.mark = null;
    }
    if (side === "newest") this.detached = true;
    this.changed(side === "oldest" ? 0 : kept);
    return true;
  }

  /** Lets go of everything that was said, to begin anew with the newest. */
  clear() {
    this.#said = [];
    this.#known.clear();
    this.mark = null;
    this.detached = false;
    this.changed(0);
  }
}

/**
 * @param {Message} one
 * @param {Message} other
 * @returns {boolean} Whether one stands behind the other.
 */
function isBehind(one, other) {
  return one.epoch === other.epoch ? one.seq > other.seq : one.ts > other.ts;
}

/**
 * @param {Own} own
 * @param {string} me
 * @returns {Message}
 */
function unconfirmed(own, me) {
  const { text, at } = own;
  return { kind: "message", from: me, text, ts: at, epoch: "", seq: 0, own: true, pending: own };
}
