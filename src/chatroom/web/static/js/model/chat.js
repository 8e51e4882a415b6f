/**
 * The whole of what one person sees: the room, talks with others, who is here, what is unread.
 *
 * @import {Confirmation, Log, Message, Missing, Own, Said, Welcome} from "../types.js"
 * @import {Pending} from "../wire/pending.js"
 * @import {Places} from "../wire/places.js"
 * @import {Kept} from "../store/kept.js"
 * @import {Ask} from "./paging.js"
 */
import { Archive } from "./archive.js";
import { Conversation } from "./conversation.js";
import { fold } from "./names.js";
import { said } from "./paging.js";
import { gap, notHere } from "./phrases.js";
import { noteChange, Roster } from "./roster.js";
import { Unread } from "./unread.js";

/**
 * @typedef {object} Watcher What is told of changes; the view.
 * @property {() => void} list Conversations, or their unread counts, have changed.
 * @property {() => void} roster Who is here has changed.
 * @property {(conversation: Conversation, message: Message, replay: boolean) => void} arrived
 *   Somebody else has said something.
 */

export class Chat {
  roster = new Roster();
  room = new Conversation("", null);
  active = this.room;
  /** @type {Watcher} */
  watcher = { list() {}, roster() {}, arrived() {} };
  /** Whether the person sees the end of the active conversation. @type {() => boolean} */
  attentive = () => false;
  /** @type {Map<string, Conversation>} the talks with others, by folded name, the newest last */
  #talks = new Map();
  /** @type {Set<Conversation>} where the first message that was missed has its mark */
  #marked = new Set();
  #scanned = false; // whether it is known with whom there were talks
  #archive;
  #unread;
  #pending;
  #places;

