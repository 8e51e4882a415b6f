/** Keys that work wherever one is, and the dialog that names them. */
import { byId } from "./dom.js";

/**
 * @typedef {object} Deeds What keys can do.
 * @property {(by: 1 | -1, unread: boolean) => void} step Go to another conversation.
 * @property {() => void} escape
 * @property {() => void} write Go to where one writes.
 */

/** @param {Deeds} deeds */
export function listenToKeys(deeds) {
  const help = byId("help", HTMLDialogElement);
  const shell = byId("shell", HTMLElement);
  byId("open-help", HTMLElement).addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (shell.hidden || event.isComposing || document.querySelector("dialog[open]")) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key === "/") help.showModal();
    else if (event.altKey && !control && event.key === "ArrowDown") deeds.step(1, event.shiftKey);
    else if (event.altKey && !control && event.key === "ArrowUp") deeds.step(-1, event.shiftKey);
    else if (event.key === "Escape") deeds.escape();
    else {
      if (!control && !event.altKey && isTyping(event)) deeds.write();
      return;
    }
    event.preventDefault();
  });
}

/**
 * @param {KeyboardEvent} event
 * @returns {boolean} Whether somebody types a letter where none can go, so that it belongs into the
 *   message.
 */
function isTyping({ key, target }) {
  const aside = target === document.body || (target instanceof HTMLElement && target.id === "log");
  return aside && key.length === 1 && key !== " ";
}
