import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml, type OnProgress } from "../base/progress.ts";
import { formatDate } from "../base/time.ts";
import type { Candles } from "../market/candles.ts";
import { featureBuilder } from "./build.ts";
import { blocksByInterest } from "./leak_order.ts";
import { assetsOf, type Bars, cutOut, withOtherFuture } from "./leak_views.ts";
import { newMatrix } from "./matrix.ts";

/** Named columns over bars: a `FeatureMatrix`, a strategy's decisions, a policy's actions. */
export interface Columns {
  readonly names: readonly string[]; // [F]
  readonly values: Float32Array | Float64Array; // [T, F] row-major
}

/** One feature that looks ahead. */
export interface Leak {
  readonly feature: string;
  /** First bar whose value changed when only later bars did, and its time (ms UTC). */
  readonly bar: number;
  readonly time: number;
  /** Bars ahead it was seen to look: at least this many. */
  readonly ahead: number;
  /** Whether it looks at the whole series: wherever it was cut, values changed from the very first on. */
  readonly whole: boolean;
  /** The value at `bar` with what follows hidden or changed, and with it in place. */
  readonly without: number;
  readonly with: number;
  /** How it showed: when later bars were hidden, or replaced by others. */
  readonly how: "hidden" | "changed";
}

/** What the check found. `label`, `verdict` and `passed` make it a report's badge. */
export interface LeakVerdict {
  readonly label: string;
  readonly verdict: string;
  readonly passed: boolean;
  readonly leaks: readonly Leak[];
  readonly features: readonly string[];
  /** Features that never had a value, so that nothing can be said of them. */
  readonly silent: readonly string[];
  readonly bars: number;
  /** Bars whose values were compared with all later bars hidden; when it is `bars` − 1, no peek can have been missed. */
  readonly tested: number;
  /** Runs that could not be used as the features refused so few bars, and what they said. */
  readonly refused: { readonly runs: number; readonly reason: string };
}

export interface LeakOptions {
  /**
   * Work to spend, in values computed (a run counts its bars and `overhead` more, times the features): 100 million
   * unless given, one to three seconds. Infinity makes every bar the last of the whole data once.
   */
  readonly effort?: number;
  readonly onProgress?: OnProgress;
}

/**
 * Checks that no value looks ahead: that it stays the same, to the last bit, whatever the bars after it are.
 *
 * `compute` is run over copies of the bars that end early, and over copies whose later bars are replaced by other valid
 * ones; what it says of the bars before must be what it said with all of them.
 *
 * - Where the bars are few (2,500 of 6 features or 1,000 of 35 with the default effort, any number with
 *   `effort: Infinity`), *every bar is once the last one*. That is exact: if bar t's value is the same bit for bit when t
 *   is the last bar there is, then nothing after t had a part in it.
 * - Where they are many, three things take its place. 16 cuts through the whole data catch what looks at the whole
 *   series (a global z-score, a scaler fitted on everything), long windows, fills from far ahead. The first 64 bars, each
 *   once the last, catch fills at the start. And again each bar is once the last, but of a short piece of the data
 *   that begins one warm-up before it: a peek at the next bar shows only where that bar is the first hidden one, so
 *   places picked at random would miss one that happens rarely ("0, but 1 before a crash"), and one piece for each bar
 *   does not. This takes for granted only that the rule is the same wherever the data begins. Pieces with unusual bars
 *   go first (extremes and jumps of a feature, large moves, gaps, no volume), so that when `effort` ends before all
 *   bars are through (`tested` says), rare peeks were looked for where they pay.
 *
 * At places in between, later bars are not hidden but replaced, for rules that ask how many bars there are.
 *
 * What it cannot see: numbers that were worked out beforehand from all the data and are only looked up by time. For
 * columns of a file see `suspectColumns`.
 *
 * @param compute bars in, [T, F] out; must give the same names for any number of bars. Errors it throws on few bars
 *   are counted in `refused`
 * @throws {RangeError} if two runs over the same bars differ, or rows are not one per bar
 */