  /**
   * @param {string} me
   * @param {{ask: Ask, pending: Pending, places: Places, kept: Kept}} parts
   */
  constructor(me, { ask, pending, places, kept }) {
    this.me = me;
    this.#pending = pending;
    this.#places = places;
    this.#archive = new Archive(me, ask);
    this.#unread = new Unread(kept);
    for (const partner of this.#unread.partners) this.talk(partner);
    for (const { to } of pending.all) if (to !== null) this.talk(to);
    this.#showOwn();
  }

  /** @returns {Conversation[]} The room, and the talks, the newest first. */
  get conversations() {
    return [this.room, ...[...this.#talks.values()].reverse()];
  }

  /** @returns {number} How much is unread, over all conversations. */
  get unread() {
    return this.conversations.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** @param {string} name @returns {Conversation} The talk with somebody. */
  talk(name) {
    const key = fold(name);
    const known = this.#talks.get(key);
    if (known) return known;
    const talk = new Conversation(key, name);
    this.#talks.set(key, talk);
    this.#unread.knows(name);
    this.watcher.list();
    return talk;
  }

  /** @param {string} key @returns {Conversation} What was kept under this key, else the room. */
  named(key) {
    return this.#talks.get(key) ?? this.room;
  }

  /** Takes up a connection. @param {Welcome} welcome */
  enter({ username, logs, users }) {
    this.me = username;
    this.#marked.clear();
    const again = this.#archive.ready;
    if (!again) this.#archive.begin(logs);
    if (!this.#scanned) void this.#scan();
    if (again) {
      this.users(users);
      void this.#archive.sent(this.active);
      return;
    }
    this.roster.replace(users);
    this.room.unread = this.#unread.enter(logs);
    if (this.room.unread > 0) this.room.since = this.#unread.readTo(this.room);
    this.watcher.roster();
    this.watcher.list();
    void this.older(this.active);
  }

  /** Goes to a conversation. @param {Conversation} conversation */
  open(conversation) {
    if (conversation === this.active) return;
    if (this.active.unread === 0) this.#unmark(this.active);
    this.active = conversation;
    this.watcher.list();
    if (conversation.settled === 0) void this.older(conversation);
    else void this.#archive.sent(conversation);
  }

  /** Puts older messages in front. @param {Conversation} conversation @returns Whether to go on at once. */
  async older(conversation) {
    const more = await this.#archive.older(conversation);
    const { since } = conversation;
    if (since === null) return more;
    conversation.mark = conversation.find(({ own, seq }) => !own && seq > since) ?? null;
    conversation.changed(0);
    return more;
  }

  /** @param {Conversation} conversation @returns {boolean} Whether there is nothing older. */
  complete(conversation) {
    return this.#archive.done(conversation);
  }

  /** Goes to the newest messages again, where they had been let go. */
  restart() {
    return this.#archive.restart(this.active);
  }

  /** The person may have seen the end of the active conversation. */
  read() {
    if (!this.#archive.ready || this.active.detached || !this.attentive()) return;
    const before = this.active.unread;
    this.#unread.read(this.active, this.#places.known().room);
    if (before > 0) this.watcher.list();
  }

  /** Lets go of what is too much. @param {Conversation} conversation @param {"oldest" | "newest"} side */
  trim(conversation, side) {
    this.#archive.trim(conversation, side);
  }

  /** @param {string} text What the person says in the active conversation. */
  say(text) {
    this.#pending.add(text, this.active.partner);
    this.#unmark(this.active);
    this.#showOwn();
  }

  /** Has a refused message go out again. @param {Own} own */
  again(own) {
    this.#pending.again(own);
    this.#showOwn();
  }

  /** Takes a refused message back. @param {Own} own */
  drop(own) {
    this.#pending.drop(own);
    this.#showOwn();
  }

  /** @param {Log} log @param {Said} entry */
  said(log, entry) {
    const { from, message: text, epoch, seq, replay = false } = entry;
    const own = fold(from) === fold(this.me);
    const conversation = log === "room" ? this.room : this.talk(from);
    if (own && replay && log === "room" && this.#pending.claim(text)) this.#showOwn();
    const message = said(entry, epoch, own);
    if (!conversation.detached && !conversation.insert(message)) return;
    if (conversation !== this.active) this.trim(conversation, "oldest");
    if (log === "inbox") {
      this.#unread.came(conversation, seq);
      this.#raise(conversation);
    }
    if (own) this.#own(conversation);
    else this.#arrived(conversation, message, replay);
  }

  /** @param {Own | null} own @param {Confirmation} confirmation */
  confirmed(own, { epoch, seq, ts, duplicate }) {
    if (!own) return;
    const { text, to } = own;
    const conversation = to === null ? this.room : this.talk(to);
    const message = conversation.showing(own) ?? said({ from: this.me, message: text, seq, ts }, epoch, true);
    Object.assign(message, { epoch, seq, ts, pending: null });
    const first = conversation.find(() => true);
    const older = !first || (first.epoch === epoch ? first.seq > seq : first.ts > ts);
    // What was stored before comes as an entry or in a page of history if it is older than all that
    // is here; put in front now, it would hide what is between.
    if (!conversation.detached && !(duplicate && older)) conversation.insert(message);
    if (to !== null) this.#raise(conversation);
    this.#showOwn();
    this.#own(conversation);
  }

  /** @param {Own} own */
  refused(own) {
    if (own.code === "user_not_in_room" && own.to !== null) own.reason = notHere(own.to);
    this.#showOwn();
  }

  /** @param {Missing} missing */
  missing(missing) {
    const { log, from, reason } = missing;
    const text = gap(missing);
    for (const conversation of log === "room" ? [this.room] : this.#talks.values()) {
      if (reason === "epoch" || reason === "ahead") this.#archive.anew(log, from, conversation);
      if (text && !conversation.detached && conversation.settled > 0) {
        conversation.note({ kind: "note", ts: Date.now() / 1000, text });
      }
    }
  }

  /** @param {string[]} users */
  users(users) {
    const change = this.roster.replace(users);
    if (change.came.length + change.left.length > 0) this.watcher.roster();
    const other = (/** @type {string} */ name) => name !== this.me;
    const others = { came: change.came.filter(other), left: change.left.filter(other) };
    const some = others.came.length + others.left.length > 0;
    if (some && !this.room.detached) noteChange(this.room, others);
  }

  /** Keeps nothing any more. */
  stop() {
    this.#unread.stop();
  }

  /** Somebody else has said something. @type {Watcher["arrived"]} */
  #arrived = (conversation, message, replay) => {
    const seen = conversation === this.active && !conversation.detached && this.attentive();
    const missed = replay && !this.#marked.has(conversation);
    if (conversation.unread === 0 && (missed || !seen)) {
      if (replay) this.#marked.add(conversation);
      this.#mark(conversation, message);
    }
    if (seen) this.read();
    else {
      conversation.unread += 1;
      this.watcher.list();
    }
    this.watcher.arrived(conversation, message, replay);
  };

  /** The person has said something, here or elsewhere. @param {Conversation} conversation */
  #own(conversation) {
    if (conversation === this.active && conversation.unread === 0) this.read();
  }

  /** Looks with whom there were talks, and what of them was not read. */
  async #scan() {
    const newest = await this.#archive.inbox();
    if (newest === null || this.#scanned) return;
    this.#scanned = true;
    for (const { from, seq } of newest) {
      const talk = this.talk(from);
      this.#raise(talk);
      this.#unread.came(talk, seq);
      const since = this.#unread.readTo(talk);
      if (fold(from) === fold(this.me) || seq <= since) continue;
      talk.unread += 1;
      talk.since = since;
    }
    this.watcher.list();
    this.read();
  }

  /** Puts a talk first. @param {Conversation} talk */
  #raise(talk) {
    this.#talks.delete(talk.key);
    this.#talks.set(talk.key, talk);
    this.watcher.list();
  }

  /** @param {Conversation} conversation @param {Message | null} message */
  #mark(conversation, message) {
    const before = conversation.mark;
    conversation.mark = message;
    if (before) conversation.touch(before);
    if (message) conversation.touch(message);
  }

  /** @param {Conversation} conversation */
  #unmark(conversation) {
    conversation.since = null;
    this.#mark(conversation, null);
  }

  /** Shows in each conversation what is not confirmed. */
  #showOwn() {
    const all = this.#pending.all;
    for (const conversation of this.conversations) conversation.setOwn(all, this.me);
  }
}
