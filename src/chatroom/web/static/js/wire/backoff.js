/** How long to wait before the next attempt to get the connection back. */

const FIRST_SECONDS = 0.2;
const LIMIT_SECONDS = 30;

/**
 * Exponential backoff with full jitter: the n-th wait is drawn evenly from 0 to `first * 2**n`, at
 * most `limit`. Drawing from the whole range keeps a thousand pages that lost the same server from
 * coming back at the same moment.
 */
export class Backoff {
  #ceiling = FIRST_SECONDS;
  #draw;

  /** @param {() => number} draw Gives a number from 0 up to 1. */
  constructor(draw = Math.random) {
    this.#draw = draw;
  }

  /** @returns {number} The seconds to wait before the next attempt. */
  next() {
    const wait = this.#ceiling * this.#draw();
    this.#ceiling = Math.min(this.#ceiling * 2, LIMIT_SECONDS);
    return wait;
  }

  /** Begins again, once a connection has proved good. */
  reset() {
    this.#ceiling = FIRST_SECONDS;
  }
}
