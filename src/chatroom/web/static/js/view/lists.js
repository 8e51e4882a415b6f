/**
 * The conversations with their unread counts, and the people who are here.
 *
 * @import {Chat} from "../model/chat.js"
 * @import {Conversation} from "../model/conversation.js"
 */
import { fold } from "../model/names.js";
import { counted } from "../model/phrases.js";
import { arrange, beforePaint, byId, icon, make } from "./dom.js";
import { avatar } from "./row.js";

const SHOWN = 300; // how many people are in the list; the others can be found by their names
const SEARCHED = 12; // with more people than that there is a field to find somebody
const MOST = 999;

export class Lists {
  /** @type {Chat | null} */
  #chat = null;
  #conversations = byId("conversations", HTMLElement);
  #people = byId("people", HTMLElement);
  #find = byId("find", HTMLInputElement);
  #more = byId("more-people", HTMLElement);
  #dot = byId("side-unread", HTMLElement);
  #subtitle = byId("subtitle", HTMLElement);
  /** @type {Map<Conversation, HTMLElement>} */
  #talks = new Map();
  /** @type {Map<string, HTMLElement>} */
  #persons = new Map();
  #open;
  /** Asks for the conversations to be shown anew. */
  changed = beforePaint(() => this.#showConversations());
  /** Asks for the people to be shown anew. */
  peopleChanged = beforePaint(() => this.#showPeople());

  /** @param {(conversation: Conversation) => void} open The person wants to see one. */
  constructor(open) {
    this.#open = open;
    this.#find.addEventListener("input", () => this.#showPeople());
  }

  /** @param {Chat} chat */
  show(chat) {
    this.#chat = chat;
    this.#find.value = "";
    this.#talks.clear();
    this.#persons.clear();
    this.peopleChanged();
  }

  /** Shows nobody any more. */
  clear() {
    this.#chat = null;
    this.#conversations.replaceChildren();
    this.#people.replaceChildren();
  }

  #showConversations() {
    const chat = this.#chat;
    if (!chat) return;
    const items = chat.conversations.map((conversation) => {
      const known = this.#talks.get(conversation) ?? this.#talk(conversation);
      this.#talks.set(conversation, known);
      this.#update(known, conversation, chat);
      return known;
    });
    arrange(this.#conversations, items);
    this.#dot.hidden = !chat.conversations.some((one) => one !== chat.active && one.unread > 0);
    this.#showSubtitle(chat);
  }

  /** @param {Conversation} conversation */
  #talk(conversation) {
    const { partner } = conversation;
    const sign = partner === null ? roomSign() : avatar(partner);
    const name = make("bdi", { class: "name" }, partner ?? "Room");
    const badge = make("span", { class: "badge", "aria-hidden": "true" });
    const button = make("button", { type: "button", class: "item" }, sign, name, badge);
    button.addEventListener("click", () => this.#open(conversation));
    return make("li", {}, button);
  }

  /** @param {HTMLElement} item @param {Conversation} conversation @param {Chat} chat */
  #update(item, { key, partner, unread }, chat) {
    const name = partner ?? "Room";
    const away = partner !== null && !chat.roster.has(key);
    const [button, badge] = item.querySelectorAll("button, .badge");
    if (!button || !badge) return;
    let label = away ? `${name}, not here` : name;
    if (unread > 0) label = `${name}, ${unread} unread`;
    set(button, "aria-label", label);
    set(button, "aria-current", chat.active.key === key ? "true" : null);
    button.classList.toggle("away", away);
    // Drawn by the style sheet, so that what is read and what is seen of the name is the same.
    set(badge, "data-count", unread === 0 ? null : unread > MOST ? `${MOST}+` : String(unread));
  }

  #showPeople() {
    const chat = this.#chat;
    if (!chat) return;
    const { users } = chat.roster;
    this.#find.hidden = users.length <= SEARCHED;
    const wanted = this.#find.hidden ? "" : fold(this.#find.value.trim());
    const found = wanted ? users.filter((name) => fold(name).includes(wanted)) : users;
    const shown = [chat.me].filter((me) => found.includes(me));
    for (const name of found) {
      if (shown.length >= SHOWN) break;
      if (name !== chat.me) shown.push(name);
    }
    /** @type {Map<string, HTMLElement>} */
    const items = new Map();
    for (const name of shown) items.set(name, this.#persons.get(name) ?? this.#person(chat, name));
    arrange(this.#people, items.values());
    this.#persons = items;
    const rest = found.length - shown.length;
    this.#more.hidden = rest <= 0;
    this.#more.textContent = `and ${counted(rest, "other")}`;
    this.#showConversations();
  }

  /** @param {Chat} chat */
  #showSubtitle({ active, roster }) {
    const count = roster.users.length;
    let sentence = `${count.toLocaleString()} people are here`;
    if (count === 1) sentence = "You are alone here";
    if (active.partner !== null) {
      const there = roster.has(active.key);
      sentence = there ? "Only the two of you see this" : `${active.partner} is not here just now`;
    }
    if (count === 0) sentence = "";
    if (this.#subtitle.textContent !== sentence) this.#subtitle.textContent = sentence;
  }

  /** @param {Chat} chat @param {string} name */
  #person(chat, name) {
    const shown = make("bdi", { class: "name" }, name);
    if (name === chat.me) {
      return make("li", { class: "item me" }, avatar(name), shown, make("span", { class: "you" }, "you"));
    }
    const attributes = { type: "button", class: "item", title: `Write to ${name} alone` };
    const button = make("button", attributes, avatar(name), shown);
    button.addEventListener("click", () => this.#open(chat.talk(name)));
    return make("li", {}, button);
  }
}

/** @param {Element} element @param {string} name @param {string | null} value */
function set(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @returns {HTMLElement} */
function roomSign() {
  return make("span", { class: "avatar room", "aria-hidden": "true" }, icon("room"));
}
