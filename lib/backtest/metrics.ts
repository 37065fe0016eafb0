import { density, normalCdf } from "../base/normal.ts";
import { mean, quantileSorted } from "../base/stats.ts";
import { drawdowns } from "./drawdowns.ts";

/** What `metrics` has to know besides the curve. */
export interface MetricsOptions {
  /** Bars in a year of 365 days: markets here never close. Taken from `time` when left out. */
  readonly barsPerYear?: number;
  /** Bar open, ms UTC; calendar figures (`gainToPain`) are NaN without it. [T] */
  readonly time?: Float64Array;
  /** Equity or price of a yardstick at the same bars, for alpha, beta and what goes with them. [T] */
  readonly benchmark?: Float64Array;
}

/**
 * Performance and risk of an equity curve, from the simple returns of its bars. Names and definitions are empyrical's,
 * then quantstats', then scipy's, in camelCase, and equal theirs to 1e-9. Shares are fractions (−0.2 = −20 %).
 *
 * On purpose not as theirs: annual figures use a year of 365 days and not of 252; the recovery factor is the compounded
 * return over the largest drawdown, with its sign, where quantstats divides the absolute sum of returns (so that a
 * losing strategy looks recovered); a curve that does not vary has no Sharpe ratio (NaN); value at risk is the
 * historical one (empyrical's), the normal one (quantstats' `value_at_risk`) has a name of its own; and a return from an
 * equity of 0 is 0. What a curve cannot tell is NaN.
 */
export interface Metrics {
  readonly bars: number; // returns: one fewer than values
  readonly totalReturn: number;
  readonly annualReturn: number; // compounded
  readonly annualVolatility: number;
  readonly sharpeRatio: number; // annual, against a rate of 0
  /** Probability that the true Sharpe ratio is above 0, given skew and tails (Bailey & López de Prado 2012). */
  readonly probabilisticSharpeRatio: number;
  readonly sortinoRatio: number;
  readonly calmarRatio: number;
  readonly omegaRatio: number;
  readonly maxDrawdown: number; // ≤ 0
  readonly longestBarsUnderWater: number;
  readonly ulcerIndex: number;
  readonly recoveryFactor: number;
  readonly stabilityOfTimeseries: number; // R² of log equity on time
  readonly tailRatio: number;
  readonly commonSenseRatio: number;
  readonly downsideRisk: number; // annual
  readonly valueAtRisk5: number; // per bar, as a return: the 5 % quantile
  readonly conditionalValueAtRisk5: number;
  readonly valueAtRisk5Normal: number;
  /** Misleads where tails are very heavy: then it can be milder than the normal one. */
  readonly valueAtRisk5CornishFisher: number;
  readonly cvar5Normal: number;
  readonly skew: number;
  readonly excessKurtosis: number;
  readonly gainToPain: number; // of UTC days
  readonly profitFactor: number;
  readonly kelly: number;
  readonly winRate: number; // of the bars that moved
  readonly payoffRatio: number;
  readonly avgWin: number;
  readonly avgLoss: number;
  readonly best: number;
  readonly worst: number;
  readonly consecutiveWins: number;
  readonly consecutiveLosses: number;
  readonly alpha: number; // annual; this and the rest NaN without a benchmark
  readonly beta: number;
  readonly rSquared: number;
  readonly informationRatio: number; // per bar
  readonly excessReturn: number; // total return less the benchmark's
}

/** Bars in a year of 365 days, for a bar of `step` ms. */
export function barsPerYear(step: number): number {
  return 365 * 864e5 / step;
}

/**
 * Measures an equity curve.
 *
 * @param equity money or price at each close, at or above 0 [T]; its first value is the first peak
 * @throws {RangeError} if neither `barsPerYear` nor `time` says how long a bar is, or lengths differ
 */
