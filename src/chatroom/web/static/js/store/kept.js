/**
 * What is kept in the browser, and what of it outlives the tab.
 *
 * Everything is kept for the tab alone, but for the session and what was read, which are kept for
 * good where the person asked to stay logged in. A password is never kept. Where there is no room for
 * something, it is not kept.
 *
 * @import {Log, Own, Place} from "../types.js"
 * @import {Area} from "./areas.js"
 */
import { fold } from "../model/names.js";
import { lasting, tab } from "./areas.js";

const SESSION = "chatroom.session";
const NAME = "chatroom.name";

/** @typedef {{room: Place | null, inbox: Place | null, from: [string, number][], partners: string[]}} Read
 * Up to where the room was read, up to where the inbox was when the page was first opened, from whom
 * what was read in the inbox since, and with whom there were direct messages. */

/**
 * @param {Area} storage
 * @param {string} key
 * @returns {unknown} What was kept; null for nothing, or nothing that can be read.
 */
function load(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {Area} storage
 * @param {string} key
 * @param {unknown} value
 */
function save(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    storage.removeItem(key); // better nothing than what is no longer true
  }
}

/** The session, for whoever is logged in. */
export const session = {
  /** @returns {{token: string, name: string, stay: boolean} | null} */
  load() {
    for (const storage of [tab, lasting]) {
      const token = storage.getItem(SESSION);
      const name = storage.getItem(NAME) ?? "";
      if (token) return { token, name, stay: storage === lasting };
    }
    return null;
  },

  /**
   * @param {string} token
   * @param {string} name
   * @param {boolean} stay Whether it is to outlive the tab.
   */
  save(token, name, stay) {
    const storage = stay ? lasting : tab;
    try {
      storage.setItem(SESSION, token);
      storage.setItem(NAME, name);
    } catch {
      // then the person logs in again after a reload
    }
  },

  /**
   * Forgets it.
   * @param {string | null} token Only if it is this one, as another tab may have logged in since.
   */
  forget(token) {
    for (const storage of [tab, lasting]) {
      if (token !== null && storage.getItem(SESSION) === token) storage.removeItem(SESSION);
    }
  },

  /** @returns {string} The name that logged in last. */
  lastName() {
    return tab.getItem(NAME) ?? lasting.getItem(NAME) ?? "";
  },

  /** @param {(token: string) => void} gone Is told which session another tab has logged out. */
  watch(gone) {
    addEventListener("storage", ({ key, oldValue, newValue }) => {
      if (key === SESSION && oldValue && newValue === null) gone(oldValue);
    });
  },
};

/** What is kept for one person. */
export class Kept {
  #name;
  #lasting;

  /**
   * @param {string} name
   * @param {boolean} stay Whether what was read is to outlive the tab.
   */
  constructor(name, stay) {
    this.#name = fold(name);
    this.#lasting = stay ? lasting : tab;
  }

  /** @returns {Own[]} */
  pending() {
    const kept = load(tab, this.#key("pending"));
    return Array.isArray(kept) ? kept.map((own) => ({ ...own, seen: false })) : [];
  }

  /** @param {Own[]} all */
  savePending(all) {
    save(tab, this.#key("pending"), all);
  }

  /** @returns {Partial<Record<Log, Place>>} */
  places() {
    const places = load(tab, this.#key("places"));
    return places && typeof places === "object" ? places : {};
  }

  /** @param {Partial<Record<Log, Place>>} places */
  savePlaces(places) {
    save(tab, this.#key("places"), places);
  }

  /** @returns {Map<string, string>} What is being written, by conversation. */
  drafts() {
    const drafts = load(tab, this.#key("drafts"));
    return new Map(Array.isArray(drafts) ? drafts : []);
  }

  /** @param {Map<string, string>} drafts */
  saveDrafts(drafts) {
    save(tab, this.#key("drafts"), [...drafts]);
  }

  /** @returns {string} The conversation that was looked at last. */
  active() {
    return String(load(tab, this.#key("active")) ?? "");
  }

  /** @param {string} key */
  saveActive(key) {
    save(tab, this.#key("active"), key);
  }

  /** @returns {Read | null} */
  read() {
    return /** @type {Read | null} */ (load(this.#lasting, this.#key("read")));
  }

  /** @param {Read} read */
  saveRead(read) {
    save(this.#lasting, this.#key("read"), read);
  }

  /** Forgets where the logs stood and what was read of them, as the account is another one. */
  forgetLogs() {
    tab.removeItem(this.#key("places"));
    this.#lasting.removeItem(this.#key("read"));
  }

  /** Forgets what was being written, as the person leaves. */
  forget() {
    for (const what of ["pending", "places", "drafts", "active"]) {
      tab.removeItem(this.#key(what));
    }
  }

  /** @param {string} what */
  #key(what) {
    return `chatroom.${what}.${this.#name}`;
  }
}
