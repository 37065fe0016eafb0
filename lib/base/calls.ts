import { readSettings, type Setting, type Settings } from "./setting.ts";

/** One `name(3, atr=2)` of a text, its values still text. */
export interface Call {
  readonly name: string;
  readonly positional: readonly string[];
  readonly named: Readonly<Record<string, string>>;
  readonly at: number; // index of its first character
  /** Index of each value's first character, by the setting's name or the value's place. */
  readonly places: Readonly<Record<string, number>>;
}

const word = /\s*(?:([\p{L}_][\p{L}\p{N}_-]*)|([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|([^\s]))/uy;

/**
 * Reads what a person writes to name things with their settings, in order: `volatility_target(0.3), trailing_stop(atr=3)`.
 * Brackets may be left out; values are numbers or words.
 *
 * @param separator between two calls; settings are always separated by commas
 * @throws {SyntaxError} that shows the text and points at the fault; its `cause` holds `text`, `at` and `length`
 */
export function parseCalls(text: string, what: string, separator: "," | "+" = ","): Call[] {
  interface Word {
    readonly text: string;
    readonly kind: "name" | "number" | "mark" | "end";
    readonly at: number;
  }
  let place = 0;
  const read = (): Word => {
    word.lastIndex = place;
    const match = word.exec(text);
    if (match === null) return { text: "", kind: "end", at: text.trimEnd().length };
    place = word.lastIndex;
    const kind = match[1] !== undefined ? "name" : match[2] !== undefined ? "number" : "mark";
    const found = match[1] ?? match[2] ?? match[3];
    return { text: found, kind, at: place - found.length };
  };
  let now = read();
  const next = () => {
    const taken = now;
    now = read();
    return taken;
  };
  const isMark = (mark: string) => now.text === mark;
  const fail = (wanted: string): never => {
    throw callFault(
      text,
      what,
      now.at,
      now.text.length,
      `${wanted}, and ${now.text ? `"${now.text}"` : "the end"} is there`,
    );
  };
  const calls: Call[] = [];
  for (;;) {
    if (now.kind !== "name") fail(`a name is wanted`);
    const { text: name, at } = next();
    const positional: string[] = [];
    const named: Record<string, string> = {};
    const places: Record<string, number> = {};
    if (isMark("(")) {
      next();
      while (!isMark(")")) {
        if (now.kind !== "name" && now.kind !== "number") fail("a value is wanted");
        const first = next();
        if (isMark("=") && first.kind === "name") {
          next();
          if (now.kind !== "name" && now.kind !== "number") fail(`a value for "${first.text}" is wanted`);
          if (Object.hasOwn(named, first.text)) {
            throw callFault(text, what, first.at, first.text.length, `"${first.text}" is given twice`);
          }
          places[first.text] = now.at;
          named[first.text] = next().text;
        } else if (Object.keys(named).length > 0) {
          throw callFault(
            text,
            what,
            first.at,
            first.text.length,
            "a value without a name comes after one with a name",
          );
        } else {
          places[positional.length] = first.at;
          positional.push(first.text);
        }
        if (isMark(",")) next();
        else if (!isMark(")")) fail('"," or ")" is wanted');
      }
      next();
    }
    calls.push({ name, positional, named, at, places });
    if (now.kind === "end") return calls;
    if (now.text !== separator) fail(`"${separator}" or the end is wanted`);
    next();
  }
}

/**
 * A call's settings by name: values without one belong to the settings in their order.
 *
 * @throws {SyntaxError} if there are more values than settings, or one is given twice
 */
export function settingsOf(call: Call, names: readonly string[], text: string, what: string): Record<string, string> {
  const settings: Record<string, string> = { ...call.named };
  for (const [i, value] of call.positional.entries()) {
    const fault = (reason: string) => callFault(text, what, call.at, call.name.length, reason);
    if (i >= names.length) {
      throw fault(`${call.name} takes ${names.length} settings and has ${call.positional.length} values`);
    }
    if (Object.hasOwn(settings, names[i])) throw fault(`"${names[i]}" of ${call.name} is given twice`);
    settings[names[i]] = value;
  }
  return settings;
}

/**
 * A call's settings as their table has them: checked, and those left out filled in. `given` are those that are written.
 *
 * @param usual settings of those that are not written; the table's defaults without it
 * @throws {SyntaxError} as `settingsOf`
 * @throws {RangeError} that points at a setting that is unknown, or at a value that is out of range
 */
export function readCall(
  call: Call,
  table: Readonly<Record<string, Setting>>,
  text: string,
  what: string,
  usual: Settings = {},
): { readonly given: Settings; readonly settings: Settings } {
  const names = Object.keys(table);
  const given = settingsOf(call, names, text, what);
  for (const [name, value] of Object.entries(given)) {
    const at = call.places[name in call.named ? name : names.indexOf(name)];
    const known = Object.hasOwn(table, name);
    const from = known ? at : text.lastIndexOf(name, at);
    pointing(text, from, (known ? value : name).length, () => readSettings(call.name, table, { [name]: value }));
  }
  return { given, settings: readSettings(call.name, table, { ...usual, ...given }) };
}

/** What `read` gives; what it finds out of range is shown in the text, with a mark under it. */
export function pointing<T>(text: string, at: number, length: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${error.message}\n${marked(text, at, length)}`, { cause: { text, at, length } });
  }
}

/** An error that shows the text and points at the fault. */
export function callFault(text: string, what: string, at: number, length: number, reason: string): SyntaxError {
  const shown = text.replace(/\s/g, " ").trim();
  return new SyntaxError(`Cannot read the ${what} "${shown}" as ${reason}\n${marked(text, at, length)}`, {
    cause: { text, at, length },
  });
}

/** The text on a line of its own, and under it a mark. */
function marked(text: string, at: number, length: number): string {
  return `  ${text.replace(/\s/g, " ")}\n  ${" ".repeat(at)}${"^".repeat(Math.max(1, length))}`;
}
