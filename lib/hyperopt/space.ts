import { didYouMean } from "../base/suggest.ts";
import { readParameter, writeParameter } from "./space_text.ts";
import type { Params } from "./trial.ts";

/** What a setting can have. */
export type Value = number | string | boolean;

/** A number from `min` to `max`, evenly or by its logarithm; `count` values of it make a grid. */
export interface FloatParameter {
  readonly kind: "float";
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly count?: number;
}
/** A whole number from `min` to `max`, both included, in steps of `step`. */
export interface IntParameter {
  readonly kind: "int";
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly step: number;
  readonly count?: number;
}
/** One of a few values, without order. */
export interface ChoiceParameter {
  readonly kind: "choice";
  readonly values: readonly Value[];
}
/** What a parameter may depend on: it is there only while another has one of some values. */
export interface Condition {
  readonly of: string;
  readonly is: readonly Value[];
}
/** What is searched for one setting. */
export type Parameter = (FloatParameter | IntParameter | ChoiceParameter) & { readonly only?: Condition };

/** What is searched, by setting: `{ "ppo.learning_rate": log(1e-5, 1e-2) }`. Names in the order in which they are drawn. */
export type Space = Readonly<Record<string, Parameter>>;

/** A number from `min` to `max`; a grid of it needs `count` values. */
export function float(min: number, max: number, count?: number): FloatParameter {
  return { kind: "float", min, max, log: false, ...(count === undefined ? {} : { count }) };
}

/** A positive number, drawn evenly by its logarithm: as many between 1e-5 and 1e-4 as between 1e-4 and 1e-3. */
export function log(min: number, max: number, count?: number): FloatParameter {
  return { kind: "float", min, max, log: true, ...(count === undefined ? {} : { count }) };
}

/** A whole number from `min` to `max`, both included. A grid takes every `step`-th, or `count` of them. */
export function int(min: number, max: number, step = 1, count?: number): IntParameter {
  return { kind: "int", min, max, log: false, step, ...(count === undefined ? {} : { count }) };
}

/** A positive whole number, drawn evenly by its logarithm. */
export function logInt(min: number, max: number, count?: number): IntParameter {
  return { kind: "int", min, max, log: true, step: 1, ...(count === undefined ? {} : { count }) };
}

/** One of these. */
export function choice(...values: readonly Value[]): ChoiceParameter {
  return { kind: "choice", values };
}

/** `parameter`, only while the setting `of` is `is` (or one of them). */
export function when(of: string, is: Value | readonly Value[], parameter: Parameter): Parameter {
  return { ...parameter, only: { of, is: Array.isArray(is) ? is : [is as Value] } };
}

/**
 * The space, checked, with every parameter after the one that it depends on.
 *
 * @throws {RangeError} that names the parameter and what is wrong with it
 */
export function checkSpace(space: Space): Space {
  const names = Object.keys(space);
  if (names.length === 0) throw new RangeError("Cannot search a space as it must have a parameter: it has none");
  for (const [name, parameter] of Object.entries(space)) {
    const fault = faultOf(parameter) ?? conditionFault(space, name, parameter.only);
    if (fault) throw new RangeError(`Cannot search "${name}" as ${fault}`);
  }
  const ordered: Record<string, Parameter> = {};
  const place = (name: string, below: readonly string[]) => {
    if (Object.hasOwn(ordered, name)) return;
    const only = space[name].only;
    if (only && below.includes(only.of)) {
      throw new RangeError(
        `Cannot search "${name}" as it must not depend on itself: ${[...below, only.of].join(" ← ")}`,
      );
    }
    if (only) place(only.of, [...below, only.of]);
    ordered[name] = space[name];
  };
  for (const name of names) place(name, [name]);
  return ordered;
}

/** Whether `name` is there, given the values of those it depends on. */
export function isActive(space: Space, name: string, params: Params): boolean {
  const only = space[name].only;
  return only === undefined || (Object.hasOwn(params, only.of) && only.is.includes(params[only.of]));
}

/** Draws every parameter that is there, in order: parents before what depends on them. `space` must have been checked. */
export function drawEach(space: Space, draw: (name: string, parameter: Parameter) => Value): Params {
  const params: Record<string, Value> = {};
  for (const [name, parameter] of Object.entries(space)) {
    if (isActive(space, name, params)) params[name] = draw(name, parameter);
  }
  return params;
}

