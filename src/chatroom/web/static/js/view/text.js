/**
 * What was said, as nodes: links one can follow safely, and characters that hide as what they are.
 *
 * Everything becomes text nodes and elements made here, so nothing that anybody writes is markup.
 */
import { make } from "./dom.js";

const MARKS = 8; // how many combining marks are shown on one character; no living script needs more
const TRAILING = /[.,;:!?'"»”’…]+$/u;
/** @type {[string, string][]} */
const BRACKETS = [
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
];
const PLAIN = /^[\x20-\x7e\n]*$/;
const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"`]+/giu;
const MARKED = `\\p{M}{${MARKS}}`;
const EXCESS = new RegExp(`(?<=${MARKED})\\p{M}+`, "gu");
const STYLES = "[\\ufe0e\\ufe0f\\u{1f3fb}-\\u{1f3ff}]*";
const PICTURE = `\\p{Extended_Pictographic}${STYLES}`;
const JOINED = "[\\u0600-\\u1fff\\ua800-\\uabff]";
/** Sequences in which characters stand that are invisible elsewhere: emoji that are joined or have a
 * style, flags of regions, and letters of scripts that need a joiner. */
const LAWFUL = [
  `${PICTURE}(?:\\u200d${PICTURE})*(?:[\\u{e0020}-\\u{e007e}]+\\u{e007f})?`,
  "[0-9#*]\\ufe0f?\\u20e3",
  `${JOINED}[\\u200c\\u200d](?=${JOINED})`,
].join("|");

/** What would be drawn as nothing, or turn the direction of what stands around it. */
const ODD = "(?![\\n\\t])[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]";
const SPECIAL = new RegExp(`(?:${LAWFUL})|(?<odd>${ODD})|(?<excess>(?<=${MARKED})\\p{M}+)`, "gu");

/**
 * Fills an element with what somebody said.
 * @param {Element} parent
 * @param {string} text
 */
export function fillText(parent, text) {
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimmed(match[0]);
    const url = safe(link);
    if (!url) continue;
    plain(parent, text.slice(done, match.index));
    const title = url.href === link || url.href === `${link}/` ? null : url.href;
    const attributes = { href: url.href, target: "_blank", rel: "noopener noreferrer", title };
    const anchor = make("a", attributes);
    plain(anchor, link);
    parent.append(anchor);
    done = match.index + link.length;
  }
  plain(parent, text.slice(done));
}

/**
 * @param {string} text
 * @returns {string} The text on one line, with what hides written as its number, for places that take
 *   a text alone.
 */
export function visible(text) {
  if (PLAIN.test(text)) return text.replaceAll("\n", " ");
  const line = text.replaceAll(/[\n\t]/gu, " ").replaceAll(EXCESS, "");
  return line.replaceAll(SPECIAL, (match, odd) => (odd ? `<${number(odd)}>` : match));
}

/**
 * Adds text without links. All of it stays what it was, to be copied to the letter; how it is shown is
 * for the style sheet.
 * @param {Element} parent
 * @param {string} text
 */
function plain(parent, text) {
  if (text === "") return;
  if (PLAIN.test(text)) {
    parent.append(text);
    return;
  }
  let done = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const { odd, excess } = match.groups ?? {};
    const special = odd ?? excess;
    if (!special) continue;
    parent.append(text.slice(done, match.index));
    if (odd) parent.append(make("span", { class: "odd", "data-code": number(odd) }, odd));
    else parent.append(make("span", { hidden: true }, special));
    done = match.index + match[0].length;
  }
  parent.append(text.slice(done));
}

/** @param {string} character */
function number(character) {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * @param {string} link
 * @returns {string} The link without what closes the sentence or the bracket around it.
 */
function trimmed(link) {
  let end = link.replace(TRAILING, "");
  for (const [open, close] of BRACKETS) {
    while (end.endsWith(close) && count(end, close) > count(end, open)) {
      end = end.slice(0, -1).replace(TRAILING, "");
    }
  }
  return end;
}

/** @param {string} text @param {string} character */
function count(text, character) {
  return text.split(character).length - 1;
}

/** @param {string} link @returns {URL | null} Null unless it is of a kind that runs nothing. */
function safe(link) {
  const url = parsed(link);
  return url && ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
}

/** @param {string} link @returns {URL | null} */
function parsed(link) {
  try {
    return new URL(link);
  } catch {
    return null;
  }
}
