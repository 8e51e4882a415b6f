/**
 * Keeps the page's own files, so that it opens where the server cannot be reached and can say so.
 *
 * Whatever the server gives is taken first, as its files belong together; only where it gives
 * nothing is what was kept taken. Nothing that anybody said passes here.
 *
 * @typedef {Event & {waitUntil(done: Promise<unknown>): void}} Lasting
 * @typedef {Lasting & {request: Request, respondWith(reply: Promise<Response>): void}} Fetching
 * @typedef {Lasting & {notification: Notification}} Clicked
 * @typedef {{focus(): Promise<unknown>}} Client
 * @typedef {{matchAll(options: object): Promise<Client[]>, openWindow(url: string): Promise<unknown>,
 *   claim(): Promise<void>}} Clients
 */

const CACHE = "chatroom-shell";

const FILES = [
  "/",
  "/static/icon-192.png",
  "/static/icon-512.png",
  "/static/icon.svg",
  "/static/js/early.js",
  "/static/js/main.js",
  "/static/js/model/archive.js",
  "/static/js/model/chat.js",
  "/static/js/model/conversation.js",
  "/static/js/model/names.js",
  "/static/js/model/paging.js",
  "/static/js/model/phrases.js",
  "/static/js/model/roster.js",
  "/static/js/model/unread.js",
  "/static/js/person.js",
  "/static/js/store/areas.js",
  "/static/js/store/kept.js",
  "/static/js/store/saver.js",
  "/static/js/view/app.js",
  "/static/js/view/attention.js",
  "/static/js/view/bar.js",
  "/static/js/view/completion.js",
  "/static/js/view/composer.js",
  "/static/js/view/days.js",
  "/static/js/view/dom.js",
  "/static/js/view/drawer.js",
  "/static/js/view/grip.js",
  "/static/js/view/heights.js",
  "/static/js/view/keys.js",
  "/static/js/view/lists.js",
  "/static/js/view/login.js",
  "/static/js/view/row.js",
  "/static/js/view/scroller.js",
  "/static/js/view/text.js",
  "/static/js/wire/backoff.js",
  "/static/js/wire/connection.js",
  "/static/js/wire/dispatch.js",
  "/static/js/wire/pending.js",
  "/static/js/wire/places.js",
  "/static/js/wire/position.js",
  "/static/js/wire/requests.js",
  "/static/js/wire/socket.js",
  "/static/js/wire/wake.js",
  "/static/manifest.webmanifest",
  "/static/style.css",
];

const worker = /** @type {EventTarget & {clients: Clients, skipWaiting(): Promise<void>}} */ (
  /** @type {unknown} */ (self)
);

/** @param {Request} request @returns {Promise<Response>} */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const { pathname } = new URL(request.url);
  try {
    const reply = await fetch(request);
    if (reply.ok) await cache.put(pathname, reply.clone());
    return reply;
  } catch (error) {
    const kept = await cache.match(pathname);
    if (kept) return kept;
    throw error;
  }
}

/** Shows the page to whoever has followed a notification. */
async function show() {
  const [open] = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  await (open ? open.focus() : worker.clients.openWindow("/"));
}

worker.addEventListener("install", (event) => {
  const filled = caches.open(CACHE).then((cache) => cache.addAll(FILES));
  /** @type {Lasting} */ (event).waitUntil(filled.then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  /** @type {Lasting} */ (event).waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const fetching = /** @type {Fetching} */ (event);
  const { origin, pathname } = new URL(fetching.request.url);
  const own = origin === location.origin && FILES.includes(pathname);
  if (own && fetching.request.method === "GET") fetching.respondWith(answer(fetching.request));
});

worker.addEventListener("notificationclick", (event) => {
  const clicked = /** @type {Clicked} */ (event);
  clicked.notification.close();
  clicked.waitUntil(show());
});
