// @ts-check
/** The form of a stage: made of what the server says of its settings, checked by the server while one types. */
import { ask, Refusal } from "./api.js";
import { fill, h, icon, say, toast } from "./dom.js";
import { percent, words } from "./format.js";

/** @typedef {import("../form.ts").StageForm} StageForm */
/** @typedef {import("../form.ts").Field} Field */
/** @typedef {import("../stages.ts").Order} Order */

/**
 * @param {StageForm} stage
 * @param {string[]} presets
 * @param {Partial<Order>} given what to begin with: an earlier job's order
 * @param {(job: { id: string }) => void} onStart
 */
export function stageForm(stage, presets, given, onStart) {
  /** @type {Map<string, { field: Field, row: HTMLElement, input: HTMLInputElement | HTMLSelectElement, error: HTMLElement, reset: HTMLButtonElement, note: HTMLElement, base: string }>} */
  const rows = new Map();
  const preset = h(
    "select",
    { id: "preset", on: { change: () => void base(true) } },
    presets.map((name) => h("option", { value: name }, name)),
  );
  preset.value = given.preset ?? presets[0];
  const command = h("code", { class: "command" });
  const verdict = h("p", { class: "verdict", role: "status" });
  const start = h("button", { class: "button primary", type: "submit" }, icon("start"), "Start");
  const changed = h("span", { class: "muted small" });
  const search = h("input", {
    id: "find",
    type: "search",
    placeholder: "Find a setting",
    "aria-label": "Find a setting",
    autocomplete: "off",
    on: { input: () => sift(search.value.trim().toLowerCase()) },
  });
  const sections = stage.sections.map(({ name, fields }, i) => {
    const count = h("span", { class: "count" });
    const body = h("div", { class: "fields" }, fields.map((field) => rowOf(field, keyOf(field))));
    const details = h("details", { class: "section", open: i === 0 }, h("summary", {}, title(name), count), body);
    return { name, fields, details, count };
  });
  const form = h(
    "form",
    { class: "stage-form", novalidate: true, on: { submit: submit, input: edited, change: edited } },
    stage.unavailable ? h("p", { class: "notice warn" }, stage.unavailable, ".") : null,
    h(
      "div",
      { class: "card" },
      h(
        "div",
        { class: "fields" },
        stage.options.map((field) => rowOf(field, `options.${field.name}`)),
        stage.settings
          ? h(
            "div",
            { class: "field" },
            h("label", { for: "preset" }, "Preset"),
            preset,
            h("p", { class: "help" }, "where settings start from"),
          )
          : null,
      ),
      stage.options.length === 0 && !stage.settings ? h("p", {}, "There is nothing to set.") : null,
    ),
    stage.settings ? h("div", { class: "finder" }, icon("search"), search, changed) : null,
    sections.map(({ details }) => details),
    h(
      "div",
      { class: "startbar" },
      h("div", { class: "what" }, verdict, command),
      h("button", {
        class: "button quiet",
        type: "button",
        title: "Copy the command",
        "aria-label": "Copy the command",
        on: { click: () => navigator.clipboard.writeText(command.textContent ?? "").then(() => toast("Copied")) },
      }, icon("copy")),
      start,
    ),
  );
  if (stage.unavailable) start.disabled = true;

  /** @param {Field} field @param {string} key */
  function rowOf(field, key) {
    const id = `f-${key.replaceAll(/\W/g, "-")}`;
    const input = inputOf(field, id);
    const error = h("p", { class: "error", id: `${id}-error` });
    const reset = h("button", {
      class: "reset",
      type: "button",
      hidden: true,
      "aria-label": `Set ${field.name} back`,
      title: "Set back",
      on: { click: () => setBack(key) },
    }, "↺");
    const note = h("span", { class: "note-of" });
    const short = field.name.split(".").at(-1) ?? field.name;
    const row = h(
      "div",
      { class: `field is-${field.kind.type}` },
      h("label", { for: id }, title(short), field.required ? h("span", { class: "muted" }, " needed") : null),
      h("div", { class: "with-reset" }, input, reset),
      h("p", { class: "help", id: `${id}-help` }, field.help, rangeOf(field), note),
      error,
    );
    rows.set(key, { field, row, input, error, reset, note, base: field.default });
    return row;
  }

  /** @param {string} key */
  function setBack(key) {
    const row = rows.get(key);
    if (!row) return;
    write(row.input, row.base);
    row.input.focus();
    edited();
  }

  /** Puts a preset's settings under what was changed. @param {boolean} keep */
  async function base(keep) {
    const before = keep ? changes() : given.set ?? {};
    if (stage.settings) {
      const { settings } = await ask(`presets/${encodeURIComponent(preset.value)}`);
      for (const [key, row] of rows) {
        if (!key.startsWith("set.")) continue;
        const { name } = row.field;
        row.base = settings[name] ?? row.field.default;
        write(row.input, before[name] ?? row.base);
      }
    }
    if (!keep) {
      for (const [name, value] of Object.entries(given.options ?? {})) {
        const row = rows.get(`options.${name}`);
        if (row) write(row.input, value);
      }
    }
    edited();
  }

  /** Whether a field is another strategy's. @param {Field} field */
  function off({ when }) {
    const input = when && rows.get(`set.${when.field}`)?.input;
    return input !== undefined && read(input) !== when?.is;
  }

  /** Settings that differ from the preset's. @returns {Record<string, string>} */
  function changes() {
    /** @type {Record<string, string>} */
    const found = {};
    for (const [key, { input, base, field }] of rows) {
      const value = read(input);
      if (key.startsWith("set.") && !off(field) && value !== base) found[field.name] = value;
    }
    return found;
  }

  /** @returns {Order} */
  function order() {
    const options = Object.fromEntries(
      [...rows].filter(([key]) => key.startsWith("options.")).map((
        [key, { input }],
      ) => [key.slice("options.".length), read(input)])
        .filter(([, value]) => value !== ""),
    );
    return { stage: stage.name, preset: preset.value, set: stage.settings ? changes() : {}, options };
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;
  function edited() {
    for (const [key, row] of rows) {
      if (row.field.when) row.row.hidden = off(row.field);
      say(row.note, row.field.notes[read(row.input)] ?? "");
      const differs = key.startsWith("set.") && read(row.input) !== row.base;
      row.reset.hidden = !differs;
      row.row.classList.toggle("changed", differs);
    }
    for (const { fields, count } of sections) {
      const many = fields.filter(({ name }) => name in changes()).length;
      say(count, many > 0 ? `${many} changed` : "");
    }
    const many = Object.keys(changes()).length;
    say(changed, many > 0 ? `${many} changed` : "nothing changed");
    clearTimeout(timer);
    timer = setTimeout(() => void check(), 250);
  }

  async function check() {
    const own = ++asked;
    try {
      const { errors, command: line } = await ask("check", "POST", order());
      if (own !== asked) return;
      // An empty field that is needed is not wrong yet: it is only not there.
      const wrong = errors.filter((/** @type {{ message: string }} */ { message }) =>
        !message.startsWith("must be given")
      );
      show(wrong);
      const missing = errors.length - wrong.length;
      say(
        verdict,
        wrong.length > 0
          ? `${wrong.length} ${wrong.length === 1 ? "value does" : "values do"} not fit`
          : missing > 0
          ? `${missing} to fill in`
          : "",
      );
      say(command, line ? `deno task lab ${line.map(quoted).join(" ")}` : "");
    } catch (error) {
      if (own === asked) say(verdict, /** @type {Error} */ (error).message);
    }
  }

  /** @param {{ field: string, message: string }[]} errors */
  function show(errors) {
    const by = new Map(errors.map(({ field, message }) => [field, message]));
    for (const [key, { input, error, field }] of rows) {
      const path = key.startsWith("set.") ? `set.${field.name}` : key;
      const message = off(field) ? "" : by.get(path) ?? "";
      say(error, message);
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (!off(field)) by.delete(path);
    }
    if (by.size > 0) say(verdict, [...by].map(([field, message]) => `${field}: ${message}`).join("; "));
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (start.disabled) return;
    start.disabled = true;
    start.classList.add("busy");
    try {
      onStart(await ask("jobs", "POST", order()));
    } catch (error) {
      if (error instanceof Refusal && error.errors.length > 0) {
        show(error.errors);
        const first = [...rows.values()].find(({ error: place }) => place.textContent !== "");
        const fold = first?.row.closest("details");
        if (fold) fold.open = true;
        first?.input.focus();
        say(verdict, `Not started: ${error.errors.length} to put right`);
      } else toast(/** @type {Error} */ (error).message, "bad");
    }
    start.disabled = stage.unavailable !== "";
    start.classList.remove("busy");
  }

  /** Shows settings whose name or help has the word. @param {string} word */
  function sift(word) {
    for (const { fields, details } of sections) {
      let hits = 0;
      for (const field of fields) {
        const { name, help } = field;
        const row = rows.get(keyOf(field));
        if (!row) continue;
        const hit = !off(field) && (word === "" || `${name} ${words(name)} ${help}`.toLowerCase().includes(word));
        row.row.hidden = !hit;
        hits += Number(hit);
      }
      details.hidden = hits === 0;
      if (word !== "") details.open = hits > 0;
    }
    if (word === "") edited();
  }

  for (const { input } of rows.values()) {
    input.setAttribute("aria-describedby", `${input.id}-help ${input.id}-error`);
  }
  void base(false);
  return { element: form, submit: () => form.requestSubmit(), find: () => search.focus() };
}

/** @param {Field} field */
const keyOf = ({ name, when }) => `set.${name}${when ? `@${when.is}` : ""}`;

/** @param {string} name */
const title = (name) => name === "ppo" ? "PPO" : words(name).replace(/^./, (first) => first.toUpperCase());

/** @param {Field} field @param {string} id @returns {HTMLInputElement | HTMLSelectElement} */
function inputOf({ name, kind, default: standard, suggestions, example }, id) {
  if (kind.type === "flag") {
    return h("input", { id, type: "checkbox", class: "switch", role: "switch", checked: standard === "true" });
  }
  if (kind.type === "choice") {
    const select = h("select", { id }, kind.choices.map((choice) => h("option", { value: choice }, words(choice))));
    select.value = standard;
    return select;
  }
  const numeric = kind.type === "number" || (kind.type === "optional" && kind.item.type === "number");
  const list = suggestions.length > 0 ? `${id}-list` : undefined;
  const input = h("input", {
    id,
    type: "text",
    value: standard,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    ...(numeric ? { inputmode: "decimal", class: "numeric" } : {}),
    ...(example ? { placeholder: example } : {}),
    ...(list ? { list } : {}),
  });
  if (list) {
    const options = h("datalist", { id: list }, suggestions.map((value) => h("option", { value })));
    queueMicrotask(() => input.after(options));
    if (name === "model") input.addEventListener("focus", () => void offerModels(options), { once: true });
  }
  return input;
}

/** Adds the registry's versions to what a model's field suggests, where MLflow runs. @param {HTMLDataListElement} list */
async function offerModels(list) {
  try {
    /** @type {{ versions: import("../tracking.ts").ModelRow[] }} */
    const { versions } = await ask("models/candelabra");
    list.append(...versions.map(({ name, version, aliases, data, validation }) => {
      const value = `${name}/${version}`;
      const label = [value, ...aliases, data, `${percent(validation, true)} on validation`].join(" · ");
      return h("option", { value, label });
    }));
  } catch {
    // MLflow does not run: the two aliases stay
  }
}

/** @param {HTMLInputElement | HTMLSelectElement} input */
function read(input) {
  return input instanceof HTMLInputElement && input.type === "checkbox" ? String(input.checked) : input.value.trim();
}

/** @param {HTMLInputElement | HTMLSelectElement} input @param {string} value */
function write(input, value) {
  if (input instanceof HTMLInputElement && input.type === "checkbox") input.checked = value === "true";
  else input.value = value;
}

/** Bounds, where they say something. @param {Field} field */
function rangeOf({ kind }) {
  const inner = kind.type === "optional" ? kind.item : kind;
  if (inner.type !== "number") return kind.type === "list" ? "; with commas" : "";
  const { min, max, whole } = inner;
  const end = max >= 1e9 ? "" : ` to ${max}`;
  const start = min <= -1e9 ? "" : String(min);
  if (!start && !end) return "";
  return ` (${whole ? "whole, " : ""}${start || "up"}${end || " or more"}${
    kind.type === "optional" ? ", or none" : ""
  })`;
}

/** A word of a command line as a shell wants it. @param {string} word */
export function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The stages to choose from. @param {StageForm[]} stages @param {string} current */
export function stageMenu(stages, current) {
  const groups = [...new Set(stages.map(({ group }) => group))];
  return h(
    "nav",
    { class: "stage-menu", "aria-label": "Stages" },
    groups.map((group) => [
      h("h2", {}, group),
      h(
        "ul",
        {},
        stages.filter((stage) => stage.group === group).map(({ name, title, unavailable }) =>
          h(
            "li",
            {},
            h("a", {
              href: `#/start/${name}`,
              "aria-current": name === current ? "page" : null,
              class: unavailable ? "off" : "",
            }, title),
          )
        ),
      ),
    ]),
  );
}

/** @param {HTMLElement} place @param {string} text */
export const loading = (place, text) => fill(place, h("p", { class: "muted lone" }, text));
