/**
 * One row of a conversation: a message, who came and left, or a note, with what stands above it.
 *
 * @import {Entry, Message, Own, Presence} from "../types.js"
 * @import {Conversation} from "../model/conversation.js"
 */
import { fold, hue } from "../model/names.js";
import { presence } from "../model/phrases.js";
import { day, dayOf, machine, moment, time } from "./days.js";
import { icon, make } from "./dom.js";
import { fillText } from "./text.js";

const GROUP_SECONDS = 600; // within each such stretch of time, what one says in a row has one head
const LONG_LINES = 24;
const LONG_CHARACTERS = 2400;
const LINE_PIXELS = 22;
const CHARACTER_PIXELS = 7.3;

/** @type {Record<string, string>} */
const STATES = { pending: "Sending", said: "Said", refused: "Not sent" };

/**
 * @typedef {object} Context
 * @property {(text: string) => boolean} mentions Whether a text mentions the person.
 * @property {(own: Own) => void} again The person wants a refused message to go out again.
 * @property {(own: Own) => void} back The person wants a refused message back to change it.
 */

export class RowMaker {
  /** @type {Context} */
  #context;
  /** @type {WeakSet<Entry>} long messages that the person has unfolded */
  #unfolded = new WeakSet();
  /** @type {WeakMap<HTMLElement, string>} of the rows that were made */
  #shapes = new WeakMap();
  /** @type {Conversation | null} */
  #all = null;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** @param {Entry} entry @param {Entry | undefined} before @param {Conversation} all */
  sign(entry, before, all) {
    const shape = this.#shape(entry, before, all);
    if (entry.kind !== "message") return shape;
    return `${shape} ${entry.seq} ${stateOf(entry)} ${entry.pending?.reason ?? ""}`;
  }

