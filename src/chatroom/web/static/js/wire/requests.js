/**
 * Questions that have an answer of their own, such as `history`.
 *
 * @import {Frame} from "../types.js"
 */

export class Requests {
  /** @type {Map<string, (reply: Frame | null) => void>} */
  #open = new Map();
  #count = 0;
  #send;

  /** @param {(frame: object) => boolean} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {Record<string, unknown>} command
   * @returns {Promise<Frame | null>} The reply, also if it is an error; null if there is no
   *   connection, or it ends before.
   */
  ask(command) {
    this.#count += 1;
    const id = `q${this.#count}`;
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      if (!this.#send({ ...command, id })) this.answer(id, null);
    });
  }

  /**
   * @param {string | undefined} id
   * @param {Frame | null} reply
   * @returns {boolean} Whether it was asked for.
   */
  answer(id, reply) {
    const resolve = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || !resolve) return false;
    this.#open.delete(id);
    resolve(reply);
    return true;
  }

  /** Answers all that is open with null, as the connection has ended. */
  fail() {
    for (const id of [...this.#open.keys()]) this.answer(id, null);
  }
}
