import type { Displayable } from "../base/display.ts";
import { formatDate, formatTimeframe } from "../base/time.ts";
import { type Candles, columns, mapColumns } from "../market/candles.ts";
import { type CleaningReport, cleaningReport, type Finding, type GapPolicy } from "./cleaning_report.ts";
import { inferStep } from "./times.ts";

/** How to clean. */
export interface CleanOptions {
  readonly gaps?: GapPolicy;
  readonly notes?: readonly string[]; // of reading, shown with the report
}

/** Clean candles and what was done to make them so. */
export interface Cleaned {
  readonly candles: Candles;
  readonly report: CleaningReport & Displayable;
}

/**
 * Makes raw bars fit for use: in order of time, one per time, on the grid of their step, with positive finite prices,
 * low ≤ open, close ≤ high, and no NaN. The input stays untouched; every change is counted in the report.
 *
 * - Bars of one time: the last one in the input is kept.
 * - A price that is NaN, infinite, zero or negative counts as missing, and so does a negative or infinite volume.
 * - Missing bars and missing values follow `gaps`. `"fill"` carries the last close forward (o = h = l = c, volume 0);
 *   where only some values are missing, open becomes the close before, high and low the bar's own extremes, volume 0.
 *   All of these are marked in `filled`: nothing trades on them. Before the first valid close there is nothing to carry,
 *   so the first open is carried backward. `"drop"` leaves such bars out, `"fail"` throws.
 * - Extra columns are filled forward, then backward, under every policy; they don't mark a bar.
 *
 * Cleaning twice is cleaning once.
 *
 * @throws {RangeError} if less than 2 bars are left, no bar has a valid close, the bars lie much closer than their step,
 *   filling would make up more than 50 bars for each real one, or anything is missing under `"fail"`
 */
export function clean(raw: Candles, { gaps = "fill", notes = [] }: CleanOptions = {}): Cleaned {
  const findings: Finding[] = [];
  let candles = ordered(raw, findings);
  needTwo(candles, raw);
  markInvalid(candles, "price", findings, gaps);
  markInvalid(candles, "volume", findings, gaps);
  noteExtra(candles, findings);
  candles = onGrid(candles, findings, gaps);
  if (gaps === "drop") candles = complete(candles);
  needTwo(candles, raw);
  fillMissing(candles);
  repairBounds(candles, findings);
  noteStill(candles, findings);
  const report = cleaningReport({
    ...{ symbol: raw.symbol, step: raw.step, policy: gaps, barsIn: raw.length, barsOut: candles.length },
    ...{ from: candles.time[0], to: candles.time[candles.length - 1], findings, notes },
  });
  return { candles, report };
}

function needTwo(candles: Candles, { symbol, step, length }: Candles): void {
  if (candles.length >= 2) return;
  throw new RangeError(
    `Cannot clean ${symbol} ${formatTimeframe(step)} as at least 2 bars are needed: ` +
      `${counted(candles.length, "valid bar")} of ${length} remain${candles.length === 1 ? "s" : ""}`,
  );
}

/** A copy in order of time, without bars that have no time or repeat one. */
function ordered(raw: Candles, findings: Finding[]): Candles {
  const { time } = raw;
  if (time.every((at, t) => at > (t === 0 ? -Infinity : time[t - 1]) && at < Infinity)) {
    return mapColumns(raw, (column) => column.slice() as typeof column);
  }
  const rows = [...time.keys()].filter((row) => Number.isFinite(time[row]));
  if (rows.length < time.length) {
    const what = `${counted(time.length - rows.length, "bar")} without a time left out`;
    findings.push({ kind: "time", bars: time.length - rows.length, changed: true, what, examples: [] });
  }
  const back = rows.filter((row, i) => i > 0 && time[row] < time[rows[i - 1]]);
  if (back.length > 0) {
    const turned = back.length === rows.length - 1;
    const what = turned
      ? "the bars were newest first and turned round"
      : `${counted(back.length, "bar")} after later ones: sorted`;
    findings.push({ kind: "order", bars: back.length, changed: true, what, examples: turned ? [] : dates(back, time) });
    rows.sort((a, b) => time[a] - time[b] || a - b);
  }
  const repeated = rows.filter((row, i) => i + 1 < rows.length && time[row] === time[rows[i + 1]]);
  if (repeated.length > 0) {
    const what = `${counted(repeated.length, "bar")} repeated the time of another: the last was kept`;
    findings.push({ kind: "duplicate", bars: repeated.length, changed: true, what, examples: dates(repeated, time) });
  }
  const left = new Set(repeated);
  const kept = Uint32Array.from(left.size === 0 ? rows : rows.filter((row) => !left.has(row)));
  return mapColumns(raw, (column) => gather(column, kept));
}

