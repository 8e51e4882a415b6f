/** Names: when two are the same, which colour one has, and whether a text mentions one. */

const HUES = 24;

/**
 * @param {string} name
 * @returns {string} What two names share exactly if they are of one account (docs/protocol.md,
 *   "login"). Going by capitals folds what has no single small letter, such as a sharp s.
 */
export function fold(name) {
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}

/**
 * @param {string} name
 * @returns {number} The hue of its colour, in degrees; always the same one.
 */
export function hue(name) {
  let hash = 2166136261; // FNV-1a
  for (const character of fold(name)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  }
  return ((hash >>> 0) % HUES) * (360 / HUES);
}

/**
 * Makes what finds a name in texts, as a word of its own, with or without an @ before it.
 * @param {string} name
 * @returns {(text: string) => boolean}
 */
export function mentions(name) {
  const word = fold(name).replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])@?${word}(?![\\p{L}\\p{N}_])`, "u");
  return (text) => pattern.test(fold(text));
}
