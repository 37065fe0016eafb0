import { type Candles, columns as candleColumns } from "../../market/candles.ts";
import { didYouMean } from "../../base/suggest.ts";
import { checkParams, finiteStep, firstKnown } from "./check.ts";
import type { Definition, Job, Params } from "./indicator.ts";
import { blockLength, freeWorkColumns, keepWorkColumns, later, type Step, walk } from "./step.ts";

/** One indicator to be computed. */
export interface IndicatorCall {
  readonly indicator: Definition;
  /** Those left out are at their defaults. */
  readonly params?: Params | undefined;
  /** Read instead of the indicator's first column: a column of the candles by name, or any series. [T] */
  readonly input?: string | Float64Array | undefined;
}

/**
 * Computes indicators together: calls of one kernel that read the same columns and agree in what they share are done in
 * one pass. A call gives the same numbers, to the last bit, alone and in any company. Equal calls give the same arrays.
 *
 * @param into columns to fill, as an earlier call returned them, instead of new ones
 */
export function computeCalls(
  candles: Candles,
  calls: readonly IndicatorCall[],
  into?: readonly (readonly Float64Array[])[],
): Float64Array[][] {
  const starts = new Map<Float64Array, number>();
  const checks: Step[] = [];
  const distinct = new Map<string, Task>();
  const identity = numbering<Float64Array>();
  const tasks = calls.map(({ indicator, params: given, input }, i) => {
    const params = checkParams(indicator, given);
    const names = indicator.inputs.map((name, k) => (k === 0 && typeof input === "string" ? input : name));
    const columns = names.map((name, k) =>
      k === 0 && input instanceof Float64Array ? input : readColumn(candles, name, indicator.name)
    );
    const key = [indicator.name, JSON.stringify(params), ...columns.map(identity)].join();
    const same = distinct.get(key);
    if (same) return same;
    let start = 0;
    for (const [k, column] of columns.entries()) {
      checkLength(column, candles.length, indicator.name);
      let first = starts.get(column);
      if (first === undefined) {
        starts.set(column, first = firstKnown(column));
        checks.push(finiteStep(column, first, column === input ? "the input" : names[k], indicator.name));
      }
      start = Math.max(start, first);
    }
    const outputs: Float64Array[] = into
      ? checkOutputs(into[i], indicator, candles.length)
      : newColumns(indicator, candles.length);
    const task: Task = { indicator, params, columns, start, outputs };
    distinct.set(key, task);
    return task;
  });
  freeWorkColumns();
  const groups = grouped([...distinct.values()]);
  walk(candles.length, [...checks, ...groups.map(begin)]);
  groups.forEach(blankWarmup);
  return tasks.map(({ outputs }) => outputs as Float64Array[]);
}

/** Computes one indicator of columns that are not part of candles: what the plain functions (`rsi`, `sma`, …) do. */
export function computeAlone(indicator: Definition, columns: readonly Float64Array[], given: Params): Float64Array[] {
  const params = checkParams(indicator, given);
  const checks: Step[] = [];
  let start = 0;
  for (const [k, column] of columns.entries()) {
    const name = indicator.inputs[k].slice(1);
    if (!(column instanceof Float64Array)) {
      throw new TypeError(
        `Cannot compute ${indicator.name} as ${name} must be a Float64Array: current value is ${column}`,
      );
    }
    checkLength(column, columns[0].length, indicator.name);
    const first = firstKnown(column);
    checks.push(finiteStep(column, first, name, indicator.name));
    start = Math.max(start, first);
  }
  const outputs = newColumns(indicator, columns[0].length);
  freeWorkColumns();
  const [group] = grouped([{ indicator, params, columns, start, outputs }]);
  walk(columns[0].length, [...checks, begin(group)]);
  blankWarmup(group);
  return outputs;
}

/** An indicator at work on columns. */
export interface Task {
  readonly indicator: Definition;
  readonly params: Params;
  readonly columns: readonly Float64Array[];
  readonly start: number; // first bar at which every column is known
  readonly outputs: readonly Float64Array[];
}