/** Puts NaN where a price or the volume is not valid, and marks those bars as filled. */
function markInvalid(candles: Candles, kind: "price" | "volume", findings: Finding[], gaps: GapPolicy): void {
  const { time, filled, symbol, length } = candles;
  const names = kind === "price" ? prices : ["$volume"] as const;
  const kinds = new Map<string, number>();
  const bars: number[] = [];
  const examples: string[] = [];
  for (let t = 0; t < length; t++) {
    let good = true;
    for (const name of names) {
      const value = candles[name][t];
      if (value < Infinity && (value > 0 || (value === 0 && kind === "volume"))) continue;
      const fault = Number.isNaN(value) ? "empty" : value === 0 ? "zero" : value < 0 ? "negative" : "infinite";
      kinds.set(fault, (kinds.get(fault) ?? 0) + 1);
      if (examples.length < 3) examples.push(`${formatDate(time[t])} ${name} ${value}`);
      candles[name][t] = NaN;
      good = false;
    }
    if (good) continue;
    bars.push(t);
    filled[t] = 1;
  }
  if (bars.length === 0) return;
  const faults = [...kinds].map(([fault, times]) => `${times} ${fault}`).join(", ");
  const found = `${counted(bars.length, "bar")} had no valid ${kind} (${faults})`;
  if (gaps === "fail") throw new RangeError(`Cannot clean ${symbol} as ${found}: ${examples.join("; ")}`);
  const first = candles.$close.findIndex((close) => close > 0);
  if (first < 0) throw new RangeError(`Cannot clean ${symbol} as not one of its ${length} bars has a valid close`);
  const early = kind === "price" && first > 0 ? `, ${counted(first, "bar")} before the first close from its open` : "";
  const then = gaps === "drop" ? "left out" : kind === "volume" ? "taken as 0" : `filled from the close before${early}`;
  findings.push({ kind, bars: bars.length, changed: true, what: `${found}: ${then}`, examples });
}

/** Finds bars off the grid and missing bars; makes those with NaN under `"fill"`. */
function onGrid(candles: Candles, findings: Finding[], gaps: GapPolicy): Candles {
  const { time, step, symbol, length } = candles;
  const bar = formatTimeframe(step);
  const distance = inferStep(time);
  if (distance < 0.75 * step) { // not only off the grid
    throw new RangeError(
      `Cannot clean ${symbol} as bars of ${bar} as most of them are ${formatTimeframe(distance)} apart: resample them`,
    );
  }
  const phase = mode(time, step);
  const slot = (t: number) => Math.round((time[t] - phase) / step);
  const off = [...time.keys()].filter((t) => time[t] !== phase + slot(t) * step);
  if (off.length > 0) {
    const what = `${counted(off.length, "bar")} off the grid of ${bar}: kept`;
    findings.push({ kind: "grid", bars: off.length, changed: false, what, examples: dates(off, time) });
  }
  let missing = 0;
  const holes: { after: number; bars: number }[] = [];
  for (let t = 1; t < length; t++) {
    const bars = slot(t) - slot(t - 1) - 1;
    if (bars <= 0) continue;
    holes.push({ after: t - 1, bars });
    missing += bars;
  }
  if (missing === 0) return candles;
  const examples = holes.slice(0, 3).map(({ after, bars }) =>
    `${counted(bars, "bar")} after ${formatDate(time[after])}`
  );
  const found = `${counted(missing, "bar")} missing in ${counted(holes.length, "gap")}`;
  if (gaps === "fail") throw new RangeError(`Cannot clean ${symbol} ${bar} as it has ${found}: ${examples.join("; ")}`);
  const then = gaps === "fill" ? "filled with the close before, volume 0" : "left missing";
  findings.push({ kind: "gap", bars: missing, changed: gaps === "fill", what: `${found}: ${then}`, examples });
  if (gaps === "drop") return candles;
  if (missing > 50 * length) {
    const { after } = holes.reduce((widest, hole) => (hole.bars > widest.bars ? hole : widest));
    throw new RangeError(
      `Cannot fill the gaps of ${symbol} ${bar} as ${missing} bars would be made for ${length} real ones; the widest ` +
        `is ${formatDate(time[after])} to ${formatDate(time[after + 1])}: is a time wrong? Else use gaps: "drop"`,
    );
  }
  const rows = new Int32Array(length + missing).fill(-1);
  const times = new Float64Array(length + missing);
  for (let t = 0, row = 0, hole = 0; t < length; t++) {
    rows[row] = t;
    times[row++] = time[t];
    if (holes[hole]?.after !== t) continue;
    for (let i = 1; i <= holes[hole].bars; i++) times[row++] = phase + (slot(t) + i) * step;
    hole++;
  }
  const filled = gather(candles.filled, rows);
  for (let row = 0; row < rows.length; row++) if (rows[row] < 0) filled[row] = 1;
  return { ...mapColumns(candles, (column) => gather(column, rows)), time: times, filled };
}

