/**
 * The page of somebody who is logged in.
 *
 * @import {Message} from "../types.js"
 * @import {Person} from "../person.js"
 * @import {Conversation} from "../model/conversation.js"
 */
import { BOUND } from "../model/conversation.js";
import { mentions } from "../model/names.js";
import { counted } from "../model/phrases.js";
import { Attention } from "./attention.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { Drawer } from "./drawer.js";
import { listenToKeys } from "./keys.js";
import { Lists } from "./lists.js";
import { avatar, RowMaker } from "./row.js";
import { Scroller } from "./scroller.js";
import { visible } from "./text.js";

const TOP = "This is where it begins.";
const LOADING = "Loading what was said before …";

export class App {
  /** @type {Person | null} */
  #person = null;
  #shell = byId("shell", HTMLElement);
  #log = byId("log", HTMLElement);
  #top = byId("top", HTMLElement);
  #empty = byId("empty", HTMLElement);
  #latest = byId("latest", HTMLElement);
  #leaving = byId("leaving", HTMLDialogElement);
  /** @type {(text: string) => boolean} */
  #mentioned = () => false;
  #loading = false;
  #drawer = new Drawer();
  #lists = new Lists((conversation) => this.open(conversation));
  #attention = new Attention(() => this.#person?.chat.unread ?? 0, () => this.#composer.focus());
  #rows = new RowMaker({
    mentions: (text) => this.#mentioned(text),
    again: (own) => this.#send((person) => person.chat.again(own)),
    back: (own) => this.#send((person) => {
      person.chat.drop(own);
      this.#composer.putBack(own.text);
    }),
  });
  #scroller = new Scroller(
    { root: this.#log, space: byId("space", HTMLElement), layer: byId("rows", HTMLElement) },
    this.#rows,
    { moved: () => this.#moved(), nearStart: () => void this.#older() },
  );
  #composer = new Composer({
    submitted: (text) => this.#send((person) => {
      person.chat.say(text);
      this.#toEnd();
    }),
    users: () => this.#others(),
    scroll: (pages) => this.#scroller.scrollPages(pages),
  });

  /** @param {() => void} leave The person wants to log out. */
  constructor(leave) {
    this.#latest.addEventListener("click", () => {
      this.#toEnd();
      this.#composer.focus();
    });
    byId("leave", HTMLElement).addEventListener("click", () => this.#askToLeave(leave));
    this.#leaving.addEventListener("close", () => this.#leaving.returnValue === "leave" && leave());
    document.addEventListener("visibilitychange", () => this.#person?.chat.read());
    addEventListener("focus", () => this.#person?.chat.read());
    listenToKeys({
      step: (by, unread) => this.#step(by, unread),
      escape: () => this.#drawer.close() || this.#toEnd(),
      write: () => this.#composer.focus(),
    });
  }

  /** Shows what a person sees. @param {Person} person */
  show(person) {
    this.#shell.hidden = false;
    if (this.#person === person) {
      this.#rename(person);
      this.#scroller.changed(person.chat.active.length); // older messages can be asked for again
      return;
    }
    this.#person = person;
    const { chat, kept } = person;
    chat.attentive = () => !document.hidden && this.#scroller.atEnd && this.#shell.hidden === false;
    chat.watcher = {
      list: () => this.#listChanged(),
      roster: () => this.#lists.peopleChanged(),
      arrived: (conversation, message, replay) => this.#arrived(conversation, message, replay),
    };
    this.#composer.begin({ load: () => kept.drafts(), save: (drafts) => kept.saveDrafts(drafts) });
    this.#rename(person);
    this.#lists.show(chat);
    this.#look(chat.active);
    this.open(chat.named(kept.active()));
    if (!matchMedia("(pointer: coarse)").matches) this.#composer.focus();
  }

  /** Takes it away, as nobody is logged in. */
  hide() {
    this.#shell.hidden = true;
    this.#drawer.close();
    this.#leaving.close();
  }

  /** Nobody is there any more: forgets what was shown. */
  forget() {
    this.#person = null;
    this.#scroller.clear();
    this.#lists.clear();
    this.#composer.forget();
    this.#attention.forget();
    this.#attention.retitle();
  }

  /** Goes to a conversation. @param {Conversation} conversation */
  open(conversation) {
    const chat = this.#person?.chat;
    if (!chat) return;
    this.#drawer.close();
    if (conversation !== chat.active) {
      chat.open(conversation);
      this.#person?.kept.saveActive(conversation.key);
      this.#look(conversation);
    }
    if (!matchMedia("(pointer: coarse)").matches) this.#composer.focus();
  }

  /** @param {Conversation} conversation */
  #look(conversation) {
    const { key, partner } = conversation;
    const chat = this.#person?.chat;
    for (const other of chat?.conversations ?? []) other.changed = () => {};
    conversation.changed = (from) => this.#scroller.changed(from);
    byId("title", HTMLElement).textContent = partner ?? "Room";
    const label = partner === null ? "Messages in the room" : `Messages with ${partner}`;
    this.#log.setAttribute("aria-label", label);
    this.#composer.show(key, partner);
    this.#scroller.show(conversation);
    this.#lists.changed();
  }

  /** @param {Person} person */
  #rename({ name, chat }) {
    this.#mentioned = mentions(name);
    byId("self-name", HTMLElement).textContent = name;
    byId("self-avatar", HTMLElement).replaceWith(this.#selfAvatar(name));
    if (chat.me !== name) chat.me = name;
  }

  /** @param {string} name */
  #selfAvatar(name) {
    const element = avatar(name);
    element.id = "self-avatar";
    return element;
  }

  /** @returns {string[]} Who else is here. */
  #others() {
    const chat = this.#person?.chat;
    return chat?.roster.users.filter((name) => name !== chat.me) ?? [];
  }

  #listChanged() {
    this.#lists.changed();
    this.#attention.retitle();
  }

  /** @param {Conversation} conversation @param {Message} message @param {boolean} replay */
  #arrived(conversation, message, replay) {
    const { partner } = conversation;
    const forMe = partner !== null || this.#mentioned(message.text);
    const active = conversation === this.#person?.chat.active;
    const whisper = partner === null ? "" : " to you alone";
    if (!replay && (active || forMe)) {
      this.#attention.say(`${message.from}${whisper}: ${visible(message.text)}`);
    }
    if (forMe && document.hidden) {
      this.#attention.call(message, partner === null ? `${message.from} in the room` : message.from);
    }
  }

  /** What is looked at may be another part. */
  #moved() {
    const chat = this.#person?.chat;
    if (!chat) return;
    const { active } = chat;
    chat.read();
    this.#latest.hidden = this.#scroller.atEnd && !active.detached;
    this.#latest.classList.toggle("unread", active.unread > 0);
    const complete = chat.complete(active);
    this.#top.textContent = active.length === 0 ? "" : complete ? TOP : LOADING;
    this.#empty.hidden = active.length > 0 || !complete;
    this.#empty.textContent =
      active.partner === null
        ? "Nothing has been said here yet. Say hello."
        : `Nothing yet between you and ${active.partner}. Only the two of you will see what you write.`;
    if (active.settled > BOUND) chat.trim(active, this.#scroller.nearEnd ? "oldest" : "newest");
  }

  /** The beginning of what is there is near: gets older messages. */
  async #older() {
    const chat = this.#person?.chat;
    if (!chat || this.#loading || chat.complete(chat.active)) return;
    this.#loading = true;
    const more = await chat.older(chat.active);
    this.#loading = false;
    // Where nothing to show was found, there is no other occasion to go on, or to say that all is here.
    if (more || chat.complete(chat.active)) this.#scroller.changed(chat.active.length);
  }

  /** Goes to the newest message. */
  #toEnd() {
    const chat = this.#person?.chat;
    if (chat?.active.detached) void chat.restart();
    this.#scroller.toEnd();
  }

  /** @param {(person: Person) => void} deed Something upon which messages may have to go out. */
  #send(deed) {
    if (!this.#person) return;
    deed(this.#person);
    this.#person.dispatcher.flush();
  }

  /** @param {1 | -1} by @param {boolean} unread */
  #step(by, unread) {
    const chat = this.#person?.chat;
    if (!chat) return;
    const all = chat.conversations;
    const here = all.indexOf(chat.active);
    for (let step = 1; step <= all.length; step += 1) {
      const next = all[(here + by * step + all.length * 2) % all.length];
      if (!next || (unread && next.unread === 0)) continue;
      this.open(next);
      return;
    }
  }

  /** @param {() => void} leave */
  #askToLeave(leave) {
    const waiting = this.#person?.pending.all.length ?? 0;
    if (waiting === 0) {
      leave();
      return;
    }
    const have = waiting === 1 ? "has" : "have";
    const sentence = `${counted(waiting, "message")} of yours ${have} not been sent.`;
    byId("leaving-text", HTMLElement).textContent = sentence;
    this.#leaving.returnValue = "stay";
    this.#leaving.showModal();
  }
}