export function checkLeaks<B extends Bars>(
  bars: B,
  compute: (bars: B) => Columns,
  options: LeakOptions = {},
): LeakVerdict & Displayable {
  const check = checking(bars, options);
  let step = check.next();
  while (!step.done) {
    try {
      step = check.next(compute(step.value));
    } catch (error) {
      step = check.throw(error);
    }
  }
  return step.value;
}

/** The same for features that take their time: a user's module may await. */
export async function checkLeaksAsync<B extends Bars>(
  bars: B,
  compute: (bars: B) => Columns | Promise<Columns>,
  options: LeakOptions = {},
): Promise<LeakVerdict & Displayable> {
  const check = checking(bars, options);
  let step = check.next();
  while (!step.done) {
    try {
      step = check.next(await compute(step.value));
    } catch (error) {
      step = check.throw(error);
    }
  }
  return step.value;
}

/** The same for features by their specs: the data's own columns among them are looked up, see `suspectColumns`. */
export function checkFeatureLeaks(
  candles: Candles,
  specs: readonly string[],
  options: LeakOptions = {},
): LeakVerdict & Displayable {
  return checkLeaks(candles, featureBuilder(specs, Object.keys(candles.extra)), options);
}

/** Columns of arrays by name [T], as a user's function may return them. */
export function asColumns(arrays: Readonly<Record<string, ArrayLike<number>>>): Columns {
  const names = Object.keys(arrays);
  const length = names.length > 0 ? arrays[names[0]].length : 0;
  newMatrix(names, new Float64Array(length), names.map((name) => arrays[name])); // the checks
  const values = new Float64Array(length * names.length);
  for (const [f, name] of names.entries()) {
    for (let t = 0; t < length; t++) values[t * names.length + f] = arrays[name][t];
  }
  return { names, values };
}

const zone = 64; // first bars, each of which is once the last
const places = 16;
const overhead = 200; // what a run costs besides its bars, in bars
const block = 16; // bars that share a piece of the data, each once its last