/**
 * Says what is wrong with `params`: a value out of range, one that is missing, one that should not be there.
 *
 * @returns nothing when they are of the space
 */
export function paramsFault(space: Space, params: Params): string | undefined {
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(space, name)) return `"${name}" is not searched: ${didYouMean(name, Object.keys(space))}`;
    if (!isActive(space, name, params)) return `"${name}" is only there while ${condition(space[name].only!)}`;
  }
  for (const [name, parameter] of Object.entries(space)) {
    if (!isActive(space, name, params)) continue;
    if (!Object.hasOwn(params, name)) return `"${name}" is missing`;
    if (!holds(parameter, params[name])) {
      return `"${name}" must be of ${writeParameter(parameter)}: it is ${params[name]}`;
    }
  }
}

/** Whether `value` is one that the parameter can have. */
export function holds(parameter: Parameter, value: Value): boolean {
  if (parameter.kind === "choice") return parameter.values.includes(value);
  if (typeof value !== "number" || !(value >= parameter.min && value <= parameter.max)) return false;
  return parameter.kind === "float" || Number.isInteger((value - parameter.min) / parameter.step);
}

/** The value at `u` in [0, 1): even steps of `u` are equally likely values. */
export function fromUnit(parameter: Parameter, u: number): Value {
  if (parameter.kind === "choice") {
    return parameter.values[Math.min(parameter.values.length - 1, Math.floor(u * parameter.values.length))];
  }
  const { min, max } = parameter;
  if (parameter.kind === "float") {
    const value = parameter.log ? Math.exp(Math.log(min) + u * Math.log(max / min)) : min + u * (max - min);
    return Math.min(max, Math.max(min, value));
  }
  if (parameter.log) {
    const value = Math.round(Math.exp(Math.log(min - 0.5) + u * Math.log((max + 0.5) / (min - 0.5))));
    return Math.min(max, Math.max(min, value));
  }
  const steps = Math.floor((max - min) / parameter.step) + 1;
  return min + parameter.step * Math.min(steps - 1, Math.floor(u * steps));
}

/** The middle of the `u` that give `value`: inverse of `fromUnit`. */
export function toUnit(parameter: Parameter, value: Value): number {
  if (parameter.kind === "choice") return (parameter.values.indexOf(value) + 0.5) / parameter.values.length;
  const { min, max } = parameter;
  const x = value as number;
  if (parameter.kind === "float") {
    if (max === min) return 0.5;
    return parameter.log ? Math.log(x / min) / Math.log(max / min) : (x - min) / (max - min);
  }
  if (parameter.log) return Math.log(x / (min - 0.5)) / Math.log((max + 0.5) / (min - 0.5));
  const steps = Math.floor((max - min) / parameter.step) + 1;
  return ((x - min) / parameter.step + 0.5) / steps;
}

/** The `u` from and to which `fromUnit` gives a whole number; nothing for a float, where it is a point. */
export function cellOf(parameter: Parameter, value: Value): readonly [number, number] | undefined {
  if (parameter.kind !== "int") return undefined;
  const { min, max, step } = parameter;
  const x = value as number;
  if (parameter.log) {
    const at = (edge: number) => Math.log(edge / (min - 0.5)) / Math.log((max + 0.5) / (min - 0.5));
    return [at(x - 0.5), at(x + 0.5)];
  }
  const steps = Math.floor((max - min) / step) + 1;
  return [(x - min) / step / steps, ((x - min) / step + 1) / steps];
}

/** Values of a grid: all of a choice or of whole numbers, `count` of others, ends included. Nothing where it needs a count. */
export function gridOf(parameter: Parameter): readonly Value[] | undefined {
  if (parameter.kind === "choice") return parameter.values;
  const { min, count } = parameter;
  const steps = parameter.kind === "int" ? Math.floor((parameter.max - min) / parameter.step) + 1 : 0;
  const max = parameter.kind === "int" ? min + (steps - 1) * parameter.step : parameter.max;
  if (count === undefined) {
    return parameter.kind === "float" ? undefined : Array.from({ length: steps }, (_, i) => min + i * parameter.step);
  }
  const at = (i: number) => {
    const share = count === 1 ? 0.5 : i / (count - 1);
    if (i === 0 && count > 1) return min;
    if (i === count - 1 && count > 1) return max;
    const value = parameter.log ? min * (max / min) ** share : min + share * (max - min);
    return parameter.kind === "int" ? min + parameter.step * Math.round((value - min) / parameter.step) : value;
  };
  return [...new Set(Array.from({ length: count }, (_, i) => at(i)))];
}

