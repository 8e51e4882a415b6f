/** Whether a list stays at its end while rows come, or has been let go by the person. */

const END_PIXELS = 8; // so near to the end counts as being there

export class Grip {
  /** Whether the end is what the person looks at. */
  atEnd = true;
  #touched = false; // whether a finger holds the list
  #root;

  /**
   * @param {HTMLElement} root What scrolls.
   * @param {() => void} released Is called when a finger has let go of it.
   */
  constructor(root, released) {
    this.#root = root;
    const passive = { passive: true };
    // Whoever begins to move away is not held at the end by what comes at the same time.
    root.addEventListener("wheel", (event) => this.#turned(event), passive);
    root.addEventListener("touchstart", () => void (this.#touched = true), passive);
    for (const end of ["touchend", "touchcancel"]) {
      root.addEventListener(
        end,
        () => {
          this.#touched = false;
          released();
        },
        passive,
      );
    }
  }

  /** Whether the list is to be moved to its end. */
  get holds() {
    return this.atEnd && !this.#touched;
  }

  /**
   * The list has been scrolled.
   * @param {number} by How far down.
   */
  scrolled(by) {
    const end = this.#root.scrollHeight - this.#root.clientHeight;
    // Where the browser had to go up, as there is less to scroll, this is still the end.
    const there = this.#root.scrollTop >= end - END_PIXELS;
    if (this.#touched) this.atEnd = there;
    else if (by < -1 && !there) this.atEnd = false;
    else if (by >= 0 && there) this.atEnd = true;
  }

  /** @param {WheelEvent} event */
  #turned({ deltaY, ctrlKey }) {
    if (deltaY < 0 && !ctrlKey && this.#root.scrollTop > 0) this.atEnd = false;
  }
}
