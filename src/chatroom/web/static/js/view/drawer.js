/** On a narrow screen the lists are a drawer, which opens over the conversation. */
import { byId } from "./dom.js";

export class Drawer {
  #narrow = matchMedia("(max-width: 760px)");
  #side = byId("side", HTMLElement);
  #talk = byId("talk", HTMLElement);
  #backdrop = byId("backdrop", HTMLElement);
  #opener = byId("open-side", HTMLElement);
  #closer = byId("close-side", HTMLElement);
  open = false;

  constructor() {
    this.#opener.addEventListener("click", () => this.#set(true));
    this.#closer.addEventListener("click", () => this.close());
    this.#backdrop.addEventListener("click", () => this.close());
    this.#narrow.addEventListener("change", () => this.#set(false));
    this.#set(false);
  }

  /** @returns {boolean} Whether there was something to close. */
  close() {
    if (!this.open) return false;
    this.#set(false);
    this.#opener.focus();
    return true;
  }

  /** @param {boolean} open */
  #set(open) {
    this.open = open && this.#narrow.matches;
    this.#side.inert = this.#narrow.matches && !this.open;
    this.#talk.inert = this.open;
    this.#side.classList.toggle("open", this.open);
    this.#backdrop.classList.toggle("open", this.open);
    this.#opener.setAttribute("aria-expanded", String(this.open));
    if (this.open) this.#closer.focus();
  }
}
