/**
 * What a frame leads to: a change of the model, a settled message, a place in a log.
 *
 * @import {Confirmation, Frame, Log, Missing, Own, Refusal, Said} from "../types.js"
 * @import {Connection} from "./connection.js"
 * @import {Pending} from "./pending.js"
 * @import {Places} from "./places.js"
 * @import {Requests} from "./requests.js"
 */
import { Hole } from "./position.js";

/** Errors without an id, as the server could not read it. They belong to the oldest message on its
 * way, as a server answers what one connection sends in its order. */
const UNREAD_BY_SERVER = new Set(["bad_json", "bad_frame", "frame_too_large"]);

/** A longer frame would end the connection; servers may take less, and then answer so. */
const FRAME_BYTES = 65_536;

const TOO_LONG = "This is too long for one message; take it back and split it.";

/**
 * @typedef {object} Model What the dispatcher changes.
 * @property {(log: Log, said: Said) => void} said
 * @property {(own: Own | null, confirmation: Confirmation) => void} confirmed
 * @property {(own: Own) => void} refused
 * @property {(missing: Missing) => void} missing
 * @property {(users: string[]) => void} users
 */

export class Dispatcher {
  /**
   * @param {{model: Model, connection: Connection, pending: Pending, places: Places,
   *   requests: Requests}} parts
   */
  constructor({ model, connection, pending, places, requests }) {
    this.model = model;
    this.connection = connection;
    this.pending = pending;
    this.places = places;
    this.requests = requests;
    this.timer = 0;
  }

  /** @param {Frame} frame */
  take(frame) {
    try {
      this.#take(frame);
    } catch (error) {
      if (!(error instanceof Hole)) throw error;
      this.connection.giveUp({ reason: error.message, atOnce: true });
    }
  }

  /** Sends what is to go out now; to be called whenever there is something new. */
  flush() {
    clearTimeout(this.timer);
    if (this.connection.state !== "open") return;
    for (const { id, to, text } of this.pending.take(performance.now())) {
      const whom = to === null ? { command: "PM" } : { command: "DM", to };
      const command = { ...whom, message: text, id };
      if (bytesOf(command) > FRAME_BYTES) this.#refuse(id, "message_too_long", TOO_LONG);
      else this.connection.send(command);
    }
    const wait = this.pending.againAt - performance.now();
    if (wait < Infinity) this.timer = setTimeout(() => this.flush(), Math.max(wait, 0));
  }

  /** @param {Frame} frame */
  #take(frame) {
    switch (frame.type) {
      case "broadcast":
        return this.#said("room", /** @type {Said & Frame} */ (frame));
      case "direct_message":
        return this.#said("inbox", /** @type {Said & Frame} */ (frame));
      case "confirmation":
        return this.#confirmed(/** @type {Confirmation & Frame} */ (frame));
      case "update_users":
      case "active_users":
        this.model.users(frame.users);
        break;
      case "ping":
        this.connection.send({ command: "pong" });
        return this.#tell(this.places.check(frame.logs ?? {}));
      case "gap":
        return this.#tell(this.places.lack(frame));
      case "error":
        return this.#error(/** @type {Refusal & Frame} */ (frame));
      case "bye":
        return this.connection.bye(frame);
    }
    this.requests.answer(frame.id, frame);
  }

  /** @param {Log} log @param {Said} said */
  #said(log, said) {
    const { fresh, missing } = this.places.advance(log, said);
    if (missing) this.model.missing(missing);
    if (fresh) this.model.said(log, said);
  }

  /** @param {Confirmation} confirmation */
  #confirmed(confirmation) {
    const own = confirmation.id === undefined ? null : this.pending.confirm(confirmation.id);
    const moves = confirmation.command === "PM" && !confirmation.duplicate;
    try {
      const missing = moves ? this.places.own(confirmation) : null;
      if (missing) this.model.missing(missing);
    } finally {
      this.model.confirmed(own, confirmation); // also where messages before it are missing
      this.flush();
    }
  }

  /** @param {Missing[]} missing */
  #tell(missing) {
    for (const entries of missing) this.model.missing(entries);
  }

  /** @param {Refusal & Frame} error */
  #error(error) {
    if (error.code === "shutting_down") return; // it stays, and goes out on the next connection
    if (this.requests.answer(error.id, error)) return;
    if (error.code === "rate_limited" && error.id !== undefined) {
      this.pending.putOff(error.id, error.retry_after ?? 1, performance.now());
      this.flush();
      return;
    }
    const unread = error.id === undefined && UNREAD_BY_SERVER.has(error.code);
    const id = unread ? this.pending.oldest?.id : error.id;
    if (id !== undefined) this.#refuse(id, error.code, error.message);
  }

  /** Refuses the message over which a connection ended, as it was too long for the server. */
  refuseOldest() {
    const oldest = this.pending.oldest;
    if (oldest) this.#refuse(oldest.id, "message_too_long", TOO_LONG);
  }

  /** @param {string} id @param {string} code @param {string} reason */
  #refuse(id, code, reason) {
    const own = this.pending.refuse(id, code, reason);
    if (own) this.model.refused(own);
    this.flush();
  }
}

/** @param {object} frame */
function bytesOf(frame) {
  return new TextEncoder().encode(JSON.stringify(frame)).length;
}
