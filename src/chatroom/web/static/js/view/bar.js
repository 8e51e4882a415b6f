/** The quiet bar that says how the connection is, unless all is well. */
import { byId } from "./dom.js";

const BACK_MS = 2000; // how long it says that the connection is back
const PATIENCE_MS = 400; // a connection that is there sooner is not worth a word

export class Bar {
  #bar = byId("connection", HTMLElement);
  #text = byId("connection-text", HTMLElement);
  #countdown = byId("countdown", HTMLElement);
  #now = byId("try-now", HTMLButtonElement);
  #timer = 0;
  #been = false; // whether there has been a connection
  #lost = false;

  /** @param {() => void} hurry The person wants to try now. */
  constructor(hurry) {
    this.#now.addEventListener("click", hurry);
  }

  /** A first attempt is made. */
  connecting() {
    clearTimeout(this.#timer);
    this.#been = false;
    this.#lost = false;
    this.#timer = setTimeout(() => this.#show("Connecting …", "", false), PATIENCE_MS);
  }

  /** The connection is there. */
  connected() {
    clearTimeout(this.#timer);
    if (this.#lost) {
      this.#show("Connected", "", false);
      this.#timer = setTimeout(() => this.hide(), BACK_MS);
    } else this.hide();
    this.#been = true;
    this.#lost = false;
  }

  /** The connection is gone; says when the next attempt comes. @param {number} nextAt In ms since 1970. */
  lost(nextAt) {
    clearTimeout(this.#timer);
    this.#lost = true;
    const seconds = Math.ceil((nextAt - Date.now()) / 1000);
    const what = this.#been ? "Connection lost" : "Cannot reach the server";
    this.#show(`${what}, trying again`, seconds > 0 ? ` in ${seconds} s` : " …", seconds > 1);
    // The sentence stays as it is while the seconds pass, as it would be read aloud each time.
    const next = ((nextAt - Date.now()) % 1000) + 20;
    if (seconds > 0) this.#timer = setTimeout(() => this.lost(nextAt), next);
  }

  /** All is well, or nobody is logged in. */
  hide() {
    clearTimeout(this.#timer);
    this.#bar.hidden = true;
    this.#text.textContent = "";
    this.#countdown.textContent = "";
  }

  /** @param {string} text @param {string} countdown @param {boolean} hurry */
  #show(text, countdown, hurry) {
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#countdown.textContent = countdown;
    this.#now.hidden = !hurry;
    this.#bar.hidden = false;
    this.#bar.classList.toggle("back", !this.#lost);
  }
}
