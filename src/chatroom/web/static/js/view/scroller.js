/**
 * A list of any length, of which only what is near the viewport is in the document.
 *
 * The rows that are there stand in a layer that is moved to where they belong. The height of a row
 * is measured when it is first shown, and estimated before. When an estimate above the viewport
 * proves wrong while the person scrolls, the layer is drawn at the old place all the same, by
 * `#drift`, as writing the scroll position would stop the movement; once it has come to rest the
 * position is put right. So what is looked at never jumps, whatever is put in front or measured.
 *
 * @import {Entry} from "../types.js"
 * @import {Conversation} from "../model/conversation.js"
 */
import { arrange, beforePaint } from "./dom.js";
import { Grip } from "./grip.js";
import { Heights } from "./heights.js";

const REST_MS = 150; // without a scroll event for so long, the list is at rest
const PASSES = 5;
const AROUND = 2; // how many viewports above and below are in the document

/** @typedef {{atEnd: boolean, entry: Entry | null, offset: number}} Spot What is at the upper edge. */

/**
 * @typedef {object} Rows What makes rows.
 * @property {(entry: Entry, before: Entry | undefined, all: Conversation) => string} sign Says what a
 *   row looks like: as long as it is the same, the row is not made anew.
 * @property {(entry: Entry, before: Entry | undefined, all: Conversation, old?: HTMLElement) => HTMLElement}
 *   make Gets the row that it takes the place of, which it may change instead.
 * @property {(entry: Entry, before: Entry | undefined, all: Conversation, width: number) => number}
 *   estimate Its height, rather too low: where it proves higher, there is room to scroll up.
 */

/**
 * @typedef {object} Events
 * @property {() => void} moved What is looked at may be another part.
 * @property {() => void} nearStart The beginning of the list is near.
 */

export class Scroller {
  /** @type {Conversation | null} */
  #all = null;
  #heights = new Heights();
  /** @type {WeakMap<Entry, number>} as measured at the present width */
  #measured = new WeakMap();
  /** @type {Map<Entry, {element: HTMLElement, sign: string}>} the rows in the document */
  #shown = new Map();
  /** @type {WeakMap<Conversation, Spot>} where each conversation was left */
  #spots = new WeakMap();
  /** @type {Spot} */
  #spot = { atEnd: true, entry: null, offset: 0 };
  #index = 0; // where the spot's entry was last
  #dirty = Infinity; // from which row on the heights are out of date
  #drift = 0;
  #lastTop = 0;
  #scrolledAt = -Infinity;
  #rest = 0;
  #width = 0;
  #root;
  #space;
  #layer;
  #rows;
  #events;
  #grip;
  #paint = beforePaint(() => this.#frame());

