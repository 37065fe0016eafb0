import type { Candles } from "../market/candles.ts";
import { formatDate } from "../base/time.ts";
import { openTasks, type Task } from "./indicators/compute.ts";
import { indicators } from "./indicators/mod.ts";
import type { Step } from "./indicators/step.ts";
import { children, formatSpec, ownColumns, parseSpec, type Spec, warmupOf } from "./spec.ts";
import { divide, type Guard, transforms } from "./transforms.ts";

/** Features of candles that are still to come. */
export interface GrowingFeatures {
  readonly names: readonly string[]; // [F] as the specs were written
  /** First bar at which every feature is known. */
  readonly warmup: number;
  /** Their values [F][T] and room for more; anything before a feature's own warm-up. Others after `update` ran out of room. */
  readonly columns: readonly Float64Array[];
  /**
   * Works out the bars that `candles` has and this has not seen yet.
   *
   * @param into takes the newest bar's values [F], NaN before the warm-up; at `at`
   * @throws {RangeError} if a value after the warm-up is not finite, as a 32-bit number
   */
  update(candles: Candles, into?: Float32Array, at?: number): void;
}

/** Bars that there is room for at first. */
const ROOM = 4096;

/**
 * Features bar by bar, with the numbers that `buildFeatures` gives for all bars at once, to the last bit: the kernels of
 * the indicators go on where they were, and what else a spec says looks back a known number of bars. When its room is
 * full it is doubled and all bars are worked out anew.
 *
 * @throws {SyntaxError} if a spec cannot be read
 */
export function growingFeatures(specs: readonly string[], room = ROOM): GrowingFeatures {
  const names = specs.map((text) => text.trim());
  const roots = names.map((text) => parseSpec(text, { columns: [] }));
  const starts = roots.map(warmupOf);
  let plan = open(roots, room);
  let seen = 0;
  return {
    names,
    warmup: Math.max(0, ...starts),
    get columns() {
      return plan.columns;
    },
    update(candles, into, at = 0) {
      const { length } = candles;
      if (length > room) {
        while (length > room) room *= 2;
        plan = open(roots, room);
        seen = 0;
      }
      for (const name of ownColumns) plan.inputs[name].set(bars(candles, name).subarray(seen, length), seen);
      plan.step(seen, length);
      for (let t = Math.max(seen, 0); t < length; t++) {
        for (let f = 0; f < roots.length; f++) {
          if (t >= starts[f] && !(Math.abs(plan.columns[f][t]) < LARGEST)) {
            refuse(candles, names[f], plan.columns[f][t], t);
          }
        }
      }
      seen = length;
      if (into === undefined) return;
      const known = length > this.warmup;
      for (let f = 0; f < roots.length; f++) into[at + f] = known ? plan.columns[f][length - 1] : NaN;
    },
  };
}

const LARGEST = 3.4028235677973366e38; // from here on it is infinite as a 32-bit float

const bars = (candles: Candles, name: string) => candles[name as "$close" | "filled"];

function refuse(candles: Candles, name: string, value: number, t: number): never {
  throw new RangeError(
    `Cannot build the feature "${name}" of ${candles.symbol} as it must be finite after its warm-up: it is ${value} at ` +
      `${formatDate(candles.time[t])} UTC`,
  );
}

interface Plan {
  readonly inputs: Readonly<Record<string, Float64Array>>;
  readonly columns: readonly Float64Array[]; // [F]
  readonly step: Step;
}

/** Columns with room for so many bars, and the step that fills them. */
function open(roots: readonly Spec[], room: number): Plan {
  const inputs = Object.fromEntries(ownColumns.map((name) => [name, new Float64Array(room)]));
  const columns = new Map<string, Float64Array>(); // of a spec, by its text
  const outputs = new Map<string, Float64Array[]>(); // of an indicator's call
  const stages: { readonly tasks: Task[]; readonly steps: Step[] }[] = [];
  const stage = (depth: number) => stages[depth] ??= { tasks: [], steps: [] };

  /** How many indicators lie one in another: those of a depth are computed together, before what is made of them. */
  const depthOf = (spec: Spec): number =>
    Math.max(0, ...children(spec).map(depthOf)) + Number(spec.kind === "indicator");

  function columnOf(spec: Spec): Float64Array {
    const key = formatSpec(spec);
    const known = columns.get(key);
    if (known) return known;
    const made = make(spec);
    columns.set(key, made);
    return made;
  }

  function make(spec: Spec): Float64Array {
    if (spec.kind === "column") return inputs[spec.name];
    if (spec.kind === "number") return new Float64Array(room).fill(spec.value);
    if (spec.kind === "indicator") return call(spec)[indicators[spec.name].outputs.indexOf(spec.output)];
    const out = new Float64Array(room);
    const below = children(spec).map(columnOf);
    stage(depthOf(spec)).steps.push(stepOf(spec, below, out));
    return out;
  }

  function call(spec: Spec & { readonly kind: "indicator" }): Float64Array[] {
    const { name, params, inputs: given } = spec;
    const key = `${name}(${[...Object.values(params), ...given.map(formatSpec)].join(", ")})`;
    const known = outputs.get(key);
    if (known) return known;
    const indicator = indicators[name];
    const reads = indicator.inputs.map((column, i) => given[i] ? columnOf(given[i]) : inputs[column]);
    const made = indicator.outputs.map(() => new Float64Array(room));
    const start = Math.max(0, ...given.map(warmupOf));
    stage(depthOf(spec) - 1).tasks.push({ indicator, params, columns: reads, start, outputs: made });
    outputs.set(key, made);
    return made;
  }

  const results = roots.map(columnOf);
  const steps: Step[] = [];
  for (let depth = 0; depth < stages.length; depth++) {
    steps.push(...(stages[depth]?.steps ?? []));
    const tasks = stages[depth]?.tasks ?? [];
    if (tasks.length > 0) steps.push(openTasks(tasks));
  }
  return {
    inputs,
    columns: results,
    step(from, to) {
      for (const step of steps) step(from, to);
    },
  };
}

const unused: Guard = { hits: 0 };

/** What fills a column that is made of others. */
function stepOf(spec: Spec, below: readonly Float64Array[], out: Float64Array): Step {
  switch (spec.kind) {
    case "transform":
      return transformed(spec.name, spec.params, below[0], out);
    case "negative":
      return (from, to) => {
        for (let t = from; t < to; t++) out[t] = -below[0][t];
      };
    case "arithmetic": {
      const operate = operators[spec.operator];
      const [left, right] = below;
      return (from, to) => {
        for (let t = from; t < to; t++) out[t] = operate(left[t], right[t]);
      };
    }
    default:
      throw new TypeError(`Cannot compute "${formatSpec(spec)}" of others as it is a ${spec.kind}`);
  }
}

const operators = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => divide(a, b, unused),
} as const;

/** A transform of the bars from `from` on: it looks back as far as its warm-up; `fill`, at its own last value. */
function transformed(
  name: string,
  params: Readonly<Record<string, number>>,
  of: Float64Array,
  out: Float64Array,
): Step {
  const { run, warmup } = transforms[name];
  const back = warmup(params);
  return (from, to) => {
    const first = Math.max(0, from - (name === "fill" ? 1 : back));
    const tail = of.slice(first, to);
    if (name === "fill" && from > 0) tail[0] = out[from - 1];
    out.set(run(tail, params, unused).subarray(from - first), from);
  };
}
