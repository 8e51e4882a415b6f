/** Completes `@name` where it is written, with a list to choose from. */
import { fold } from "../model/names.js";
import { byId, make } from "./dom.js";
import { avatar } from "./row.js";

const OFFERED = 8;
const BEGUN = /(?:^|[\s(])@([\p{L}\p{N}._-]*)$/u;

export class Completion {
  #list = byId("names", HTMLElement);
  #field;
  #users;
  /** @type {string[]} */
  #offered = [];
  #chosen = 0;
  #begin = 0; // where the name begins in the text

  /**
   * @param {HTMLTextAreaElement} field
   * @param {() => string[]} users Who can be named.
   */
  constructor(field, users) {
    this.#field = field;
    this.#users = users;
    field.addEventListener("input", () => this.#look());
    field.addEventListener("blur", () => this.close());
    // Keeps the focus in the field, so that the list is still there when the click comes.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get open() {
    return this.#offered.length > 0;
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} Whether the key was meant for the list.
   */
  key(event) {
    if (!this.open || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "ArrowDown") this.#choose(this.#chosen + 1);
    else if (event.key === "ArrowUp") this.#choose(this.#chosen - 1);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close() {
    this.#offered = [];
    this.#list.hidden = true;
    this.#field.removeAttribute("aria-activedescendant");
  }

  #look() {
    const caret = this.#field.selectionStart;
    const begun = BEGUN.exec(this.#field.value.slice(0, caret));
    const prefix = begun?.[1];
    this.#offered = prefix === undefined ? [] : this.#matching(fold(prefix));
    if (prefix === undefined || !this.open) {
      this.close();
      return;
    }
    this.#begin = caret - prefix.length;
    const items = this.#offered.map((name, index) => {
      const attributes = { role: "option", id: `name-${index}`, class: "item" };
      const item = make("li", attributes, avatar(name), make("bdi", { class: "name" }, name));
      item.addEventListener("click", () => this.#take(index));
      return item;
    });
    this.#list.replaceChildren(...items);
    this.#list.hidden = false;
    this.#choose(0);
  }

  /** @param {string} prefix @returns {string[]} */
  #matching(prefix) {
    const found = [];
    for (const name of this.#users()) {
      if (fold(name).startsWith(prefix)) found.push(name);
      if (found.length === OFFERED) break;
    }
    const typed = found.length === 1 && fold(found[0] ?? "") === prefix; // nothing is left to complete
    return typed ? [] : found;
  }

  /** @param {number} index */
  #choose(index) {
    this.#chosen = (index + this.#offered.length) % this.#offered.length;
    for (const [at, item] of [...this.#list.children].entries()) {
      item.setAttribute("aria-selected", String(at === this.#chosen));
    }
    this.#field.setAttribute("aria-activedescendant", `name-${this.#chosen}`);
    this.#list.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  #take(index) {
    const name = this.#offered[index];
    if (name === undefined) return;
    const caret = this.#field.selectionStart;
    this.#field.setRangeText(`${name} `, this.#begin, caret, "end");
    this.close();
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
