import { didYouMean } from "../base/suggest.ts";
import type { Parameter, Value } from "./space.ts";

/** A parameter of a text, with its name. */
export interface ParameterText {
  readonly name: string;
  readonly parameter: Parameter;
}

type Node = { readonly word: Value; readonly at: number } | {
  readonly call: string;
  readonly args: readonly Node[];
  readonly at: number;
};

const token = /\s*(?:("(?:[^"\\]|\\.)*")|([(),=])|([^\s(),="]+))/uy;
const shapes: Readonly<Record<string, string>> = {
  float: "float(least, most), or float(least, most, values of a grid)",
  log: "log(least, most), or log(least, most, values of a grid)",
  int: "int(least, most), or int(least, most, step, values of a grid)",
  logint: "logint(least, most), or logint(least, most, values of a grid)",
  choice: "choice(one, another, …)",
  when: "when(setting, value, parameter), or with several values",
};

/** Reads `name = parameter`. Throws a SyntaxError that shows the text and points at the fault. */
export function readParameter(text: string): ParameterText {
  let place = 0;
  const fail = (at: number, reason: string): never => {
    throw new SyntaxError(
      `Cannot read the space "${text.trim()}" as ${reason}\n  ${text.replace(/\s/g, " ")}\n  ${" ".repeat(at)}^`,
    );
  };
  const read = () => {
    token.lastIndex = place;
    const match = token.exec(text);
    if (match === null) {
      const at = text.length - text.slice(place).trimStart().length;
      if (at < text.length) fail(at, `the quote is not closed`);
      return { text: "", at: text.trimEnd().length, quoted: false };
    }
    place = token.lastIndex;
    const found = match[1] ?? match[2] ?? match[3];
    return { text: found, at: place - found.length, quoted: match[1] !== undefined };
  };
  let now = read();
  const isMark = (mark: string) => now.text === mark;
  const take = (wanted: string) => {
    if (now.text !== wanted) {
      fail(now.at, `"${wanted}" is wanted, and ${now.text ? `"${now.text}"` : "the end"} is there`);
    }
    now = read();
  };
  const node = (): Node => {
    const { text: word, at, quoted } = now;
    if (word === "" || "(),=".includes(word)) {
      fail(at, `a value is wanted, and ${word ? `"${word}"` : "the end"} is there`);
    }
    now = read();
    if (quoted) return { word: unquote(word, () => fail(at, "the quoted text cannot be read")), at };
    if (!isMark("(")) return { word: valueOf(word), at };
    take("(");
    const args: Node[] = [];
    while (!isMark(")")) {
      args.push(node());
      if (!isMark(")")) take(",");
    }
    take(")");
    return { call: word, args, at };
  };
  const { text: name, at } = now;
  if (!/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name)) fail(at, `a setting is wanted: ppo.gamma=float(0.8, 0.999)`);
  now = read();
  take("=");
  const tree = node();
  if (now.text !== "") fail(now.at, `the end is wanted, and "${now.text}" is there`);
  return { name, parameter: parameterOf(tree, fail) };
}

function parameterOf(tree: Node, fail: (at: number, reason: string) => never): Parameter {
  if (!("call" in tree)) return fail(tree.at, `one of ${Object.values(shapes).join("; ")} is wanted`);
  const { call, args, at } = tree;
  if (!Object.hasOwn(shapes, call)) {
    fail(at, `"${call}" is not a way to search: ${didYouMean(call, Object.keys(shapes))}`);
  }
  const wrong = () => fail(at, `it must be ${shapes[call]}`);
  if (call === "when") {
    const inner = args.at(-1);
    const [of, ...is] = args.slice(0, -1).map((arg) => "word" in arg ? arg.word : wrong());
    if (inner === undefined || typeof of !== "string" || is.length === 0) return wrong();
    return { ...parameterOf(inner, fail), only: { of, is } };
  }
  const words = args.map((arg) => "word" in arg ? arg.word : wrong());
  if (call === "choice") return { kind: "choice", values: words };
  const most = call === "int" ? 4 : 3;
  if (words.length < 2 || words.length > most || !words.every((word) => typeof word === "number")) return wrong();
  const [min, max, third, fourth] = words as number[];
  const count = (value: number | undefined) => value === undefined ? {} : { count: value };
  if (call === "int") return { kind: "int", min, max, log: false, step: third ?? 1, ...count(fourth) };
  if (call === "logint") return { kind: "int", min, max, log: true, step: 1, ...count(third) };
  return { kind: "float", min, max, log: call === "log", ...count(third) };
}

/** A parameter as `readParameter` reads it, without its name. */
export function writeParameter(parameter: Parameter): string {
  const { only, ...inner } = parameter;
  if (only) return `when(${[only.of, ...only.is.map(quote), writeParameter(inner)].join(", ")})`;
  if (parameter.kind === "choice") return `choice(${parameter.values.map(quote).join(", ")})`;
  const { min, max, log, count } = parameter;
  const name = parameter.kind === "int" ? (log ? "logint" : "int") : log ? "log" : "float";
  const step = parameter.kind === "int" && !log && (parameter.step !== 1 || count !== undefined)
    ? [parameter.step]
    : [];
  return `${name}(${[min, max, ...step, ...(count === undefined ? [] : [count])].join(", ")})`;
}

/** Numbers and true, false are what they look like; the rest is text. */
function valueOf(word: string): Value {
  if (word === "true" || word === "false") return word === "true";
  return Number.isFinite(Number(word)) ? Number(word) : word;
}

function quote(value: Value): string {
  const plain = typeof value !== "string" || (/^[^\s(),="\\]+$/.test(value) && valueOf(value) === value);
  return plain ? String(value) : JSON.stringify(value);
}

function unquote(word: string, fail: () => never): string {
  try {
    return JSON.parse(word);
  } catch {
    return fail();
  }
}