/** Only the bars in which nothing is missing. */
function complete(candles: Candles): Candles {
  const rows = [...candles.time.keys()].filter((t) => columns.every((name) => !Number.isNaN(candles[name][t])));
  return rows.length === candles.length
    ? candles
    : mapColumns(candles, (column) => gather(column, Int32Array.from(rows)));
}

/** Fills NaN in place; see `clean`. */
function fillMissing({ $open, $high, $low, $close, $volume, extra }: Candles): void {
  const first = $close.findIndex((close) => close > 0);
  let before = $open[first] > 0 ? $open[first] : $close[first];
  for (let t = 0; t < $close.length; t++) {
    if (Number.isNaN($close[t])) $close[t] = $open[t] > 0 ? $open[t] : before;
    if (Number.isNaN($open[t])) $open[t] = before;
    if (Number.isNaN($high[t])) $high[t] = Math.max($open[t], $close[t]);
    if (Number.isNaN($low[t])) $low[t] = Math.min($open[t], $close[t]);
    if (Number.isNaN($volume[t])) $volume[t] = 0;
    before = $close[t];
  }
  for (const column of Object.values(extra)) fillColumn(column);
}

/** NaN and infinities filled forward, then backward, in place. */
function fillColumn(column: Float64Array): void {
  let before = column.find(Number.isFinite) ?? NaN;
  for (let t = 0; t < column.length; t++) {
    if (Number.isFinite(column[t])) before = column[t];
    else column[t] = before;
  }
}

/** Says which extra columns will be filled. One without a single number can't be, and stays NaN. */
function noteExtra({ extra, time }: Candles, findings: Finding[]): void {
  for (const [name, column] of Object.entries(extra)) {
    const rows = [...column.keys()].filter((t) => !Number.isFinite(column[t]));
    if (rows.length === 0) continue;
    const first = column.findIndex(Number.isFinite);
    const early = first > 0 ? `, the first ${first} backward from ${formatDate(time[first])}` : "";
    const then = first < 0
      ? "has no number at all and stays empty"
      : `filled forward in ${counted(rows.length, "bar")}${early}`;
    const what = `column "${name}" ${then}`;
    findings.push({ kind: "extra", bars: rows.length, changed: first >= 0, what, examples: dates(rows, time) });
  }
}

/** Raises highs and lowers lows, in place, until low ≤ open, close ≤ high. */
function repairBounds({ time, $open, $high, $low, $close }: Candles, findings: Finding[]): void {
  const rows: number[] = [];
  const examples: string[] = [];
  for (let t = 0; t < time.length; t++) {
    const high = Math.max($open[t], $high[t], $low[t], $close[t]);
    const low = Math.min($open[t], $high[t], $low[t], $close[t]);
    if (high === $high[t] && low === $low[t]) continue;
    rows.push(t);
    if (examples.length < 3) {
      examples.push(`${formatDate(time[t])} low..high ${$low[t]}..${$high[t]} → ${low}..${high}`);
    }
    $high[t] = high;
    $low[t] = low;
  }
  if (rows.length === 0) return;
  const what = `${counted(rows.length, "bar")} had a price outside low..high: low and high widened`;
  findings.push({ kind: "bounds", bars: rows.length, changed: true, what, examples });
}

/** Says how many bars the source itself recorded without a trade. */
function noteStill({ time, $volume, filled }: Candles, findings: Finding[]): void {
  const rows = [...time.keys()].filter((t) => $volume[t] === 0 && filled[t] === 0);
  if (rows.length === 0) return;
  const what = `${counted(rows.length, "bar")} had volume 0 as recorded`;
  findings.push({ kind: "no trade", bars: rows.length, changed: false, what, examples: dates(rows, time) });
}

const prices = columns.filter((name) => name !== "$volume");

/** The rows of a column, in the order given; NaN or 0 for row −1. */
function gather<A extends Float64Array | Uint8Array>(column: A, rows: Uint32Array | Int32Array): A {
  const gathered = new (column.constructor as new (length: number) => A)(rows.length);
  for (let i = 0; i < rows.length; i++) gathered[i] = rows[i] < 0 ? NaN : column[rows[i]];
  return gathered;
}

/** The most common remainder of time over step: where the grid starts. */
function mode(time: Float64Array, step: number): number {
  const counts = new Map<number, number>();
  for (const at of time) counts.set(at % step, (counts.get(at % step) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

const dates = (rows: readonly number[], time: Float64Array) => rows.slice(0, 3).map((row) => formatDate(time[row]));
const counted = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