/** Asks for `compute` of one set of bars after the other, and draws the conclusion. */
function* checking<B extends Bars>(
  bars: B,
  { effort = 100_000_000, onProgress }: LeakOptions,
): Generator<B, LeakVerdict & Displayable, Columns> {
  const { length } = bars;
  const { time } = assetsOf(bars)[0];
  const whole = yield* computed(bars, 0, length);
  const { names } = whole;
  const starts = firstRows(whole, length);
  const found = new Map<number, Finding>();
  const seen = new Uint8Array(length); // bars that were the last of a run
  const cost = (bars: number) => (bars + overhead) * names.length;
  let spent = 0;
  let refused = 0;
  let reason = "";

  /** Compares what is said of bars `from` to `cut` by a run over `view` with what `reference` says. */
  function* compare(view: B, reference: Columns, from: number, cut: number, how: Leak["how"]) {
    let table: Columns;
    try {
      spent += cost(view.length);
      table = yield view;
    } catch (error) {
      refused++;
      reason ||= error instanceof Error ? error.message : String(error);
      return;
    }
    checkShape(table, names, view.length);
    if (how === "hidden") seen[cut - 1] = 1;
    const late = from === 0 && reference === whole && cut > length / 4;
    differences(table.values, reference.values, cut - from, names.length, (f, row) => {
      const leak: Leak = {
        feature: names[f],
        bar: from + row,
        time: time[from + row],
        ahead: cut - from - row,
        whole: false,
        without: table.values[row * names.length + f],
        with: reference.values[row * names.length + f],
        how,
      };
      const finding = found.get(f) ?? { leak, ahead: 0, late: 0, fromStart: 0 };
      if (leak.bar < finding.leak.bar) finding.leak = leak;
      finding.ahead = Math.max(finding.ahead, leak.ahead);
      if (late) finding.late++;
      if (late && row <= starts[f] + 8) finding.fromStart++;
      found.set(f, finding);
    });
  }

  const again = yield* computed(bars, 0, length);
  differences(again.values, whole.values, length, names.length, (f, row) => {
    throw new RangeError(
      `Cannot check "${names[f]}" for leaks as two runs over the same bars must agree: they differ at bar ${row} (${
        formatDate(time[row])
      })`,
    );
  });

  const exact = length * cost(length / 2) <= effort / 4;
  const spread = Array.from({ length: places }, (_, i) => Math.round(length * (i + 1) / (places + 1)));
  for (let cut = 1; cut < length; cut++) {
    if (exact || cut <= zone || spread.includes(cut)) {
      yield* compare(cutOut(bars, 0, cut), whole, 0, cut, "hidden");
      if (exact) onProgress?.(cut, length, `${found.size} found`);
    }
    if (spread.indexOf(cut) % 2 === 0) yield* compare(withOtherFuture(bars, cut), whole, 0, cut, "changed");
  }
  const reach = (yield* warmupAnywhere(starts)) + 8;
  const goal = Math.min(effort, spent + length * cost(reach + 2 * block)); // about what going through all bars takes
  for (const [done, first] of blocksByInterest(bars, whole, block).entries()) {
    if (exact || spent > effort) break;
    onProgress?.(Math.min(spent, goal), goal, `${found.size} found`);
    const from = Math.max(0, first - reach);
    const last = Math.min(length - 1, first + block); // its own last bar is hidden once
    const to = Math.min(length, last + block);
    let reference: Columns;
    try {
      reference = from === 0 ? whole : yield* computed(cutOut(bars, from, to), 0, to - from);
      spent += cost(to - from);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused++;
      reason ||= error.message;
      continue;
    }
    for (let cut = first + 1; cut <= last; cut++) {
      if (seen[cut - 1] === 1 && from === 0) continue;
      yield* compare(cutOut(bars, from, cut), reference, from, cut, "hidden");
    }
    if (done % 8 === 0) {
      const piece = cutOut(bars, from, to);
      const middle = Math.min(first + block / 2, last);
      if (middle > from) yield* compare(withOtherFuture(piece, middle - from), reference, from, middle, "changed");
    }
  }
  onProgress?.(1, 1, `${found.size} found`);

  const leaks = [...found].sort(([a], [b]) => a - b).map(([, { leak, ahead, late, fromStart }]) => ({
    ...leak,
    ahead,
    whole: late > 0 && fromStart === late,
  }));
  const silent = names.filter((_, f) => starts[f] === length);
  const tested = seen.reduce((sum, one) => sum + one, 0);
  return conclude({ leaks, features: names, silent, bars: length, tested, refused: { runs: refused, reason } });

  /** The longest warm-up: a column of the data's own that begins late must not count, so the middle is asked too. */
  function* warmupAnywhere(starts: readonly number[]): Generator<B, number, Columns> {
    let rows = starts.filter((row) => row < length);
    const middle = length >> 1;
    if (rows.some((row) => row > 256)) {
      try {
        const later = firstRows(yield* computed(cutOut(bars, middle, length), middle, length), length - middle);
        rows = rows.map((row, f) => Math.min(row, later[f]));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error; // then the start of the data has to do
      }
    }
    return Math.max(0, ...rows);
  }

  function* computed(view: B, from: number, to: number): Generator<B, Columns, Columns> {
    let table: Columns;
    try {
      table = yield (view === bars ? cutOut(bars, from, to) : view);
    } catch (error) {
      if (view === bars) throw error;
      throw new Refusal(error instanceof Error ? error.message : String(error));
    }
    checkShape(table, view === bars ? table.names : names, to - from);
    return table;
  }
}

/** The features did not take so few bars. */
class Refusal extends Error {}

interface Finding {
  leak: Leak; // at the earliest bar
  ahead: number; // farthest
  late: number; // cuts in the later three quarters at which it showed
  fromStart: number; // of those, how often from its first value on
}

/** Calls `report` with the first row of each feature in which two tables differ. NaN equals NaN, 0 equals −0. */
function differences(
  a: Columns["values"],
  b: Columns["values"],
  rows: number,
  width: number,
  report: (f: number, row: number) => void,
): void {
  const done = new Set<number>();
  const end = rows * width;
  for (let i = 0; i < end; i++) {
    if (a[i] === b[i] || (a[i] !== a[i] && b[i] !== b[i])) continue;
    const f = i % width;
    if (done.has(f)) continue;
    done.add(f);
    report(f, (i - f) / width);
    if (done.size === width) return;
  }
}