/**
 * Reads a space as a person writes it, one parameter a text: `ppo.gamma=float(0.8, 0.999)`,
 * `ppo.learning_rate=log(1e-5, 1e-2)`, `agent.trunk=choice(mlp, lstm)`, `agent.net_arch=choice("32", "64, 64")`,
 * `agent.lstm_hidden_size=when(agent.trunk, lstm, int(16, 128))`.
 *
 * @throws {SyntaxError} if a text cannot be read
 * @throws {RangeError} if what it says cannot be searched
 */
export function parseSpace(texts: string | readonly string[]): Space {
  const lines = (typeof texts === "string" ? texts.split("\n") : texts).filter((line) => line.trim() !== "");
  const space: Record<string, Parameter> = {};
  for (const line of lines) {
    const { name, parameter } = readParameter(line);
    if (Object.hasOwn(space, name)) {
      throw new RangeError(`Cannot search "${name}" as it must be there once: it is there twice`);
    }
    space[name] = parameter;
  }
  return checkSpace(space);
}

/** The space as text, a parameter a line, names aligned: `parseSpace` reads it back. */
export function formatSpace(space: Space): string {
  const width = Math.max(...Object.keys(space).map((name) => name.length));
  return Object.entries(space).map(([name, parameter]) => `${name.padEnd(width)} = ${writeParameter(parameter)}`).join(
    "\n",
  );
}

/**
 * Settings that the parameters stand for: `x.depth` and `x.width` together are the list `x` of so many layers as wide
 * (`agent.net_arch.depth` 2 and `agent.net_arch.width` 64: `agent.net_arch` "64, 64"); all others stand for themselves.
 */
export function settingsOf(params: Params): Params {
  const settings: Record<string, Value> = {};
  for (const [name, value] of Object.entries(params)) {
    const base = name.replace(/\.(depth|width)$/, "");
    const [depth, width] = [params[`${base}.depth`], params[`${base}.width`]];
    if (base === name || depth === undefined || width === undefined) settings[name] = value;
    else settings[base] = Array.from({ length: Number(depth) }, () => width).join(", ");
  }
  return settings;
}

function faultOf(parameter: Parameter): string | undefined {
  if (parameter.kind === "choice") {
    if (parameter.values.length === 0) return "there must be something to choose from: there is nothing";
    if (new Set(parameter.values).size < parameter.values.length) return "what to choose from must be there once";
    return undefined;
  }
  const { min, max, count } = parameter;
  const range = `${min} to ${max}`;
  if (!(Number.isFinite(min) && Number.isFinite(max) && min <= max)) {
    return `it must go from less to more: it goes from ${range}`;
  }
  if (parameter.log && !(min > 0)) return `a logarithm needs a range above 0: it goes from ${range}`;
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 1e6)) {
    return `its grid must have a whole number of values, 1 or more: current value is ${count}`;
  }
  if (parameter.kind === "float") return undefined;
  if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max))) {
    return `its range must be whole numbers: it goes from ${range}`;
  }
  if (!(Number.isSafeInteger(parameter.step) && parameter.step >= 1)) {
    return `its step must be a whole number, 1 or more: current value is ${parameter.step}`;
  }
}

function conditionFault(space: Space, name: string, only: Condition | undefined): string | undefined {
  if (only === undefined) return undefined;
  if (!Object.hasOwn(space, only.of)) {
    return `"${only.of}", which it depends on, must be searched too: ${didYouMean(only.of, Object.keys(space))}`;
  }
  const never = only.is.find((value) => !holds(space[only.of], value));
  if (never !== undefined) return `"${only.of}" is never ${never}: it is ${writeParameter(space[only.of])}`;
  return only.is.length === 0 ? `"${name}" would never be there: there must be a value of "${only.of}"` : undefined;
}

function condition({ of, is }: Condition): string {
  return `"${of}" is ${is.join(" or ")}`;
}
