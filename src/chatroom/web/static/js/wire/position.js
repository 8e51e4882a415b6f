/**
 * Where the page stands in a log: the highest place up to which it has everything.
 *
 * Entries of one log come in their order, and in the place of an own message its confirmation. So
 * what comes next is known: what lies behind the position is dropped, and what lies further ahead
 * shows a hole. Then the connection is given up and got back from the position, upon which the
 * server sends what was missing. If it leaves out the same again, that is told as a hole, and the
 * position goes on behind it.
 *
 * @import {Log, Missing, Place} from "../types.js"
 */

/** Entries are missing, and are to be asked for on another connection. */
export class Hole extends Error {}

export class Position {
  /** @type {string | null} */
  epoch = null;
  seq = 0;
  /** @type {Place | null} where the last hole was */
  #hole = null;

  /**
   * @param {Log} log
   * @param {Place | null} place Null if it is not known yet.
   */
  constructor(log, place = null) {
    this.log = log;
    if (place) this.move(place.epoch, place.after);
  }

  /** @returns {Place | null} */
  get place() {
    return this.epoch === null ? null : { epoch: this.epoch, after: this.seq };
  }

  /**
   * Goes to a place, wherever it is.
   * @param {string} epoch
   * @param {number} seq
   */
  move(epoch, seq) {
    this.epoch = epoch;
    this.seq = seq;
  }

  /**
   * @param {string} epoch
   * @param {number} seq
   * @returns {boolean} Whether this entry lies behind us.
   */
  has(epoch, seq) {
    return epoch === this.epoch && seq <= this.seq;
  }

  /**
   * Goes up to `prev`, the place before an entry that has come and lies ahead.
   * @param {string} epoch
   * @param {number} prev
   * @returns {Missing | null} What is missing for good.
   * @throws {Hole} Entries are missing, and are to be asked for once more.
   */
  reach(epoch, prev) {
    if (this.epoch === null) this.move(epoch, prev);
    if (epoch === this.epoch && prev <= this.seq) return null;
    const here = { epoch: this.epoch ?? epoch, after: this.seq };
    if (this.#hole?.epoch !== here.epoch || this.#hole.after !== here.after) {
      this.#hole = here;
      throw new Hole("The server left out messages, which are asked for again.");
    }
    const from = epoch === this.epoch ? this.seq + 1 : 1;
    this.move(epoch, prev);
    return { log: this.log, from, to: prev, reason: "hole" };
  }
}
