/**
 * The form by which one comes in, with an account or a new one.
 *
 * @import {Frame} from "../types.js"
 */
import { byId } from "./dom.js";

const INVITE_CODES = new Set(["invite_required", "invalid_invite"]);

/** @type {Record<string, string>} which field an error is about, where the server does not say */
const FIELDS = {
  wrong_password: "password",
  invalid_username: "username",
  invite_required: "invite",
  invalid_invite: "invite",
};

/** @typedef {{username: string, password?: string, invite?: string, stay: boolean}} Credentials */

export class Login {
  #entrance = byId("entrance", HTMLElement);
  #form = byId("login", HTMLFormElement);
  #name = byId("name", HTMLInputElement);
  #password = byId("password", HTMLInputElement);
  #inviteField = byId("invite-field", HTMLElement);
  #invite = byId("invite", HTMLInputElement);
  #stay = byId("stay", HTMLInputElement);
  #error = byId("login-error", HTMLElement);
  #join = byId("join", HTMLButtonElement);

  /** @param {(credentials: Credentials) => void} submitted */
  constructor(submitted) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(submitted);
    });
  }

  /**
   * Shows the form.
   * @param {string} name Who may want to come in; empty if that is not known.
   * @param {string} sentence What there is to say, if anything.
   */
  show(name, sentence) {
    document.documentElement.classList.remove("returning");
    this.#entrance.hidden = false;
    if (name) this.#name.value = name;
    this.#wait(false);
    this.#say(sentence);
    (this.#name.value ? this.#password : this.#name).focus();
  }

  /** Takes it away, with the password. */
  hide() {
    this.#entrance.hidden = true;
    this.#password.value = "";
    this.#invite.value = "";
    this.#inviteField.hidden = true;
    this.#wait(false);
    this.#say("");
  }

  /** Says why the server did not let the person in. @param {Frame} refusal */
  refuse(refusal) {
    this.#wait(false);
    const required = refusal.type === "password_required";
    if (INVITE_CODES.has(refusal.code)) this.#inviteField.hidden = false;
    if (required) {
      this.#password.autocomplete = refusal.new_user ? "new-password" : "current-password";
    }
    this.#say(String(refusal.message ?? "The server did not let you in."));
    this.#error.classList.toggle("kind", required);
    const field = required ? "password" : refusal.field ?? FIELDS[refusal.code];
    const inputs = { username: this.#name, password: this.#password, invite: this.#invite };
    const input = inputs[/** @type {keyof typeof inputs} */ (field)] ?? this.#password;
    input.focus();
    input.select();
  }

  /** @param {(credentials: Credentials) => void} submitted */
  #submit(submitted) {
    if (this.#join.disabled) return;
    const username = this.#name.value.trim();
    if (username === "") {
      this.#say("Choose a name to be known by.");
      this.#name.focus();
      return;
    }
    const password = this.#password.value ? { password: this.#password.value } : {};
    const invite = this.#invite.value.trim() ? { invite: this.#invite.value.trim() } : {};
    this.#say("");
    this.#wait(true);
    submitted({ username, ...password, ...invite, stay: this.#stay.checked });
  }

  /** @param {boolean} waiting */
  #wait(waiting) {
    this.#join.disabled = waiting;
    this.#form.setAttribute("aria-busy", String(waiting));
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.#error.classList.remove("kind");
    this.#error.textContent = sentence;
  }
}
