/**
 * The connection from the first login to the end: logging in, coming back, giving up.
 *
 * @import {Broken, Frame, Place, Welcome} from "../types.js"
 */
import { Backoff } from "./backoff.js";
import { address, Socket } from "./socket.js";

const STEADY_MS = 10_000; // one that held for so long was good: the next wait begins short again
const LONGEST_ABSENCE_SECONDS = 300;
const LOGIN_MS = 15_000;
const PROBE_MS = 3000; // how long an answer may take where the connection is in doubt
const FAREWELL_MS = 2000; // how long the answer to EX may take

/** Refusals of a resume that pass by themselves. After all others only a person can help. */
const TRY_AGAIN = new Set([
  "login_timeout",
  "rate_limited",
  "too_many_connections",
  "storage_full",
  "unavailable",
  "shutting_down",
  "internal",
]);

/** @type {Record<string, string>} */
const FAREWELLS = {
  exit: "You are logged out.",
  shutting_down: "The server is shutting down.",
  silent: "The server ended the connection because it had not heard from this page.",
  slow_consumer: "The server ended the connection because this page did not read fast enough.",
};

/**
 * @typedef {object} Sink What is told of the connection.
 * @property {(welcome: Welcome) => void} entered
 * @property {(frame: Frame) => void} heard A frame behind the welcome.
 * @property {(refusal: Frame) => void} refused The login failed: an `error` or `password_required`.
 * @property {(broken: Broken) => void} lost
 * @property {(sentence: string, reason: string) => void} ended There is no coming back by itself.
 */

/** @typedef {"idle" | "connecting" | "open" | "waiting"} State */

export class Connection {
  /** @type {State} */
  state = "idle";
  /** When the next attempt is made, in milliseconds since 1970. */
  nextAt = 0;
  /** @type {Socket | null} */
  #socket = null;
  /** @type {string | null} */
  #session = null;
  /** @type {() => object} what the next connection begins with */
  #greeting = () => ({ command: "EX" });
  #manual = false; // whether a person waits for the login
  #backoff = new Backoff();
  #since = 0; // when this state began
  #heard = 0; // when the server was heard last
  #asked = false;
  #probedAt = 0; // when an answer was asked for in doubt, 0 if it was not
  #heartbeat = { ping: 25, answer: 35 };
  #notBefore = 0;
  #timer = 0;
  #left = false; // whether the person has logged out
  #sink;
  #places;

  /**
   * @param {Sink} sink
   * @param {() => Partial<Record<string, Place>>} places Says where the page stands in the logs.
   */
  constructor(sink, places) {
    this.#sink = sink;
    this.#places = places;
  }

  /**
   * Logs in; a person waits for it, so it is tried once.
   * @param {{username: string, password?: string, invite?: string}} credentials
   */
  login(credentials) {
    this.#manual = true;
    this.#session = null;
    this.#greeting = () => ({ command: "login", ...credentials, ...this.#logs() });
    this.#connect();
  }

  /**
   * Comes back by a session, however long that takes.
   * @param {string} session
   */
  resume(session) {
    this.#manual = false;
    this.#keep(session);
    this.#connect();
  }

  /**
   * @param {object} frame
   * @returns {boolean} Whether it went out.
   */
  send(frame) {
    return this.state === "open" && this.#socket !== null && this.#socket.send(frame);
  }

  /** Leaves; the session ends with that if the server can be reached. */
  leave() {
    this.#session = null;
    this.#left = true;
    if (this.send({ command: "EX" })) {
      this.#timer = setTimeout(() => this.end("", "exit"), FAREWELL_MS);
      return;
    }
    this.#stop("idle");
    this.#sink.ended("", "exit");
  }