export function metrics(equity: Float64Array, options: MetricsOptions = {}): Metrics {
  const { time, benchmark } = options;
  const year = options.barsPerYear ?? (time === undefined ? NaN : barsPerYear(shortestStep(time)));
  if (!(year > 0)) {
    throw new RangeError(`Cannot annualise as "barsPerYear" must be above 0, or "time" given: it is ${year}`);
  }
  for (const [name, column] of [["time", time], ["benchmark", benchmark]] as const) {
    if (column === undefined || column.length === equity.length) continue;
    throw new RangeError(`Cannot measure ${equity.length} bars as "${name}" has ${column.length} values`);
  }
  const r = returns(equity);
  const n = r.length;
  const average = mean(r);
  const sorted = r.slice().sort();
  const { spread, population, skew, kurtosis } = moments(r, average);
  const sides = winsAndLosses(r);
  const falls = drawdowns(equity);
  const maxDrawdown = falls.reduce((deepest, { depth }) => Math.min(deepest, depth), 0);
  const totalReturn = n > 0 ? equity[n] / equity[0] - 1 : NaN;
  const annualReturn = (1 + totalReturn) ** (year / n) - 1;
  const downside = Math.sqrt(sides.lossSquares / n);
  const z = -1.6448536269514722; // Φ⁻¹(0.05)
  const cornishFisher = z + (z ** 2 - 1) * skew / 6 + (z ** 3 - 3 * z) * kurtosis / 24 -
    (2 * z ** 3 - 5 * z) * skew ** 2 / 36;
  const tailRatio = n > 0 ? Math.abs(quantileSorted(sorted, 0.95)) / Math.abs(quantileSorted(sorted, 0.05)) : NaN;
  const profitFactor = sides.lossSum === 0 ? (sides.winSum === 0 ? 0 : Infinity) : sides.winSum / sides.lossSum;
  const winRate = sides.wins + sides.losses === 0 ? 0 : sides.wins / (sides.wins + sides.losses);
  const payoffRatio = (sides.winSum / sides.wins) / (sides.lossSum / sides.losses);
  return {
    bars: n,
    totalReturn,
    annualReturn,
    annualVolatility: spread * Math.sqrt(year),
    sharpeRatio: varies(spread, average) ? average / spread * Math.sqrt(year) : NaN,
    probabilisticSharpeRatio: varies(spread, average) ? probabilisticSharpe(average / spread, skew, kurtosis, n) : NaN,
    sortinoRatio: average * Math.sqrt(year) / downside,
    calmarRatio: maxDrawdown < 0 ? annualReturn / -maxDrawdown : NaN,
    omegaRatio: sides.lossSum > 0 ? sides.winSum / sides.lossSum : NaN,
    maxDrawdown: n > 0 ? maxDrawdown : NaN,
    longestBarsUnderWater: falls.reduce((longest, { length }) => Math.max(longest, length), 0),
    ulcerIndex: ulcerIndex(equity),
    recoveryFactor: maxDrawdown < 0 ? totalReturn / -maxDrawdown : NaN,
    stabilityOfTimeseries: stability(equity),
    tailRatio,
    commonSenseRatio: profitFactor * tailRatio,
    downsideRisk: downside * Math.sqrt(year),
    valueAtRisk5: n > 0 ? quantileSorted(sorted, 0.05) : NaN,
    conditionalValueAtRisk5: n > 0 ? mean(sorted.subarray(0, Math.floor((n - 1) * 0.05) + 1)) : NaN,
    valueAtRisk5Normal: average + z * population,
    valueAtRisk5CornishFisher: average + cornishFisher * population,
    cvar5Normal: average - population * density(z) / 0.05,
    skew,
    excessKurtosis: kurtosis,
    gainToPain: time === undefined ? NaN : gainToPain(r, time),
    profitFactor,
    kelly: (payoffRatio * winRate - (1 - winRate)) / payoffRatio,
    winRate,
    payoffRatio,
    avgWin: sides.winSum / sides.wins,
    avgLoss: -sides.lossSum / sides.losses,
    best: n > 0 ? sorted[n - 1] : NaN,
    worst: n > 0 ? sorted[0] : NaN,
    consecutiveWins: sides.winsInRow,
    consecutiveLosses: sides.lossesInRow,
    ...against(r, average, year, totalReturn, benchmark),
  };
}

/** Simple returns of consecutive values [T − 1]; 0 after an equity of 0. */
export function returns(equity: Float64Array): Float64Array {
  const out = new Float64Array(Math.max(0, equity.length - 1));
  for (let t = 0; t < out.length; t++) out[t] = equity[t] === 0 ? 0 : equity[t + 1] / equity[t] - 1;
  return out;
}

/**
 * Annual Sharpe ratio against a rate of 0, in one pass: what sweeps rank by. NaN when the curve does not vary.
 *
 * @param equity [T]
 */
export function sharpeRatio(equity: Float64Array, barsPerYear: number): number {
  const n = equity.length - 1;
  let sum = 0;
  let squares = 0;
  let before = equity[0];
  for (let t = 1; t <= n; t++) {
    const now = equity[t];
    if (now === before) continue;
    const r = now / before - 1;
    sum += r;
    squares += r * r;
    before = now;
  }
  if (!(squares < Infinity)) return metrics(equity, { barsPerYear }).sharpeRatio; // it came back from 0
  const average = sum / n;
  const spread = Math.sqrt((squares - sum * average) / (n - 1));
  return varies(spread, average) ? average / spread * Math.sqrt(barsPerYear) : NaN;
}

/** Whether a spread is more than the rounding of returns that are all alike. */
function varies(spread: number, average: number): boolean {
  return spread > 1e-7 * Math.abs(average);
}