/**
 * Begins to compute indicators of columns that are still to be filled: what it gives does it for the bars `from` to `to`
 * once they are there, however few at a time, with the numbers of `computeCalls` to the last bit; those
 * before the warm-up may be anything. All columns are of one length, the most bars that there can be at once: to go on for
 * ever, they and the work columns are moved back by whole blocks, and the numbers of bars with them.
 */
export function openTasks(tasks: readonly Task[]): { readonly step: Step; readonly work: readonly Float64Array[] } {
  freeWorkColumns();
  const groups = grouped(tasks);
  const steps = groups.map(begin);
  const work = keepWorkColumns();
  const step: Step = (from, to) => {
    for (let at = from; at < to;) {
      const end = Math.min(to, at - at % blockLength + blockLength);
      for (const step of steps) step(at, end);
      at = end;
    }
  };
  return { step, work };
}

interface Group {
  shared: readonly number[];
  columns: readonly Float64Array[];
  readonly tasks: Task[];
}

/** Puts tasks together that one run of a kernel can do. */
function grouped(tasks: readonly Task[]): Group[] {
  const groups: Group[] = [];
  for (const task of tasks) {
    const shared = task.indicator.shares?.(task.params) ?? [];
    const group = groups.find((group) =>
      group.tasks[0].indicator.kernel === task.indicator.kernel && group.tasks[0].start === task.start &&
      group.tasks.every(({ indicator }) => indicator.name !== task.indicator.name) &&
      agree(group.shared, shared) && agree(group.columns, task.columns)
    );
    if (!group) {
      groups.push({ shared, columns: task.columns, tasks: [task] });
      continue;
    }
    group.tasks.push(task);
    if (shared.length > group.shared.length) group.shared = shared;
    if (task.columns.length > group.columns.length) group.columns = task.columns;
  }
  return groups;
}

/** Whether two lists are equal as far as both go. */
function agree<T>(a: readonly T[], b: readonly T[]): boolean {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The step of a group's kernel. Where all columns are known only from a later bar on, it sees the bars from there. */
function begin({ shared, columns, tasks }: Group): Step {
  const { indicator: { kernel }, start } = tasks[0];
  if (start >= columns[0].length) return () => {};
  const after = (column: Float64Array) => (start === 0 ? column : column.subarray(start));
  const jobs: Record<string, Job> = {};
  for (const { indicator, params, outputs } of tasks) jobs[indicator.name] = { params, outputs: outputs.map(after) };
  const step = kernel(columns.map(after), shared, jobs);
  return start === 0 ? step : later(start, step);
}

function blankWarmup({ tasks }: Group): void {
  for (const { indicator, params, start, outputs } of tasks) {
    for (const output of outputs) output.fill(NaN, 0, start + indicator.warmup(params));
  }
}

/**
 * A column of candles by name: `$close` or an extra one.
 *
 * @throws {RangeError} if there is none of that name
 */
function readColumn(candles: Candles, name: string, reader: string): Float64Array {
  const own = candleColumns.find((column) => column === name);
  if (own) return candles[own];
  if (Object.hasOwn(candles.extra, name)) return candles.extra[name];
  const known = [...candleColumns, ...Object.keys(candles.extra)];
  throw new RangeError(`Cannot compute ${reader} of "${name}" as there is no such column: ${didYouMean(name, known)}`);
}

function newColumns({ outputs }: Definition, length: number): Float64Array[] {
  return outputs.map(() => new Float64Array(length));
}

function checkOutputs(given: readonly Float64Array[], { name, outputs }: Definition, length: number): Float64Array[] {
  if (given?.length === outputs.length && given.every((column) => column.length === length)) return [...given];
  throw new RangeError(
    `Cannot compute ${name} into the columns given as there must be ${outputs.length} of ${length} values: current ` +
      `lengths are ${given?.map((column) => column.length).join(", ")}`,
  );
}

function checkLength(column: Float64Array, length: number, name: string): void {
  if (column.length === length) return;
  throw new RangeError(
    `Cannot compute ${name} as its columns must have the same length: current lengths are ${length} and ${column.length}`,
  );
}

/** A number for each object, equal for the same object. */
function numbering<T>(): (value: T) => number {
  const numbers = new Map<T, number>();
  return (value) => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  };
}
