import type { Candles } from "../market/candles.ts";
import { formatDate } from "../base/time.ts";
import { openTasks, type Task } from "./indicators/compute.ts";
import { indicators } from "./indicators/mod.ts";
import { blockLength, type Step } from "./indicators/step.ts";
import { children, formatSpec, ownColumns, parseSpec, type Spec, warmupOf } from "./spec.ts";
import { divide, type Guard, transforms } from "./transforms.ts";

/** Features of candles that are still to come. */
export interface GrowingFeatures {
  readonly names: readonly string[]; // [F] as the specs were written
  /** First bar at which every feature is known. */
  readonly warmup: number;
  /**
   * Works out the bars that `candles` has and this has not seen yet.
   *
   * @param take is given their values: `columns[f][t - origin]` for the bars `from` to `to`; anything before a feature's
   * own warm-up. May be called several times. Not to be kept
   * @throws {RangeError} if a value after the warm-up is not finite, as a 32-bit number
   */
  update(candles: Candles, take: TakeBars): void;
}

/** Takes the values of bars `from` to `to`. */
export type TakeBars = (columns: readonly Float64Array[], from: number, to: number, origin: number) => void;

/**
 * Features bar by bar, with the numbers that `buildFeatures` gives for all bars at once, to the last bit: the kernels of
 * the indicators go on where they were, and what else a spec says looks back a known number of bars. However many bars
 * come, it keeps a few thousand: columns are moved back when they are full.
 *
 * @throws {SyntaxError} if a spec cannot be read
 */
export function growingFeatures(specs: readonly string[]): GrowingFeatures {
  const names = specs.map((text) => text.trim());
  const roots = names.map((text) => parseSpec(text, { columns: [] }));
  const starts = roots.map(warmupOf);
  const warmup = Math.max(0, ...starts);
  const kept = blockLength * Math.ceil((warmup + 2 * blockLength) / blockLength); // bars that anything looks back at
  const room = 2 * kept;
  const plan = open(roots, room);
  let [seen, origin] = [0, 0];
  return {
    names,
    warmup,
    update(candles, take) {
      while (seen < candles.length) {
        if (seen - origin === room) {
          for (const column of plan.all) column.copyWithin(0, room - kept);
          origin += room - kept;
        }
        const to = Math.min(candles.length, origin + room);
        for (const name of ownColumns) {
          plan.inputs[name].set(candles[name as "$close" | "filled"].subarray(seen, to), seen - origin);
        }
        plan.step(seen - origin, to - origin);
        for (let f = 0; f < roots.length; f++) {
          for (let t = Math.max(seen, starts[f]); t < to; t++) {
            const value = plan.columns[f][t - origin];
            if (!(Math.abs(value) < LARGEST)) refuse(candles, names[f], value, t);
          }
        }
        take(plan.columns, seen, to, origin);
        seen = to;
      }
    },
  };
}

const LARGEST = 3.4028235677973366e38; // from here on it is infinite as a 32-bit float

function refuse(candles: Candles, name: string, value: number, t: number): never {
  throw new RangeError(
    `Cannot build the feature "${name}" of ${candles.symbol} as it must be finite after its warm-up: it is ${value} at ` +
      `${formatDate(candles.time[t])} UTC`,
  );
}

interface Plan {
  readonly inputs: Readonly<Record<string, Float64Array>>;
  readonly columns: readonly Float64Array[]; // [F]
  readonly all: readonly Float64Array[]; // whatever bars are kept in
  readonly step: Step;
}

/** Columns with room for so many bars, and the step that fills them. */
function open(roots: readonly Spec[], room: number): Plan {
  const inputs = Object.fromEntries(ownColumns.map((name) => [name, new Float64Array(room)]));
  const columns = new Map<string, Float64Array>(); // of a spec, by its text
  const outputs = new Map<string, Float64Array[]>(); // of an indicator's call
  const all = new Set<Float64Array>(Object.values(inputs));
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
    all.add(out);
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
    for (const output of made) all.add(output);
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
    if (tasks.length === 0) continue;
    const { step, work } = openTasks(tasks);
    steps.push(step);
    for (const column of work) all.add(column);
  }
  return {
    inputs,
    columns: results,
    all: [...all],
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
