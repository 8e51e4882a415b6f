/**
 * Where a browser keeps things: for the tab, and for good. One that is told to keep nothing throws
 * when it is asked for either; then both are kept in memory, and the page works until it is closed.
 */

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Area */

/** @type {Area} */
export const tab = opened("sessionStorage");

/** @type {Area} */
export const lasting = opened("localStorage");

/** @param {"sessionStorage" | "localStorage"} name @returns {Area} */
function opened(name) {
  try {
    const area = window[name];
    area.getItem("chatroom");
    return area;
  } catch {
    return memory();
  }
}

/** @returns {Area} */
function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