  /**
   * @param {Entry} entry
   * @param {Entry | undefined} before
   * @param {Conversation} all
   * @returns {string} Says what a row looks like, but for the state of what the person said.
   */
  #shape(entry, before, all) {
    const above = `${entry === all.mark} ${isNewDay(entry, before) ? day(entry.ts) : ""}`;
    if (entry.kind === "presence") return `${above} ${presence(entry)}`;
    if (entry.kind === "note") return `${above} ${entry.text}`;
    return `${above} ${isGrouped(entry, before, all)} ${this.#unfolded.has(entry)}`;
  }

  /**
   * @param {Entry} entry
   * @param {Entry | undefined} before
   * @param {Conversation} all
   * @param {number} width
   */
  estimate(entry, before, all, width) {
    if (entry.kind !== "message") return LINE_PIXELS + 8;
    const perLine = Math.max((width - 140) / CHARACTER_PIXELS, 20);
    let lines = 0;
    for (const line of entry.text.split("\n", LONG_LINES)) {
      lines += Math.max(Math.ceil(line.length / perLine), 1);
    }
    const head = isGrouped(entry, before, all) ? 1 : LINE_PIXELS + 10;
    return Math.min(lines, LONG_LINES) * LINE_PIXELS + head;
  }

  /**
   * @param {Entry} entry
   * @param {Entry | undefined} before
   * @param {Conversation} all
   * @param {HTMLElement} [old] The row that it takes the place of. Where only the state is another, it
   *   stays, so that what is selected in it stays as well.
   * @returns {HTMLElement}
   */
  make(entry, before, all, old) {
    this.#all = all;
    const shape = this.#shape(entry, before, all);
    const article = old && this.#shapes.get(old) === shape && old.querySelector("article");
    if (article && entry.kind === "message") {
      this.#mark(article, entry);
      return old;
    }
    const row = make("div", { class: "row" });
    this.#shapes.set(row, shape);
    if (isNewDay(entry, before)) row.append(separator("day", day(entry.ts)));
    if (entry === all.mark) row.append(separator("new", "New messages"));
    if (entry.kind === "message") row.append(this.#message(entry, isGrouped(entry, before, all)));
    else if (entry.kind === "presence") row.append(folded(entry));
    else row.append(make("p", { class: "note" }, entry.text));
    return row;
  }

  /** @param {Message} message @param {boolean} grouped @returns {HTMLElement} */
  #message(message, grouped) {
    const { from, text, ts, own } = message;
    const called = !own && this.#context.mentions(text);
    const element = make("article", {
      class: `message${grouped ? " grouped" : ""}${own ? " own" : ""}${called ? " called" : ""}`,
    });
    if (!grouped) element.append(avatar(from));
    const author = make("bdi", { class: "author" }, from);
    author.style.setProperty("--hue", String(hue(from)));
    const at = make("time", { datetime: machine(ts), title: moment(ts) }, time(ts));
    element.append(make("p", { class: "by" }, author, " ", at));
    element.append(this.#text(message));
    this.#mark(element, message);
    return element;
  }

  /** Shows how far a message has come. @param {HTMLElement} element @param {Message} message */
  #mark(element, message) {
    const { seq, own, pending } = message;
    const state = stateOf(message);
    element.dataset.state = state;
    if (pending) element.dataset.id = pending.id;
    else {
      delete element.dataset.id;
      element.dataset.seq = String(seq);
    }
    for (const before of element.querySelectorAll(".state, .refusal")) before.remove();
    if (own) element.append(make("span", { class: "state" }, icon(state, STATES[state])));
    if (pending?.state === "refused") element.append(this.#refusal(pending));
  }

  /** @param {Message} message @returns {DocumentFragment} */
  #text(message) {
    const fragment = document.createDocumentFragment();
    const { text } = message;
    const body = make("div", { class: "text", dir: "auto" });
    fillText(body, text);
    fragment.append(body);
    const long = text.length > LONG_CHARACTERS || text.split("\n", LONG_LINES + 1).length > LONG_LINES;
    if (!long || this.#unfolded.has(message)) return fragment;
    body.classList.add("long");
    const more = make("button", { class: "unfold quiet", type: "button" }, "Show all of it");
    more.addEventListener("click", () => {
      this.#unfolded.add(message);
      this.#all?.touch(message);
    });
    fragment.append(more);
    return fragment;
  }

  /** @param {Own} own @returns {HTMLElement} */
  #refusal(own) {
    const again = make("button", { class: "quiet", type: "button" }, "Send again");
    const back = make("button", { class: "quiet", type: "button" }, "Take back");
    again.addEventListener("click", () => this.#context.again(own));
    back.addEventListener("click", () => this.#context.back(own));
    return make("p", { class: "refusal" }, make("span", {}, own.reason), again, back);
  }
}

/** @param {string} name @returns {HTMLElement} The first letter of a name, in its colour. */
export function avatar(name) {
  const [letter = "?"] = name;
  const attributes = { class: "avatar", "aria-hidden": "true", "data-letter": letter.toUpperCase() };
  const element = make("span", attributes);
  element.style.setProperty("--hue", String(hue(name)));
  return element;
}

/** @param {Message} message */
function stateOf({ pending }) {
  return pending ? pending.state : "said";
}

/** @param {Entry} entry @param {Entry | undefined} before */
function isNewDay(entry, before) {
  return before === undefined || dayOf(entry.ts) !== dayOf(before.ts);
}

/**
 * @param {Message} message
 * @param {Entry | undefined} before
 * @param {Conversation} all
 */
function isGrouped(message, before, all) {
  if (before?.kind !== "message" || message === all.mark || isNewDay(message, before)) return false;
  const stretch = (/** @type {number} */ ts) => Math.floor(ts / GROUP_SECONDS);
  return stretch(message.ts) === stretch(before.ts) && fold(before.from) === fold(message.from);
}

/** @param {string} kind @param {string} label */
function separator(kind, label) {
  const line = { class: kind, role: "separator", "aria-label": label };
  return make("div", line, make("span", { "aria-hidden": "true" }, label));
}

/** @param {Presence} entry */
function folded(entry) {
  return make("p", { class: "presence" }, presence(entry));
}
