/**
 * Questions that have an answer of their own, such as `history`.
 *
 * @import {Frame, Refusal} from "../types.js"
 */

export class Requests {
  /** @type {Map<string, {command: Record<string, unknown>, resolve: (reply: Frame | null) => void}>} */
  #open = new Map();
  #count = 0;
  #send;

  /** @param {(frame: object) => boolean} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {Record<string, unknown>} command
   * @returns {Promise<Frame | null>} The reply, also if it is an error, but for what was asked too
   *   fast, which is asked again; null if there is no connection, or it ends before.
   */
  ask(command) {
    this.#count += 1;
    const id = `q${this.#count}`;
    return new Promise((resolve) => {
      this.#open.set(id, { command, resolve });
      this.#say(id);
    });
  }

  /** @param {string} id */
  #say(id) {
    const open = this.#open.get(id);
    if (open && !this.#send({ ...open.command, id })) this.answer(id, null);
  }

  /**
   * @param {string | undefined} id
   * @param {Frame | null} reply
   * @returns {boolean} Whether it was asked for.
   */
  answer(id, reply) {
    const open = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || !open) return false;
    if (reply?.type === "error") {
      const { code, retry_after: seconds = 1 } = /** @type {Refusal} */ (/** @type {unknown} */ (reply));
      if (code === "rate_limited") {
        setTimeout(() => this.#say(id), seconds * 1000);
        return true;
      }
    }
    this.#open.delete(id);
    open.resolve(reply);
    return true;
  }

  /** Answers all that is open with null, as the connection has ended. */
  fail() {
    for (const id of [...this.#open.keys()]) this.answer(id, null);
  }
}
