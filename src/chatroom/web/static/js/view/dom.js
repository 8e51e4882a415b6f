/** Finding and making elements. Text goes in as text; nothing here takes markup. */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T} The element of the page with this id.
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${id}.`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null>} attributes What is null or false is left
 *   out, and what is true has no value.
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @param {string} name One of the symbols in the page.
 * @param {string} label What it means; empty if the text beside it says so.
 * @returns {SVGSVGElement}
 */
export function icon(name, label = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  return svg;
}

/**
 * Calls something once before the next paint, however often it is asked to.
 * @param {() => void} action
 * @returns {() => void} Asks for it.
 */
export function beforePaint(action) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      action();
    });
  };
}

/**
 * Gives an element these children, in this order. What is there already and in its place is not
 * touched, so that it keeps the focus, and a click on it that has begun.
 * @param {Element} parent
 * @param {Iterable<Element>} children
 * @param {(child: Element) => void} leaving Is told of each one before it is taken away.
 */
export function arrange(parent, children, leaving = () => {}) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) {
    if (wanted.has(child)) continue;
    leaving(child);
    child.remove();
  }
  let next = parent.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}