/** Probability that the true ratio is above 0; `ratio` per bar, moments as scipy's, made unbiased as pandas does. */
function probabilisticSharpe(ratio: number, skew: number, kurtosis: number, n: number): number {
  const skewOfSample = skew * Math.sqrt(n * (n - 1)) / (n - 2);
  const kurtosisOfSample = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * kurtosis + 6);
  const variance = (1 - skewOfSample * ratio + (kurtosisOfSample + 2) / 4 * ratio ** 2) / (n - 1);
  return normalCdf(ratio / Math.sqrt(variance));
}

/** Sample (`spread`) and population deviation, biased skew and excess kurtosis. */
function moments(r: Float64Array, average: number) {
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let t = 0; t < r.length; t++) {
    const d = r[t] - average;
    second += d * d;
    third += d * d * d;
    fourth += d * d * d * d;
  }
  const n = r.length;
  const variance = second / n;
  const spread = Math.sqrt(second / (n - 1));
  const flat = !varies(spread, average);
  return {
    spread,
    population: Math.sqrt(variance),
    skew: flat ? NaN : third / n / variance ** 1.5,
    kurtosis: flat ? NaN : fourth / n / variance ** 2 - 3,
  };
}

function winsAndLosses(r: Float64Array) {
  let wins = 0;
  let losses = 0;
  let winSum = 0;
  let lossSum = 0;
  let lossSquares = 0;
  let winsInRow = 0;
  let lossesInRow = 0;
  let row = 0; // how many in a row, negative for losses
  for (let t = 0; t < r.length; t++) {
    if (r[t] > 0) {
      wins++;
      winSum += r[t];
      row = Math.max(0, row) + 1;
      winsInRow = Math.max(winsInRow, row);
    } else if (r[t] < 0) {
      losses++;
      lossSum -= r[t];
      lossSquares += r[t] * r[t];
      row = Math.min(0, row) - 1;
      lossesInRow = Math.max(lossesInRow, -row);
    } else row = 0;
  }
  return { wins, losses, winSum, lossSum, lossSquares, winsInRow, lossesInRow };
}

/** √(Σ drawdown² / (n − 1)), as quantstats has it. */
function ulcerIndex(equity: Float64Array): number {
  let peak = equity[0];
  let squares = 0;
  for (let t = 1; t < equity.length; t++) {
    peak = Math.max(peak, equity[t]);
    squares += (equity[t] / peak - 1) ** 2;
  }
  return equity.length > 2 ? Math.sqrt(squares / (equity.length - 2)) : NaN;
}

/** R² of the line through the logarithm of equity. */
function stability(equity: Float64Array): number {
  const n = equity.length - 1;
  const x = (n - 1) / 2;
  let y = 0;
  for (let t = 1; t <= n; t++) y += Math.log(equity[t] / equity[0]) / n;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let t = 1; t <= n; t++) {
    const dx = t - 1 - x;
    const dy = Math.log(equity[t] / equity[0]) - y;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return n < 2 ? NaN : xy * xy / (xx * yy);
}

/** Sum of daily sums over the sum of the negative ones. */
function gainToPain(r: Float64Array, time: Float64Array): number {
  let sum = 0;
  let pain = 0;
  let day = NaN;
  let ofDay = 0;
  for (let t = 0; t < r.length; t++) {
    const today = Math.floor(time[t + 1] / 864e5);
    if (today !== day) {
      pain += Math.max(0, -ofDay);
      day = today;
      ofDay = 0;
    }
    sum += r[t];
    ofDay += r[t];
  }
  pain += Math.max(0, -ofDay);
  return pain > 0 ? sum / pain : NaN;
}

function against(
  r: Float64Array,
  average: number,
  year: number,
  totalReturn: number,
  benchmark: Float64Array | undefined,
) {
  if (benchmark === undefined || r.length < 2) {
    return { alpha: NaN, beta: NaN, rSquared: NaN, informationRatio: NaN, excessReturn: NaN };
  }
  const b = returns(benchmark);
  const usual = mean(b);
  let rb = 0;
  let bb = 0;
  let rr = 0;
  let active = 0;
  for (let t = 0; t < r.length; t++) {
    const dr = r[t] - average;
    const db = b[t] - usual;
    rb += dr * db;
    bb += db * db;
    rr += dr * dr;
    active += (dr - db) ** 2;
  }
  const beta = bb > 0 ? rb / bb : NaN;
  const error = Math.sqrt(active / (r.length - 1)); // tracking error
  return {
    alpha: (1 + average - beta * usual) ** year - 1,
    beta,
    rSquared: rb * rb / (rr * bb),
    informationRatio: varies(error, average - usual) ? (average - usual) / error : NaN,
    excessReturn: totalReturn - (benchmark[r.length] / benchmark[0] - 1),
  };
}

/** The bar length: gaps only make steps longer. */
function shortestStep(time: Float64Array): number {
  let step = Infinity;
  for (let t = 1; t < time.length; t++) step = Math.min(step, time[t] - time[t - 1]);
  return step;
}
