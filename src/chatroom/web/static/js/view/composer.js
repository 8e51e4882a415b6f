/** Where one writes: sending, drafts, and what one wrote before. */
import { byId } from "./dom.js";
import { Completion } from "./completion.js";

const RECALLED = 50; // how many of one's own texts come back by the up-arrow

/**
 * @typedef {object} Drafts Where what is being written is kept.
 * @property {() => Map<string, string>} load
 * @property {(drafts: Map<string, string>) => void} save
 */

export class Composer {
  #form = byId("composer", HTMLFormElement);
  #field = byId("write", HTMLTextAreaElement);
  #completion;
  #submitted;
  #key = "";
  /** @type {Drafts} */
  #kept = { load: () => new Map(), save: () => {} };
  /** @type {Map<string, string>} by conversation */
  #drafts = new Map();
  /** @type {Map<string, string[]>} what was sent, by conversation, the newest last */
  #sent = new Map();
  #recalled = 0; // how many texts back the field shows, 0 for none
  #begun = ""; // what was being written when the first of them was brought back
  #grows = CSS.supports("field-sizing", "content");

  /**
   * @param {object} parts
   * @param {(text: string) => void} parts.submitted
   * @param {() => string[]} parts.users Who can be named.
   * @param {(pages: number) => void} parts.scroll
   */
  constructor({ submitted, users, scroll }) {
    this.#submitted = submitted;
    this.#completion = new Completion(this.#field, users);
    this.#field.addEventListener("keydown", (event) => this.#pressed(event, scroll));
    this.#field.addEventListener("input", () => this.#written());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Begins for another person. @param {Drafts} kept */
  begin(kept) {
    this.#kept = kept;
    this.#drafts = kept.load();
    this.#sent.clear();
  }

  /** Goes to a conversation. @param {string} key @param {string | null} partner */
  show(key, partner) {
    this.#key = key;
    this.#recalled = 0;
    this.#completion.close();
    const label = partner === null ? "Message to the room" : `Message to ${partner}`;
    this.#field.setAttribute("aria-label", label);
    this.#field.placeholder = label;
    this.#set(this.#drafts.get(key) ?? "");
  }

  focus() {
    this.#field.focus();
  }

  /** Forgets what is being written here. */
  forget() {
    this.begin({ load: () => new Map(), save: () => {} });
    this.show("", null);
  }

  /** Puts a text in front of what is being written. @param {string} text */
  putBack(text) {
    const draft = this.#field.value;
    this.#set(draft.trim() ? `${text}\n${draft}` : text);
    this.#written();
    this.focus();
  }

  #submit() {
    const text = this.#field.value;
    if (text.trim() === "") return;
    const sent = this.#sent.get(this.#key) ?? [];
    this.#sent.set(this.#key, [...sent, text].slice(-RECALLED));
    this.#recalled = 0;
    this.#set("");
    this.#written();
    this.#completion.close();
    this.#submitted(text);
    this.focus();
  }

  /** @param {KeyboardEvent} event @param {(pages: number) => void} scroll */
  #pressed(event, scroll) {
    if (event.isComposing || event.keyCode === 229) return; // an input method is at work
    if (this.#completion.key(event)) return;
    const bare = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!bare) return;
    if (event.key === "Enter") this.#submit();
    else if (event.key === "ArrowUp" && this.#atTop()) this.#recall(this.#recalled + 1);
    else if (event.key === "ArrowDown" && this.#atBottom()) this.#recall(this.#recalled - 1);
    else if (event.key === "PageUp") scroll(-1);
    else if (event.key === "PageDown") scroll(1);
    else return;
    event.preventDefault();
  }

  /** Whether the caret cannot go further up: at the very beginning, or in the first line of what was
   * brought back. */
  #atTop() {
    const { value, selectionStart, selectionEnd } = this.#field;
    if (this.#recalled === 0) return selectionEnd === 0;
    return !value.slice(0, selectionStart).includes("\n");
  }

  /** Whether the caret is in the last line of what was brought back. */
  #atBottom() {
    const { value, selectionEnd } = this.#field;
    return this.#recalled > 0 && !value.slice(selectionEnd).includes("\n");
  }

  /** @param {number} back */
  #recall(back) {
    const sent = this.#sent.get(this.#key) ?? [];
    if (back > sent.length) return;
    if (this.#recalled === 0) this.#begun = this.#field.value;
    this.#set(back === 0 ? this.#begun : sent[sent.length - back] ?? "");
    this.#keep();
    this.#recalled = back;
  }

  /** @param {string} text */
  #set(text) {
    this.#field.value = text;
    this.#field.setSelectionRange(text.length, text.length);
    this.#grow();
  }

  #written() {
    this.#recalled = 0;
    this.#keep();
    this.#grow();
  }

  #keep() {
    if (this.#field.value) this.#drafts.set(this.#key, this.#field.value);
    else this.#drafts.delete(this.#key);
    this.#kept.save(this.#drafts);
  }

  /** Makes the field as high as its text, where the browser does not by itself. */
  #grow() {
    if (this.#grows) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
