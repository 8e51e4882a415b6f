/**
 * Older messages, page by page, from the logs of the server.
 *
 * The room is one log. A talk with somebody is in two: what they said is in one's own inbox, among
 * what others said there, and what one said is in theirs. The pages of both are merged, and none is
 * shown before it is known that the other log has nothing in between.
 *
 * @import {Frame, HistoryReply, Message} from "../types.js"
 * @import {Conversation} from "./conversation.js"
 */
import { fold } from "./names.js";

const PAGE = 200; // the most that a server gives at once; each page counts like a message
const ENOUGH = 50; // with so many found, they are shown before more is asked for
const ROUNDS = 10; // how many pages are asked for before something is shown

/** Answers after which a log cannot be read at all, as that of somebody who is not known. */
const UNREADABLE = new Set(["invalid_field", "missing_field", "unknown_command"]);

/** @typedef {(command: Record<string, unknown>) => Promise<Frame | null>} Ask */

/** One log, read backwards. */
export class Stream {
  /** @type {Message[]} what was read and not taken, in order */
  held = [];
  done = false;
  #query;
  #before;
  #turn = 0; // how many times it was told to go on elsewhere
  #me;

  /**
   * @param {{log: "room" | "inbox" | "sent", to?: string}} query
   * @param {number | undefined} before The place below which to begin; undefined for the newest.
   * @param {string} me The folded name of who reads.
   * @param {(from: string) => boolean} wanted Whose messages to keep.
   */
  constructor(query, before, me, wanted) {
    this.#query = query;
    this.#before = before;
    this.#me = me;
    this.wanted = wanted;
  }

  /**
   * Reads one page more.
   * @param {Ask} ask
   * @returns {Promise<boolean>} Whether that worked.
   */
  async fetch(ask) {
    const before = this.#before === undefined ? {} : { before: this.#before };
    const turn = this.#turn;
    const reply = await ask({ command: "history", ...this.#query, ...before, limit: PAGE });
    if (turn !== this.#turn) return true; // it goes on elsewhere meanwhile
    if (reply?.type === "error" && UNREADABLE.has(reply.code)) {
      this.done = true;
      return true;
    }
    if (reply?.type !== "history") return false;
    const page = /** @type {HistoryReply} */ (/** @type {unknown} */ (reply));
    this.held = page.entries
      .filter(({ from }) => this.wanted(from))
      .map((entry) => said(entry, page.epoch, fold(entry.from) === this.#me))
      .concat(this.held);
    this.#before = page.from;
    this.done = page.from <= page.oldest;
    return true;
  }

  /** Goes on below another place, or from the newest. @param {number | undefined} before */
  rewind(before) {
    this.#turn += 1;
    this.held = [];
    this.#before = before;
    this.done = before !== undefined && before <= 1;
  }

  /** Nothing is below this place. @param {number} floor */
  limit(floor) {
    if (this.#before === undefined || this.#before > floor) this.rewind(floor);
  }
}

/** Pages of one conversation. */
export class Pager {
  busy = false;
  #streams;
  #ask;
  #conversation;

  /**
   * @param {Conversation} conversation
   * @param {Stream[]} streams
   * @param {Ask} ask
   */
  constructor(conversation, streams, ask) {
    this.#conversation = conversation;
    this.#streams = streams;
    this.#ask = ask;
  }

  /** Whether there is nothing older. */
  get done() {
    return this.#streams.every((stream) => stream.done && stream.held.length === 0);
  }

  get streams() {
    return this.#streams;
  }

  /**
   * Puts about a page of older messages in front; one call at a time does.
   * @returns {Promise<boolean>} Whether there is more, and the server can be asked for it.
   */
  async older() {
    if (this.busy || this.done) return false;
    this.busy = true;
    let answered = true;
    try {
      /** @type {Message[]} */
      const found = [];
      for (let round = 0; round < ROUNDS && found.length < ENOUGH && !this.done; round += 1) {
        answered = await this.#fill();
        if (!answered) break;
        this.#merge(found);
      }
      this.#conversation.prepend(found.reverse());
    } finally {
      this.busy = false;
    }
    return answered && !this.done;
  }

  /** Reads on in each log of which nothing is held. @returns {Promise<boolean>} */
  async #fill() {
    const empty = this.#streams.filter((stream) => !stream.done && stream.held.length === 0);
    const read = await Promise.all(empty.map((stream) => stream.fetch(this.#ask)));
    return read.every(Boolean);
  }

  /**
   * Takes the newest of what is held, as long as it is certain that nothing stands between.
   * @param {Message[]} found Gets them, the newest first.
   */
  #merge(found) {
    while (this.#streams.every((stream) => stream.done || stream.held.length > 0)) {
      const [first, second] = this.#streams.filter((stream) => stream.held.length > 0);
      if (!first) return;
      const later = second && newest(second) >= newest(first) ? second : first;
      const message = later.held.pop();
      if (message) found.push(message);
    }
  }
}

/** @param {Stream} stream */
function newest(stream) {
  return stream.held.at(-1)?.ts ?? -Infinity;
}

/**
 * @param {{from: string, message: string, seq: number, ts: number}} entry
 * @param {string} epoch
 * @param {boolean} own
 * @returns {Message}
 */
export function said({ from, message, seq, ts }, epoch, own) {
  return { kind: "message", from, text: message, ts, epoch, seq, own, pending: null };
}