  /** Gives this connection up, as something is wrong with it. @param {Broken} broken */
  giveUp(broken) {
    if (this.#left) return this.end("", "exit");
    const steady = this.state === "open" && Date.now() - this.#since >= STEADY_MS;
    if (steady) this.#backoff.reset();
    if (this.#manual || this.#session === null) {
      const fresh = this.#manual;
      this.#stop("idle");
      this.#sink.ended(broken.reason, fresh ? "unreachable" : "lost");
      return;
    }
    this.#stop("waiting");
    const away = Math.min(Math.max(broken.after ?? 0, 0), LONGEST_ABSENCE_SECONDS);
    const wait = broken.atOnce ? 0 : away + this.#backoff.next();
    this.#notBefore = Date.now() + away * 1000;
    this.nextAt = Date.now() + wait * 1000;
    this.#timer = setTimeout(() => this.#connect(), wait * 1000);
    this.#sink.lost(broken);
  }

  /** Ends it for good, as the server said. @param {string} sentence @param {string} reason */
  end(sentence, reason) {
    this.#session = null;
    this.#stop("idle");
    this.#sink.ended(sentence, reason);
  }

  /** Takes a `bye`. @param {Frame} bye */
  bye(bye) {
    const sentence = bye.message ?? FAREWELLS[bye.reason] ?? "The server ended the connection.";
    if (bye.reconnect === false) this.end(sentence, String(bye.reason));
    else this.giveUp({ reason: sentence, after: Number(bye.after_ms ?? 0) / 1000 });
  }

  /** Looks whether it is time for something; to be called about once in a second. */
  tick() {
    const now = Date.now();
    if (this.state === "waiting" && now >= this.nextAt) this.#connect();
    else if (this.state === "connecting" && now - this.#since > LOGIN_MS) {
      this.giveUp({ reason: "The server did not answer in time." });
    } else if (this.state === "open") this.#listen(now);
  }

  /**
   * Sees to it that the connection is a good one, at once.
   * @param {boolean} slept Whether the machine slept or the network was away.
   */
  look(slept) {
    const now = Date.now();
    if (slept) this.#backoff.reset();
    if (this.state === "waiting" && now >= this.#notBefore) this.#connect();
    else if (this.state === "connecting" && now - this.#since > PROBE_MS) this.#connect();
    else if (this.state === "open" && this.#probedAt === 0) {
      if (now - this.#heard > this.#limit()) this.giveUp({ reason: "You were away.", atOnce: true });
      else this.#probe(now);
    }
  }

  /** Comes back now, as the person asks. */
  hurry() {
    if (this.state === "waiting") this.#connect();
  }

  #limit() {
    return (this.#heartbeat.ping + this.#heartbeat.answer) * 1000;
  }

  /** @param {number} now */
  #probe(now) {
    this.#probedAt = now;
    this.send({ command: "ping" });
  }

  /**
   * The server asks first when nobody says anything. We wait a little longer than it does, so that
   * only one side asks as long as both are well.
   * @param {number} now
   */
  #listen(now) {
    const { ping, answer } = this.#heartbeat;
    if (this.#probedAt && now - this.#probedAt > PROBE_MS) {
      this.giveUp({ reason: "The server did not answer.", atOnce: true });
    } else if (now - this.#heard > this.#limit()) {
      this.giveUp({ reason: "The server has said nothing for too long.", atOnce: true });
    } else if (!this.#asked && now - this.#heard > (ping + Math.min(ping, answer) / 5) * 1000) {
      this.#asked = true;
      this.send({ command: "ping" });
    }
  }

  /** @param {string} session */
  #keep(session) {
    this.#session = session;
    this.#greeting = () => ({ command: "resume", session, ...this.#logs() });
  }

  #logs() {
    const logs = this.#places();
    return Object.keys(logs).length ? { logs } : {};
  }

  #connect() {
    this.#left = false;
    this.#stop("connecting");
    this.#socket = new Socket(address(), {
      opened: () => void this.#socket?.send(this.#greeting()),
      heard: (frame) => this.#hear(frame),
      ended: ({ reason, tooBig }) => {
        this.giveUp({ reason, tooBig });
      },
    });
  }

  /** @param {Frame} frame */
  #hear(frame) {
    this.#heard = Date.now();
    this.#asked = false;
    this.#probedAt = 0;
    if (this.state === "open") this.#sink.heard(frame);
    else if (frame.type === "welcome" || frame.type === "resumed") {
      this.#enter(/** @type {Welcome & Frame} */ (frame));
    } else if (frame.type === "bye") this.bye(frame);
    else if (frame.type === "error") this.#refuse(frame);
    else if (frame.type === "password_required") this.#fail(frame);
  }

  /** @param {Welcome} welcome */
  #enter(welcome) {
    this.#manual = false;
    this.state = "open";
    this.#since = Date.now();
    this.#heartbeat = welcome.heartbeat;
    if (welcome.type === "welcome") {
      this.#session = null;
      if (welcome.session) this.#keep(welcome.session);
    }
    this.#sink.entered(welcome);
  }

  /** @param {Frame} error */
  #refuse(error) {
    if (this.#manual || !TRY_AGAIN.has(error.code)) this.#fail(error);
    else this.giveUp({ reason: error.message, after: error.retry_after ?? 0 });
  }

  /** @param {Frame} refusal */
  #fail(refusal) {
    this.#session = null;
    this.#stop("idle");
    this.#sink.refused(refusal);
  }

  /** @param {State} state */
  #stop(state) {
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
    this.state = state;
    this.#since = Date.now();
    this.#probedAt = 0;
    this.#asked = false;
  }
}
