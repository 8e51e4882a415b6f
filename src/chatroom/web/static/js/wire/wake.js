/**
 * When to look at the clock, and when to look at the connection at once.
 *
 * While a machine sleeps, its timers stand still, and no event tells that it woke up. So a timer
 * looks every second how far the clock has gone; a jump means that the machine slept, or the tab.
 */

const TICK_MS = 1000;
const JUMP_MS = 10_000;
const HIDDEN_JUMP_MS = 100_000; // a hidden tab may be called once in a minute only

/**
 * @param {object} handlers
 * @param {() => void} handlers.tick Called about once in a second, less often in a hidden tab.
 * @param {(slept: boolean) => void} handlers.look The connection may not be what it seems, or the
 *   network may be back; after a sleep whatever was waited for is long over.
 */
export function watchClock({ tick, look }) {
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    const passed = now - last;
    last = now;
    if (passed > (document.hidden ? HIDDEN_JUMP_MS : JUMP_MS)) look(true);
    tick();
  }, TICK_MS);
  addEventListener("online", () => look(true));
  addEventListener("offline", () => look(false));
  addEventListener("pageshow", (event) => event.persisted && look(true));
  document.addEventListener("visibilitychange", () => document.hidden || look(false));
}
