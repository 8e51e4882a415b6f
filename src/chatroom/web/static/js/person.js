/**
 * Everything that belongs to one person who is, or was, logged in here: what is on its way, where
 * they stand in the logs, and what they see.
 *
 * @import {Broken, Frame, Welcome} from "./types.js"
 * @import {Connection} from "./wire/connection.js"
 */
import { Chat } from "./model/chat.js";
import { fold } from "./model/names.js";
import { Kept } from "./store/kept.js";
import { Saver } from "./store/saver.js";
import { Dispatcher } from "./wire/dispatch.js";
import { Pending } from "./wire/pending.js";
import { Places } from "./wire/places.js";
import { Requests } from "./wire/requests.js";

export class Person {
  /**
   * @param {string} name As it was typed, or as the server said it.
   * @param {boolean} stay Whether they stay logged in.
   * @param {Connection} connection
   */
  constructor(name, stay, connection) {
    this.name = name;
    this.stay = stay;
    this.connection = connection;
    this.kept = new Kept(name, stay);
    this.places = new Places(this.kept.places());
    this.requests = new Requests((frame) => connection.send(frame));
    this.pending = new Pending(this.kept.pending(), (all) => this.kept.savePending(all));
    const { places, pending, requests, kept } = this;
    const ask = (/** @type {Record<string, unknown>} */ command) => requests.ask(command);
    this.chat = new Chat(name, { ask, pending, places, kept });
    this.dispatcher = new Dispatcher({ model: this.chat, connection, pending, places, requests });
    this.saver = new Saver(() => kept.savePlaces(places.known()));
  }

  /** @param {string} name @returns {boolean} Whether this is who is called so. */
  is(name) {
    return fold(name) === fold(this.name);
  }

  /** The server has let them in. @param {Welcome} welcome */
  enter(welcome) {
    this.name = welcome.username;
    this.places.enter(welcome.logs);
    this.pending.rewind();
    this.chat.enter(welcome);
    this.dispatcher.flush();
    this.saver.soon();
  }

  /** @param {Frame} frame */
  hear(frame) {
    this.dispatcher.take(frame);
    this.saver.soon();
  }

  /** The connection is gone. @param {Broken} [broken] */
  lose(broken) {
    this.requests.fail();
    if (broken?.tooBig) this.dispatcher.refuseOldest();
  }

  /**
   * @returns {Person} Somebody of this name whose account has just been made: what was said before is
   *   not theirs to see. What is being written is.
   */
  anew() {
    this.retire();
    this.kept.forgetLogs();
    return new Person(this.name, this.stay, this.connection);
  }

  /** Somebody else takes over: what is kept stays as it is. */
  retire() {
    this.saver.stop();
    this.chat.stop();
  }

  /** They have left for good: nothing is kept of what they wrote. */
  forget() {
    this.retire();
    this.kept.forget();
  }
}