function firstRows({ names, values }: Columns, length: number): number[] {
  return names.map((_, f) => {
    let t = 0;
    while (t < length && !Number.isFinite(values[t * names.length + f])) t++;
    return t;
  });
}

function checkShape({ names, values }: Columns, wanted: readonly string[], rows: number): void {
  if (names.length !== wanted.length || names.some((name, f) => name !== wanted[f])) {
    throw new RangeError(
      `Cannot check for leaks as the features must be the same for any number of bars: they are ${
        wanted.join(", ")
      } over all, ${names.join(", ")} over ${rows}`,
    );
  }
  if (values.length !== rows * names.length) {
    throw new RangeError(
      `Cannot check for leaks as ${rows} bars must give ${rows} rows: they gave ${values.length / names.length}`,
    );
  }
}

const many = (count: number, one: string) => `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;

/** `looks 1 bar ahead: 0.31 at bar 57 (2018-01-02 09:00 UTC) becomes NaN when later bars are hidden`. */
export function describeLeak(leak: Leak): string {
  const distance = leak.whole ? "at the whole series" : `${many(leak.ahead, "bar")} ahead or more`;
  const digits = (x: number) => Number.isFinite(x) ? String(Number(x.toPrecision(6))) : String(x);
  const values = digits(leak.with) === digits(leak.without)
    ? [String(leak.with), String(leak.without)]
    : [digits(leak.with), digits(leak.without)];
  return `looks ${distance}: ${values[0]} at bar ${leak.bar} (${formatDate(leak.time)} UTC) becomes ${
    values[1]
  } when ` +
    `later bars are ${leak.how}`;
}

function conclude(rest: Omit<LeakVerdict, "label" | "verdict" | "passed">): LeakVerdict & Displayable {
  const { leaks, features, silent, bars, tested, refused } = rest;
  const passed = leaks.length === 0 && silent.length < features.length && tested > 0;
  const kept = features.length - silent.length - leaks.length;
  const extent = tested >= bars - 1
    ? "every bar tested"
    : `${tested.toLocaleString("en-US")} of ${many(bars, "bar")} tested`;
  const notes = [
    silent.length > 0 && `${silent.join(", ")} never had a value`,
    refused.runs > 0 && `${many(refused.runs, "run")} refused: ${refused.reason}`,
  ].filter((note) => note !== false);
  const names = leaks.slice(0, 3).map(({ feature, ahead, whole }) =>
    `${feature} (${whole ? "the whole series" : many(ahead, "bar")})`
  ).join(", ");
  const verdict = leaks.length > 0
    ? `${leaks.length} of ${features.length} look ahead: ${names}${leaks.length > 3 ? ", …" : ""}`
    : passed
    ? `${kept} of ${features.length} keep the prefix law, ${extent}${silent.length > 0 ? `; ${notes[0]}` : ""}`
    : `nothing could be tested: ${notes.join("; ")}`;
  const content: LeakVerdict = { label: passed ? "No look-ahead" : "Look-ahead", verdict, passed, ...rest };
  return displayed(content, () => ({ "text/plain": plainText(content, notes), "text/html": html(content, notes) }));
}

function plainText({ label, verdict, leaks }: LeakVerdict, notes: readonly string[]): string {
  return [
    `${label}: ${verdict}`,
    ...leaks.map((leak) => `  ${leak.feature} ${describeLeak(leak)}`),
    ...notes.map((note) => `  ${note}`),
  ].join("\n");
}

function html({ label, verdict, passed, leaks }: LeakVerdict, notes: readonly string[]): string {
  const rows = leaks.map((leak) =>
    `<tr><td>${escapeHtml(leak.feature)}</td><td>${escapeHtml(describeLeak(leak))}</td></tr>`
  ).join("");
  return `<p><strong>${passed ? "✓" : "✗"} ${label}.</strong> ${escapeHtml(verdict)}</p>` +
    (rows && `<table><thead><tr><th>feature</th><th>what was seen</th></tr></thead><tbody>${rows}</tbody></table>`) +
    notes.map((note) => `<p>${escapeHtml(note)}</p>`).join("");
}