  /**
   * @param {{root: HTMLElement, space: HTMLElement, layer: HTMLElement}} elements What scrolls, in it
   *   what is as high as all rows, and in that what holds those that are there.
   * @param {Rows} rows
   * @param {Events} events
   */
  constructor({ root, space, layer }, rows, events) {
    this.#root = root;
    this.#space = space;
    this.#layer = layer;
    this.#rows = rows;
    this.#events = events;
    root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#grip = new Grip(root, this.#paint);
    new ResizeObserver(() => this.#resized()).observe(root);
  }

  /** Shows a conversation, where it was left. @param {Conversation} all */
  show(all) {
    if (this.#all) this.#spots.set(this.#all, { ...this.#spot, atEnd: this.#grip.atEnd });
    this.#all = all;
    this.#spot = this.#spots.get(all) ?? { atEnd: true, entry: null, offset: 0 };
    this.#grip.atEnd = this.#spot.atEnd;
    this.#drift = 0;
    this.#heights.truncate(0);
    this.#layer.replaceChildren();
    this.#shown.clear();
    this.changed(0);
  }

  /** Shows nothing any more. */
  clear() {
    this.#all = null;
    this.#heights.truncate(0);
    this.#layer.replaceChildren();
    this.#shown.clear();
  }

  /** Rows have changed, come or gone from one on. @param {number} from */
  changed(from) {
    this.#dirty = Math.min(this.#dirty, from);
    this.#paint();
  }

  /** Goes to the end and stays there while rows come. */
  toEnd() {
    this.#grip.atEnd = true;
    this.changed(this.#all?.length ?? 0);
  }

  /** @param {number} pages How many viewports to scroll down; negative for up. */
  scrollPages(pages) {
    this.#root.scrollBy({ top: pages * this.#root.clientHeight * 0.9 });
  }

  /** Whether the end is in sight. */
  get atEnd() {
    return this.#grip.atEnd;
  }

  /** Whether what is looked at is in the newer half. */
  get nearEnd() {
    return this.#index * 2 >= (this.#all?.length ?? 0);
  }

  #scrolled() {
    const top = this.#root.scrollTop;
    const by = top - this.#lastTop;
    this.#grip.scrolled(by);
    if (Math.abs(by) > 1) {
      this.#scrolledAt = performance.now();
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => this.#paint(), REST_MS + 10);
    }
    this.#lastTop = top;
    if (this.#dirty < Infinity) this.#spot.offset += by;
    else this.#keepSpot();
    this.#paint();
  }

  #resized() {
    if (this.#root.clientWidth !== this.#width) {
      this.#width = this.#root.clientWidth;
      this.#measured = new WeakMap();
      this.#dirty = 0;
    }
    this.#paint();
  }

  /** Remembers what is at the upper edge of the viewport. */
  #keepSpot() {
    if (!this.#all || this.#heights.length === 0) return;
    const height = this.#root.scrollTop - this.#space.offsetTop - this.#drift;
    this.#index = this.#heights.find(height);
    const offset = height - this.#heights.before(this.#index);
    this.#spot = { atEnd: this.#grip.atEnd, entry: this.#all.at(this.#index), offset };
  }

  #frame() {
    if (!this.#all || this.#root.clientHeight === 0) return;
    if (this.#dirty < Infinity) this.#rebuild(this.#all);
    for (let pass = 0; pass < PASSES; pass += 1) {
      const [first, last] = this.#range();
      this.#sync(this.#all, first, last);
      if (!this.#measure(this.#all, first, last)) break;
    }
    this.#settle();
    this.#keepSpot();
    this.#events.moved();
    if (this.#root.scrollTop < this.#root.clientHeight * 1.5) this.#events.nearStart();
  }

  /** Takes up that rows have changed, come or gone. @param {Conversation} all */
  #rebuild(all) {
    this.#heights.truncate(this.#dirty);
    for (let row = this.#heights.length; row < all.length; row += 1) {
      const entry = all.at(row);
      this.#heights.append(this.#measured.get(entry) ?? this.#estimate(all, row));
    }
    if (this.#dirty <= this.#index) this.#drift = 0;
    this.#dirty = Infinity;
    const { entry } = this.#spot;
    const found = entry ? all.indexOf(entry) : -1;
    this.#index = found >= 0 ? found : Math.min(this.#index, Math.max(all.length - 1, 0));
    this.#place();
  }

  /** @param {Conversation} all @param {number} row */
  #estimate(all, row) {
    return this.#rows.estimate(all.at(row), row > 0 ? all.at(row - 1) : undefined, all, this.#width);
  }

  /** Makes the list as high as it is, and puts the spot where it was. */
  #place() {
    this.#space.style.height = `${Math.max(this.#heights.total + this.#drift, 0)}px`;
    const base = this.#space.offsetTop;
    const wanted = this.#grip.holds
      ? this.#root.scrollHeight - this.#root.clientHeight
      : base + this.#heights.before(this.#index) + this.#spot.offset + this.#drift;
    if (Math.abs(wanted - this.#root.scrollTop) >= 0.5) this.#root.scrollTop = wanted;
    this.#lastTop = this.#root.scrollTop;
  }

  /** @returns {[number, number]} The first and the last row that are to be in the document. */
  #range() {
    const view = this.#root.clientHeight;
    const top = this.#root.scrollTop - this.#space.offsetTop - this.#drift;
    return [this.#heights.find(top - AROUND * view), this.#heights.find(top + (1 + AROUND) * view)];
  }

  /**
   * Puts the rows into the document that are to be there, and takes away the others.
   * @param {Conversation} all
   * @param {number} first
   * @param {number} last
   */
  #sync(all, first, last) {
    /** @type {Map<Entry, {element: HTMLElement, sign: string}>} */
    const shown = new Map();
    for (let row = first; row <= last && row < all.length; row += 1) {
      const entry = all.at(row);
      const before = row > 0 ? all.at(row - 1) : undefined;
      const sign = this.#rows.sign(entry, before, all);
      const there = this.#shown.get(entry);
      if (there?.sign === sign) shown.set(entry, there);
      else {
        this.#measured.delete(entry);
        shown.set(entry, { element: this.#rows.make(entry, before, all, there?.element), sign });
      }
    }
    const elements = Array.from(shown.values(), ({ element }) => element);
    arrange(this.#layer, elements, (element) => this.#leaves(element));
    this.#shown = shown;
    this.#layer.style.transform = `translateY(${this.#heights.before(first) + this.#drift}px)`;
  }

  /** Keeps the focus here when a row goes that has it. @param {Element} element */
  #leaves(element) {
    if (element.contains(document.activeElement)) this.#root.focus({ preventScroll: true });
  }

  /**
   * Measures the rows that are new, and keeps what is looked at where it is.
   * @param {Conversation} all
   * @param {number} first
   * @param {number} last
   * @returns {boolean} Whether a height was another than it had been thought.
   */
  #measure(all, first, last) {
    const anchor = Math.min(this.#index, Math.max(all.length - 1, 0));
    const before = this.#heights.before(anchor);
    let changed = false;
    for (let row = first; row <= last && row < all.length; row += 1) {
      const entry = all.at(row);
      if (this.#measured.has(entry)) continue;
      const element = this.#shown.get(entry)?.element;
      const height = element?.getBoundingClientRect().height ?? 0;
      this.#measured.set(entry, height);
      if (Math.abs(height - this.#heights.get(row)) < 0.1) continue;
      this.#heights.set(row, height);
      changed = true;
    }
    if (!changed) return false;
    if (this.#grip.holds || this.#heights.length === 0) this.#place();
    else {
      this.#drift -= this.#heights.before(anchor) - before;
      this.#space.style.height = `${Math.max(this.#heights.total + this.#drift, 0)}px`;
    }
    return true;
  }

  /** Puts the scroll position right where that stops no movement, or must be. */
  #settle() {
    if (this.#grip.holds) {
      this.#drift = 0;
      this.#place();
    } else if (this.#drift !== 0) {
      const moving = performance.now() - this.#scrolledAt < REST_MS;
      const nearStart = this.#root.scrollTop < this.#root.clientHeight * 2;
      if (moving && !nearStart) return;
      const top = this.#root.scrollTop - this.#drift;
      this.#drift = 0;
      this.#space.style.height = `${this.#heights.total}px`;
      this.#root.scrollTop = top;
      this.#lastTop = this.#root.scrollTop;
    }
    const [first, last] = this.#range();
    if (this.#all) this.#sync(this.#all, first, last);
  }
}
