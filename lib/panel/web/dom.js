// @ts-check
/** Elements out of functions: text is always text, never HTML. */

/** @typedef {Node | string | number | null | undefined | false | readonly any[]} Child text, elements, and lists of these */

/**
 * An element. Properties: `class`, `on` (listeners by name), `style` (by property), `data`, anything else an attribute; true
 * is an attribute without a value, false and null none.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  dress(element, properties);
  append(element, children);
  return element;
}

/** An element of a drawing. @param {string} tag @param {Record<string, any>} [properties] @param {...Child} children */
export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(element, properties);
  append(element, children);
  return element;
}

/** @param {HTMLElement | SVGElement} element @param {Record<string, any>} properties */
function dress(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.setAttribute("class", value);
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    } else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value" && "value" in element) /** @type {HTMLInputElement} */ (element).value = value;
    else if (name === "checked") /** @type {HTMLInputElement} */ (/** @type {unknown} */ (element)).checked = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Element} element @param {Child[]} children */
function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Puts children in the place of an element's. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Changes text only where it differs, so that nothing that is selected or read out is disturbed. @param {Node} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Says something to those who listen instead of looking. @param {string} text @param {boolean} [urgent] */
export function announce(text, urgent = false) {
  const place = document.getElementById(urgent ? "alarm" : "status");
  if (place) place.textContent = text;
}

/** A short note that goes away by itself. @param {string} text @param {"good" | "bad" | "plain"} [tone] */
export function toast(text, tone = "plain") {
  announce(text, tone === "bad");
  const place = document.getElementById("toasts") ??
    document.body.appendChild(h("div", { id: "toasts", "aria-hidden": "true" }));
  const note = h("div", { class: `toast ${tone}` }, text);
  place.append(note);
  setTimeout(() => note.remove(), tone === "bad" ? 9000 : 4500);
}

/**
 * Asks before something that cannot be undone. Escape says no.
 *
 * @param {{ title: string, text: Child, yes: string, danger?: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, yes, danger = false }) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "ask", "aria-labelledby": "ask-title", on: { close: () => done() } },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "ask-title" }, title),
        h("p", {}, text),
        h(
          "div",
          { class: "actions end" },
          h("button", { class: "button", value: "no", autofocus: true }, "Cancel"),
          h("button", { class: danger ? "button danger" : "button primary", value: "yes" }, yes),
        ),
      ),
    );
    const done = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Line icons, 20 × 20. @param {keyof typeof icons} name */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: icons[name] }));
}

const icons = {
  desk: "M3 16V9M8 16V4M13 16v-5M17.500 16V7",
  start: "M6 4l10 6-10 6z",
  jobs: "M4 5h12M4 10h12M4 15h7",
  models: "M10 3l6.500 3.500v7L10 17l-6.500-3.500v-7zM3.500 6.500L10 10l6.500-3.500M10 10v7",
  runs: "M3 15l4-5 3 3 6.500-8M13 5h3.500v3.500",
  reports: "M5 3h7l3.500 3.500V17H5zM12 3v4h3.500M8 11h5M8 14h5",
  theme: "M10 3a7 7 0 1 0 7 7 5.500 5.500 0 0 1-7-7z",
  keys: "M3 6h14v9H3zM6 9h.010M9 9h.010M12 9h.010M14.500 9h.010M7 12h6",
  stop: "M5 5h10v10H5z",
  kill: "M10 3v7M5.500 5.500a6.500 6.500 0 1 0 9 0",
  again: "M15.500 6A6.500 6.500 0 1 0 16.500 11M16 3v3.500h-3.500",
  out: "M11 4h5v5M16 4l-7 7M8 5H4v11h11v-4",
  copy: "M7 7h9v9H7zM4 13V4h9",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM13 13l4 4",
};
