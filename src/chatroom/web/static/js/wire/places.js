/**
 * Where the page stands in both logs, and what the server says about that.
 *
 * @import {Frame, Log, Missing, Place, Said, Welcome} from "../types.js"
 */
import { Position } from "./position.js";

/** @type {Log[]} */
const LOGS = ["room", "inbox"];

export class Places {
  /** @type {Record<Log, Position>} */
  #positions = { room: new Position("room"), inbox: new Position("inbox") };
  /** @type {Partial<Record<string, string>>} the epochs that the connection's welcome told */
  #epochs = {};

  /** @param {Partial<Record<Log, Place>>} known Places of an earlier life. */
  constructor(known = {}) {
    for (const log of LOGS) this.#positions[log] = new Position(log, known[log] ?? null);
  }

  /** @returns {Partial<Record<Log, Place>>} The places, of those logs where they are known. */
  known() {
    /** @type {Partial<Record<Log, Place>>} */
    const places = {};
    for (const log of LOGS) {
      const place = this.#positions[log].place;
      if (place) places[log] = place;
    }
    return places;
  }

  /**
   * Takes up a new connection.
   * @param {Welcome["logs"]} logs
   */
  enter(logs) {
    for (const log of LOGS) {
      const standing = logs[log];
      this.#epochs[log] = standing.epoch;
      const position = this.#positions[log];
      if (position.epoch === null) position.move(standing.epoch, standing.from - 1);
    }
  }

  /**
   * Moves to an entry that has come.
   * @param {Log} log
   * @param {Said} said
   * @returns {{fresh: boolean, missing: Missing | null}} Whether it is new to us, and what is
   *   missing for good before it.
   * @throws {import("./position.js").Hole}
   */
  advance(log, said) {
    const position = this.#positions[log];
    let missing = null;
    if (said.prev !== position.seq || said.epoch !== position.epoch) {
      if (position.has(said.epoch, said.seq)) return { fresh: false, missing };
      missing = position.reach(said.epoch, said.prev);
    }
    position.move(said.epoch, said.seq);
    return { fresh: true, missing };
  }

  /**
   * Moves to a message of our own in the room, by its confirmation. What is a duplicate has an old
   * place and moves nothing: if we do not have it, it comes as an entry.
   * @param {{epoch: string, seq: number}} confirmed
   * @returns {Missing | null}
   * @throws {import("./position.js").Hole}
   */
  own({ epoch, seq }) {
    const room = this.#positions.room;
    if (room.has(epoch, seq)) return null;
    const missing = room.reach(epoch, seq - 1);
    room.move(epoch, seq);
    return missing;
  }

  /**
   * Takes in a `gap`: passes what will not come.
   * @param {Frame} gap
   * @returns {Missing[]}
   * @throws {import("./position.js").Hole} Others are missing before them.
   */
  lack(gap) {
    const log = LOGS.find((name) => name === gap.log);
    const epoch = log && this.#epochs[log];
    if (!log || !epoch) return [];
    const position = this.#positions[log];
    let from = gap.from;
    if (gap.reason === "epoch" || gap.reason === "ahead") {
      position.move(epoch, from - 1); // what follows has these places, or others, anew
      return [{ log, from, to: gap.to, reason: gap.reason }];
    }
    if (position.has(epoch, gap.to)) return [];
    const hole = position.reach(epoch, from - 1);
    from = hole ? hole.from : position.seq + 1;
    position.move(epoch, gap.to);
    return [{ log, from, to: gap.to, reason: gap.reason === "retention" ? "retention" : "hole" }];
  }

  /**
   * Compares the places with what the server says that it has sent, in its `ping`.
   * @param {Partial<Record<string, {epoch: string, head: number}>>} heads
   * @returns {Missing[]}
   * @throws {import("./position.js").Hole}
   */
  check(heads) {
    /** @type {Missing[]} */
    const missing = [];
    for (const log of LOGS) {
      const head = heads[log];
      const found = head ? this.#positions[log].reach(head.epoch, head.head) : null;
      if (found) missing.push(found);
    }
    return missing;
  }
}
