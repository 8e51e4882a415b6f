/**
 * Where the page begins: who is logged in, and what follows when that changes.
 *
 * @import {Broken, Frame, Welcome} from "./types.js"
 * @import {Person} from "./person.js"
 * @import {App} from "./view/app.js"
 * @import {Bar} from "./view/bar.js"
 * @import {Credentials} from "./view/login.js"
 */
import { session } from "./store/kept.js";
import { Login } from "./view/login.js";
import { Connection } from "./wire/connection.js";
import { watchClock } from "./wire/wake.js";

/** Reasons after which the session is good no more, and the page is as it was before. */
const FINAL = new Set(["exit"]);

const WORKER = "/sw.js";

/** @typedef {{createScriptURL(url: string): string}} Policy  As browsers with Trusted Types want it. */
/** @typedef {{createPolicy(name: string, rules: Policy): Policy}} Policies */

/** What is needed only by somebody who is logged in; the form does not wait for it. */
const load = () =>
  Promise.all([import("./person.js"), import("./view/app.js"), import("./view/bar.js")]);

/** @type {ReturnType<typeof load> | null} */
let loaded = null;

/** @type {Person | null} who is logged in, comes back, or was let out */
let person = null;
/** @type {Person | null} who is trying to log in */
let candidate = null;
/** @type {App | null} */
let app = null;
/** @type {Bar | null} */
let bar = null;
/** @type {string | null} */
let token = null;

const login = new Login((credentials) => void enter(credentials));
const connection = new Connection(
  { entered, heard: (frame) => person?.hear(frame), refused, lost, ended },
  () => (candidate ?? person)?.places.known() ?? {},
);

/** Makes what somebody who is logged in needs. */
async function prepared() {
  loaded ??= load();
  const [{ Person }, { App }, { Bar }] = await loaded;
  app ??= new App(() => connection.leave());
  bar ??= new Bar(() => connection.hurry());
  return { Person, app, bar };
}

/** Somebody wants to log in. @param {Credentials} credentials */
async function enter({ stay, ...credentials }) {
  const ready = await prepared().catch(() => null);
  if (!ready) {
    loaded = null;
    login.refuse({ message: "The server cannot be reached." });
    return;
  }
  const { Person } = ready;
  const same = person?.is(credentials.username) && person.stay === stay;
  candidate = same ? person : new Person(credentials.username, stay, connection);
  connection.login(credentials);
}

/** Somebody comes back by a session. @param {{token: string, name: string, stay: boolean}} known */
async function comeBack(known) {
  const { Person, app, bar } = await prepared();
  token = known.token;
  person = new Person(known.name, known.stay, connection);
  login.hide();
  app.show(person);
  bar.connecting();
  connection.resume(known.token);
}

/** @param {Welcome} welcome */
function entered(welcome) {
  if (candidate && candidate !== person) person?.retire();
  person = candidate ?? person;
  candidate = null;
  if (!person) return;
  if (welcome.new_user) person = person.anew();
  if (welcome.session) {
    session.forget(token);
    token = welcome.session;
    session.save(token, welcome.username, person.stay);
  }
  login.hide();
  document.documentElement.classList.remove("returning");
  person.enter(welcome);
  app?.show(person);
  bar?.connected();
}

/** @param {Frame} refusal */
function refused(refusal) {
  person?.lose();
  if (candidate) {
    candidate = null;
    login.refuse(refusal);
    return;
  }
  const again = refusal.code === "invalid_session" ? "Please log in again." : refusal.message;
  letOut(String(again ?? ""));
}

/** @param {Broken} broken */
function lost(broken) {
  person?.lose(broken);
  bar?.lost(connection.nextAt);
}

/** @param {string} sentence @param {string} reason */
function ended(sentence, reason) {
  person?.lose();
  if (candidate) {
    candidate = null;
    login.refuse({ message: sentence });
    return;
  }
  if (FINAL.has(reason)) {
    person?.forget();
    app?.forget();
    person = null;
  }
  letOut(sentence);
}

/** Shows the form again, as the session has ended. @param {string} sentence */
function letOut(sentence) {
  const name = person?.name ?? session.lastName();
  session.forget(token);
  token = null;
  bar?.hide();
  app?.hide();
  login.show(name, sentence);
}

/** Keeps the page's own files for when the server cannot be reached. */
function keepShell() {
  const { trustedTypes } = /** @type {{trustedTypes?: Policies}} */ (/** @type {unknown} */ (window));
  const own = { createScriptURL: (/** @type {string} */ url) => (url === WORKER ? url : "") };
  const url = trustedTypes?.createPolicy("chatroom", own).createScriptURL(WORKER) ?? WORKER;
  // Without it, as over an unknown certificate, the page is what it is, but cannot be installed.
  navigator.serviceWorker?.register(url).catch(() => {});
}

watchClock({ tick: () => connection.tick(), look: (slept) => connection.look(slept) });
session.watch((gone) => {
  if (gone === token) connection.end("You have logged out in another tab.", "exit");
});
const known = session.load();
if (known) void comeBack(known);
else {
  login.show(session.lastName(), "");
  // Behind the first paint, so that the form is there as soon as can be.
  requestAnimationFrame(() => setTimeout(() => void prepared()));
}
if (document.readyState === "complete") keepShell();
else addEventListener("load", keepShell, { once: true });
