/**
 * What has been read, over reloads.
 *
 * @import {Place, Welcome} from "../types.js"
 * @import {Kept, Read} from "../store/kept.js"
 * @import {Conversation} from "./conversation.js"
 */
import { Saver } from "../store/saver.js";

export class Unread {
  /** @type {Place | null} up to where the room was read */
  #room;
  /** @type {Place | null} where the inbox stood when it was first seen */
  #inbox;
  /** @type {Map<string, number>} up to where each talk was read in the inbox since */
  #from;
  /** @type {Map<string, number>} the newest place of each talk in the inbox */
  #newest = new Map();
  #partners;
  #saver;

  /** @param {Kept} kept */
  constructor(kept) {
    const read = kept.read();
    this.#room = read?.room ?? null;
    this.#inbox = read?.inbox ?? null;
    this.#from = new Map(read?.from ?? []);
    this.#partners = new Set(read?.partners ?? []);
    this.#saver = new Saver(() => {
      this.#merge(kept.read());
      const [from, partners] = [[...this.#from], [...this.#partners]];
      kept.saveRead({ room: this.#room, inbox: this.#inbox, from, partners });
    });
  }

  /** Takes in what was read in another tab. @param {Read | null} other */
  #merge(other) {
    const sameRoom = other?.room?.epoch === this.#room?.epoch;
    if (other?.room && this.#room && sameRoom) {
      this.#room.after = Math.max(this.#room.after, other.room.after);
    }
    if (!other || other.inbox?.epoch !== this.#inbox?.epoch) return;
    for (const [key, seq] of other.from) this.#from.set(key, Math.max(seq, this.#from.get(key) ?? 0));
    for (const partner of other.partners) this.#partners.add(partner);
  }

  /** @returns {Iterable<string>} With whom there were direct messages. */
  get partners() {
    return this.#partners;
  }

  /**
   * Takes up how the logs stand. What is behind the first login of all counts as read.
   * @param {Welcome["logs"]} logs
   * @returns {number} How many messages in the room were said before this and not read.
   */
  enter({ room, inbox }) {
    if (this.#room?.epoch !== room.epoch) this.#room = { epoch: room.epoch, after: room.from - 1 };
    if (this.#inbox?.epoch !== inbox.epoch) {
      this.#inbox = { epoch: inbox.epoch, after: inbox.from - 1 };
      this.#from.clear();
    }
    this.#saver.soon();
    return Math.max(0, room.from - 1 - this.#room.after);
  }

  /** @param {Conversation} conversation @returns {number} Up to where it was read in its log. */
  readTo({ key }) {
    if (key === "") return this.#room?.after ?? 0;
    return this.#from.get(key) ?? this.#inbox?.after ?? 0;
  }

  /** Remembers with whom there is a talk. @param {string} partner */
  knows(partner) {
    if (this.#partners.has(partner)) return;
    this.#partners.add(partner);
    this.#saver.soon();
  }

  /** Something has come in a talk. @param {Conversation} conversation @param {number} seq */
  came({ key }, seq) {
    this.#newest.set(key, Math.max(seq, this.#newest.get(key) ?? 0));
  }

  /**
   * A conversation has been read to its end.
   * @param {Conversation} conversation
   * @param {Place | undefined} room Where the page stands in the room.
   */
  read(conversation, room) {
    conversation.unread = 0;
    const { key } = conversation;
    const before = this.readTo(conversation);
    if (key === "") this.#room = room ?? this.#room;
    else this.#from.set(key, Math.max(this.#newest.get(key) ?? 0, before));
    if (this.readTo(conversation) !== before) this.#saver.soon();
  }

  /** Keeps nothing any more. */
  stop() {
    this.#saver.stop();
  }
}
