/**
 * What reaches a person who does not look, or does not see: the title, notifications, and what a
 * screen reader says.
 *
 * @import {Message} from "../types.js"
 */
import { lasting } from "../store/areas.js";
import { byId, make } from "./dom.js";
import { visible } from "./text.js";

const TITLE = "chatroom";
const DECLINED = "chatroom.quiet";
const SHOWN_CHARACTERS = 200;
const BREATH_MS = 1000; // so long it is gathered what is read aloud
const READ_ALOUD = 3; // of more than that within a breath only the number is told

export class Attention {
  #offer = byId("offer", HTMLElement);
  #announce = byId("announce", HTMLElement);
  /** @type {string[]} */
  #waiting = [];
  #timer = 0;
  #unread;

  /**
   * @param {() => number} unread How much is unread.
   * @param {() => void} opened The person has followed a notification.
   */
  constructor(unread, opened) {
    this.#unread = unread;
    this.opened = opened;
    byId("offer-yes", HTMLElement).addEventListener("click", () => void this.#ask());
    byId("offer-no", HTMLElement).addEventListener("click", () => this.#decline());
    document.addEventListener("visibilitychange", () => this.retitle());
  }

  /** Says in the title how much is unread, to those who do not look at the page. */
  retitle() {
    const count = document.hidden ? this.#unread() : 0;
    const title = count > 0 ? `(${count}) ${TITLE}` : TITLE;
    if (document.title !== title) document.title = title;
  }

  /** Reads something aloud, to those who have pages read to them. @param {string} sentence */
  say(sentence) {
    this.#waiting.push(sentence);
    this.#timer ||= setTimeout(() => {
      const said = this.#waiting;
      this.#waiting = [];
      this.#timer = 0;
      const lines = said.length > READ_ALOUD ? [`${said.length} new messages`] : said;
      this.#announce.replaceChildren(...lines.map((line) => make("p", {}, line)));
    }, BREATH_MS);
  }

  /** Says nothing any more. */
  forget() {
    this.#waiting = [];
    this.#announce.replaceChildren();
    this.#offer.hidden = true;
    this.retitle();
  }

  /**
   * Something was said that is meant for the person alone, while the page is in the background.
   * @param {Message} message
   * @param {string} title
   */
  call({ from, text }, title) {
    if (!("Notification" in window)) return;
    if (Notification.permission === "granted") void this.#notify(from, title, text);
    else if (Notification.permission === "default" && !declined()) this.#offer.hidden = false;
  }

  /** @param {string} from @param {string} title @param {string} text */
  async #notify(from, title, text) {
    const body = visible(text).slice(0, SHOWN_CHARACTERS);
    const options = { body, tag: `chatroom-${from}`, icon: "/static/icon-192.png" };
    const worker = await navigator.serviceWorker?.getRegistration();
    if (worker?.active) {
      await worker.showNotification(title, options);
      return;
    }
    const notification = new Notification(title, options);
    notification.addEventListener("click", () => {
      window.focus();
      notification.close();
      this.opened();
    });
  }

  async #ask() {
    this.#offer.hidden = true;
    if ((await Notification.requestPermission()) !== "granted") decline();
  }

  #decline() {
    this.#offer.hidden = true;
    decline();
  }
}

function declined() {
  return lasting.getItem(DECLINED) !== null;
}

function decline() {
  try {
    lasting.setItem(DECLINED, "true");
  } catch {
    // then it is asked again another day
  }
}
