/**
 * What the person has said and the server has not confirmed, in the order in which it was said.
 *
 * Each has an id that the account never uses for anything else, so that sending it twice stores it
 * once. After the server has said that messages come too fast, they go out carefully: few at a
 * time, in their order, and none before the server would take the first of them. It keeps back what
 * comes behind a message that it refused (docs/protocol.md, "How fast"), so those that were on their
 * way come back too, and all are stored in order.
 *
 * @import {Own} from "../types.js"
 */

const LONGEST_WAIT_SECONDS = 300;
const SHORTEST_WAIT_SECONDS = 0.01;

/** @returns {string} 16 random digits, which begin the ids of one load of the page. */
export function randomPrefix() {
  const numbers = crypto.getRandomValues(new Uint32Array(2));
  return Array.from(numbers, (number) => number.toString(16).padStart(8, "0")).join("");
}

export class Pending {
  /** @type {Map<string, Own>} */
  #all;
  /** @type {Set<string>} the ids of those that are on their way */
  #flying = new Set();
  #careful = false;
  #together = 1; // how many may be on their way while they go carefully
  #againAt = 0; // when the first of those that wait may go out, in milliseconds
  #count = 0;
  #prefix;
  #changed;

  /**
   * @param {Own[]} kept What an earlier load of the page left, in its order.
   * @param {(all: Own[]) => void} changed Is told everything whenever something changes, to keep it.
   * @param {string} prefix Begins every new id. It must be new with each load of the page, as a tab
   *   that is duplicated has all that the first one kept.
   */
  constructor(kept, changed, prefix = randomPrefix()) {
    this.#all = new Map(kept.map((own) => [own.id, own]));
    this.#changed = changed;
    this.#prefix = prefix;
  }

  /** @returns {Own[]} All of it, also what was refused. */
  get all() {
    return [...this.#all.values()];
  }

  /**
   * Takes in what the person has said.
   * @param {string} text
   * @param {string | null} to
   * @returns {Own}
   */
  add(text, to) {
    const at = Date.now() / 1000;
    const blank = { reason: "", code: "", sends: 0, seen: false };
    /** @type {Own} */
    const own = { id: this.#newId(), to, text, at, state: "pending", ...blank };
    this.#all.set(own.id, own);
    this.#keep();
    return own;
  }

  /**
   * @param {number} now In milliseconds, by the clock that `putOff` is given.
   * @returns {Own[]} What is to go out now, in order; it counts as sent.
   */
  take(now) {
    const ready = [];
    for (const own of this.#all.values()) {
      if (own.state === "refused" || this.#flying.has(own.id)) continue;
      if (this.#careful && (this.#flying.size >= this.#together || now < this.#againAt)) break;
      this.#flying.add(own.id);
      own.sends += 1;
      ready.push(own);
    }
    if (ready.length) this.#keep();
    return ready;
  }

  /** @returns {number} When the next may go out that has to wait, in milliseconds; else infinity. */
  get againAt() {
    const waits = this.#careful && this.#flying.size < this.#together && this.#first() !== null;
    return waits ? this.#againAt : Infinity;
  }

  /**
   * Has a message go out again, as the server said that it came too fast.
   * @param {string} id
   * @param {number} wait In how many seconds.
   * @param {number} now
   * @returns {boolean} Whether there is such a message.
   */
  putOff(id, wait, now) {
    const own = this.#all.get(id);
    if (!own) return false;
    this.#careful = true;
    this.#together = 1;
    const flew = this.#flying.delete(id);
    if (flew && this.#first() === own) {
      const bounded = Math.min(Math.max(wait, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS);
      this.#againAt = now + bounded * 1000;
    }
    return true;
  }

  /**
   * Settles a message that was stored.
   * @param {string} id
   * @returns {Own | null} The message.
   */
  confirm(id) {
    const own = this.#all.get(id) ?? null;
    if (own) {
      this.#all.delete(id);
      this.#land(id);
      this.#keep();
    }
    return own;
  }

  /**
   * Keeps a message that was refused for the person to decide.
   * @param {string} id
   * @param {string} code
   * @param {string} reason
   * @returns {Own | null} The message.
   */
  refuse(id, code, reason) {
    const own = this.#all.get(id) ?? null;
    if (own) {
      Object.assign(own, { state: "refused", code, reason, seen: false });
      this.#land(id);
      this.#keep();
    }
    return own;
  }

  /** @returns {Own | null} The oldest message that is on its way. */
  get oldest() {
    for (const own of this.#all.values()) if (this.#flying.has(own.id)) return own;
    return null;
  }

  /**
   * Has a refused message go out again, behind all others. It keeps its id, so that it is stored
   * once even if it had been stored after all.
   * @param {Own} own
   */
  again(own) {
    if (own.state !== "refused" || !this.#all.delete(own.id)) return;
    if (own.code === "id_reused") own.id = this.#newId();
    Object.assign(own, { state: "pending", reason: "", code: "" });
    this.#all.set(own.id, own);
    this.#keep();
  }

  /**
   * Forgets a refused message, which the person has taken back.
   * @param {Own} own
   */
  drop(own) {
    if (own.state === "refused" && this.#all.delete(own.id)) this.#keep();
  }

  /** Begins with a new connection: everything goes out again, in the same order. */
  rewind() {
    this.#flying.clear();
    this.#together = 1;
    this.#againAt = 0;
  }

  /**
   * Finds the message that a line in the log can only be, as it was sent before a break and says the
   * same, so that it is not shown twice until its confirmation comes.
   * @param {string} text
   * @returns {Own | null}
   */
  claim(text) {
    for (const own of this.#all.values()) {
      const sent = own.state === "pending" && own.sends > 0 && !own.seen;
      if (sent && own.to === null && own.text === text) {
        own.seen = true;
        return own;
      }
    }
    return null;
  }

  /** @returns {Own | null} The first message that waits for its turn. */
  #first() {
    for (const own of this.#all.values()) {
      if (own.state === "pending" && !this.#flying.has(own.id)) return own;
    }
    return null;
  }

  /** @param {string} id */
  #land(id) {
    if (this.#flying.delete(id)) this.#together += 1;
    if (this.#flying.size === 0 && this.#first() === null) {
      this.#careful = false;
      this.#together = 1;
    }
  }

  #newId() {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }

  #keep() {
    this.#changed(this.all);
  }
}
