/**
 * What was said before this page was opened, for all conversations.
 *
 * @import {HistoryReply, Log, Message, Welcome} from "../types.js"
 * @import {Conversation, Side} from "./conversation.js"
 * @import {Ask} from "./paging.js"
 */
import { fold } from "./names.js";
import { Pager, said, Stream } from "./paging.js";

const SCANNED = 200; // how many of the newest direct messages are looked through for partners
const RECENT = 50; // how many of the newest own ones in a talk are looked at when it is opened

export class Archive {
  /** @type {Map<Conversation, Pager>} */
  #pagers = new Map();
  /** @type {Record<Log, number> | null} below which places the pages lie */
  #start = null;
  #me;
  #ask;

  /**
   * @param {string} me
   * @param {Ask} ask
   */
  constructor(me, ask) {
    this.#me = me;
    this.#ask = ask;
  }

  /** Whether it is known where it ends. */
  get ready() {
    return this.#start !== null;
  }

  /** Begins, with the first welcome. @param {Welcome["logs"]} logs */
  begin({ room, inbox }) {
    this.#start = { room: room.from, inbox: inbox.from };
  }

  /** @param {Conversation} conversation @returns {boolean} Whether there is nothing older. */
  done(conversation) {
    return this.ready && this.#pager(conversation).done;
  }

  /**
   * Puts a page of older messages in front.
   * @param {Conversation} conversation
   * @returns {Promise<boolean>} Whether it makes sense to go on at once.
   */
  async older(conversation) {
    return this.ready && this.#pager(conversation).older();
  }

  /** Begins a conversation anew with its newest messages. @param {Conversation} conversation */
  async restart(conversation) {
    conversation.clear();
    const pager = this.#pager(conversation);
    for (const stream of pager.streams) stream.rewind(undefined);
    await pager.older();
  }

  /** Lets go of what is too much on one side. @param {Conversation} conversation @param {Side} side */
  trim(conversation, side) {
    if (!conversation.trim(side) || side === "newest") return;
    for (const stream of this.#pager(conversation).streams) {
      stream.rewind(conversation.find(({ from }) => stream.wanted(from))?.seq);
    }
  }

  /**
   * A log has other entries than before, from a place on.
   * @param {Log} log
   * @param {number} from
   * @param {Conversation} conversation One that shows this log.
   */
  anew(log, from, conversation) {
    if (this.#start) this.#start[log] = Math.min(this.#start[log], from);
    this.#pagers.get(conversation)?.streams[0]?.limit(from);
  }

  /** @returns {Promise<Message[] | null>} The newest direct messages to this person; null for no answer. */
  async inbox() {
    return this.#newest({ log: "inbox", before: this.#start?.inbox, limit: SCANNED });
  }

  /**
   * Puts what was said to somebody from elsewhere, as from another tab, into the talk with them.
   * @param {Conversation} talk
   */
  async sent(talk) {
    const first = talk.find(() => true);
    if (talk.partner === null || !first || talk.detached) return;
    const recent = await this.#newest({ log: "sent", to: talk.partner, limit: RECENT });
    for (const message of recent ?? []) if (message.ts >= first.ts) talk.insert(message);
  }

  /** @param {Record<string, unknown>} query @returns {Promise<Message[] | null>} */
  async #newest(query) {
    const reply = await this.#ask({ command: "history", ...query });
    if (reply?.type !== "history") return null;
    const { entries, epoch } = /** @type {HistoryReply} */ (/** @type {unknown} */ (reply));
    return entries.map((entry) => said(entry, epoch, fold(entry.from) === fold(this.#me)));
  }

  /** @param {Conversation} conversation @returns {Pager} */
  #pager(conversation) {
    const known = this.#pagers.get(conversation);
    if (known) return known;
    const pager = new Pager(conversation, this.#streams(conversation), this.#ask);
    this.#pagers.set(conversation, pager);
    return pager;
  }

  /** @param {Conversation} conversation @returns {Stream[]} */
  #streams({ key, partner }) {
    const start = this.#start ?? { room: 1, inbox: 1 };
    const me = fold(this.#me);
    const anybody = () => true;
    if (partner === null) return [new Stream({ log: "room" }, start.room, me, anybody)];
    const theirs = (/** @type {string} */ from) => fold(from) === key;
    const inbox = new Stream({ log: "inbox" }, start.inbox, me, theirs);
    if (key === me) return [inbox]; // what one says to oneself is in one log
    const mine = (/** @type {string} */ from) => fold(from) === me;
    return [inbox, new Stream({ log: "sent", to: partner }, undefined, me, mine)];
  }
}
