/** Keeps something soon after it has changed, and at the latest when the page is put away. */

const SOON_MS = 300;

export class Saver {
  #timer = 0;
  #save;

  /** @param {() => void} save */
  constructor(save) {
    this.#save = save;
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  /** Something has changed. */
  soon() {
    this.#timer ||= setTimeout(() => this.flush(), SOON_MS);
  }

  /** Keeps it now, if it has changed. */
  flush() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#save();
  }

  /** Keeps what has changed, and then nothing any more. */
  stop() {
    this.flush();
    this.#save = () => {};
  }
}
