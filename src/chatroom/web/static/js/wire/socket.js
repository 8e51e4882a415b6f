/**
 * One WebSocket: frames out, frames in, and one end of it.
 *
 * @import {Frame} from "../types.js"
 */

const MESSAGE_TOO_BIG = 1009; // RFC 6455 section 7.4.1

/** @returns {string} Where the server of this page listens for WebSockets. */
export function address() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/ws`;
}

export class Socket {
  #socket;
  #open = false;
  #over = false;
  #handlers;

  /**
   * @param {string} url
   * @param {object} handlers After the end, or `close()`, none of them is called.
   * @param {() => void} handlers.opened
   * @param {(frame: Frame) => void} handlers.heard
   * @param {(end: {reason: string, tooBig: boolean}) => void} handlers.ended
   */
  constructor(url, handlers) {
    this.#handlers = handlers;
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("open", () => {
      if (this.#over) return;
      this.#open = true;
      handlers.opened();
    });
    this.#socket.addEventListener("message", (event) => this.#hear(event.data));
    this.#socket.addEventListener("close", (event) => {
      const reason = this.#open
        ? "The connection to the server was lost."
        : "The server cannot be reached.";
      this.#end({ reason, tooBig: event.code === MESSAGE_TOO_BIG });
    });
  }

  /**
   * @param {object} frame
   * @returns {boolean} Whether it went out; what did is not yet confirmed by that.
   */
  send(frame) {
    if (this.#over || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ends it; nothing more is heard of it. */
  close() {
    this.#over = true;
    this.#socket.close();
  }

  /** @param {unknown} data */
  #hear(data) {
    if (this.#over) return;
    let frame;
    try {
      frame = JSON.parse(String(data));
    } catch {
      frame = null;
    }
    if (frame && typeof frame === "object") this.#handlers.heard(frame);
    else this.#end({ reason: "The server said something that cannot be read.", tooBig: false });
  }

  /** @param {{reason: string, tooBig: boolean}} end */
  #end(end) {
    if (this.#over) return;
    this.close();
    this.#handlers.ended(end);
  }
}
