/**
 * The heights of many rows under one another, as a binary indexed tree: where a row begins, and
 * which row is at a height, takes a handful of additions however many there are.
 */

const ROWS = 1024; // for how many there is room at first

export class Heights {
  length = 0;
  // Both count from 1. A sum is that of as many rows, up to and with its own, as the lowest bit of
  // its index says.
  #single = new Float64Array(ROWS);
  #sums = new Float64Array(ROWS);

  /** @returns {number} The height of all rows. */
  get total() {
    return this.before(this.length);
  }

  /** @param {number} height */
  append(height) {
    this.length += 1;
    const index = this.length;
    if (index >= this.#single.length) {
      this.#single = doubled(this.#single);
      this.#sums = doubled(this.#sums);
    }
    let sum = height;
    const covered = index & -index;
    for (let step = 1; step < covered; step *= 2) sum += this.#sums[index - step] ?? 0;
    this.#single[index] = height;
    this.#sums[index] = sum;
  }

  /** Forgets the rows from one on. @param {number} length How many stay. */
  truncate(length) {
    this.length = Math.min(length, this.length);
  }

  /**
   * @param {number} row Counted from 0.
   * @returns {number} Its height.
   */
  get(row) {
    return this.#single[row + 1] ?? 0;
  }

  /** @param {number} row @param {number} height */
  set(row, height) {
    const more = height - this.get(row);
    this.#single[row + 1] = height;
    for (let index = row + 1; index <= this.length; index += index & -index) {
      this.#sums[index] = (this.#sums[index] ?? 0) + more;
    }
  }

  /**
   * @param {number} row
   * @returns {number} Where it begins: the height of all rows before it.
   */
  before(row) {
    let sum = 0;
    for (let index = row; index > 0; index -= index & -index) sum += this.#sums[index] ?? 0;
    return sum;
  }

  /**
   * @param {number} height
   * @returns {number} The row that is there; the first or the last one if there is none.
   */
  find(height) {
    let row = 0;
    let left = height;
    for (let step = 2 ** Math.floor(Math.log2(this.length || 1)); step >= 1; step /= 2) {
      const sum = this.#sums[row + step] ?? 0;
      if (row + step > this.length || sum > left) continue;
      row += step;
      left -= sum;
    }
    return Math.min(row, Math.max(this.length - 1, 0));
  }
}

/** @param {Float64Array<ArrayBuffer>} array */
function doubled(array) {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
