import { backtest, type BacktestOptions, type BacktestResult } from "../backtest/mod.ts";
import { rng } from "../base/random.ts";
import type { Settings } from "../base/setting.ts";
import type { Candles } from "../market/candles.ts";
import type { Market } from "../market/market.ts";
import { parseRules } from "../risk/mod.ts";
import { makeStrategy } from "../strategies/mod.ts";
import { makeScenario, type ScenarioSpec } from "./table.ts";
import { cut } from "./shape.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";

/** A strategy as data, which can be written down and sent to a worker. */
export interface StrategySpec {
  readonly name: string;
  readonly settings?: Settings;
  /** Risk rules that watch over it, as `parseRules` reads them; none without it. */
  readonly rules?: string;
}

/** What a set of trials has in common; plain data. */
export interface TrialPlan {
  readonly market: Market;
  readonly scenarios: readonly ScenarioSpec[];
  readonly strategies: readonly StrategySpec[];
  readonly fitOn: readonly Candles[];
  readonly seed: number;
  readonly threshold: number;
  readonly horizon: number;
  readonly from: number;
  readonly to: number;
  readonly options: Omit<BacktestOptions, "risk" | "from" | "to">;
  /** Bars before and after the shock, along which equity is kept. */
  readonly offsets: Int32Array;
}

/** What became of one account from the shock to the horizon. Times are bars, counted from the first of the shock. */
export interface Outcome {
  readonly start: number; // bar of the period that the shock begins at
  readonly watched: number; // bars from there to the horizon, or the end of the period
  readonly died: number; // when equity was first under the threshold; NaN: never
  readonly recovered: number; // when it was back at its peak before the shock; NaN: not while it was watched
  readonly lowest: number; // equity at its lowest, over that just before the shock
  readonly change: number; // equity at the horizon over that just before the shock − 1
  readonly maxDrawdown: number; // from the shock on, ≤ 0
  readonly wanted: number; // value of all orders since the period began
  readonly filled: number; // of those
  readonly traded: number; // value of fills from the shock to the horizon
  readonly slippage: number; // spread and impact paid on them, quote currency
  readonly ruined: number; // 1: liquidated
}

/** Names of an outcome's numbers, in the order that `packOutcome` writes them. */
export const outcomeKeys: readonly (keyof Outcome)[] = [
  "start",
  "watched",
  "died",
  "recovered",
  "lowest",
  "change",
  "maxDrawdown",
  "wanted",
  "filled",
  "traded",
  "slippage",
  "ruined",
];

/** Runs a market by someone's decisions: `backtest` of a strategy, or a network asked bar by bar. */
export interface RunMarket {
  (market: Market, options: BacktestOptions): BacktestResult | Promise<BacktestResult>;
  /** Several at once, of those that are quicker so: markets of equal bars, whose options differ in `to` alone. */
  readonly all?: (runs: readonly MarketRun[]) => Promise<BacktestResult[]>;
}

/** A market and how it is run. */
export interface MarketRun {
  readonly market: Market;
  readonly options: BacktestOptions;
}

/** A scenario's market, and which bars of the period it changed. */
export interface Stressed {
  readonly market: Market; // with the bars before the period that strategies look back on
  readonly lead: number; // how many those are
  readonly start: number; // bar of the period that is watched from: the first that differs; its length where none does
  readonly end: number; // one past the last whose move differs
}

/** Bars before the period that strategies may look back on. */
const LOOK_BACK = 500;

/**
 * Draws trial `trial` of a scenario: the same for every strategy, and whoever runs it. Of several parts the shock is the
 * one that begins last: `gap + low_liquidity` is an outage in a market that was thin before. What is there all the time,
 * as low liquidity alone, is watched from the bar at which shocks of this trial begin: rows can be compared.
 */
export function stressed(
  { market, from, to, seed }: Pick<TrialPlan, "market" | "from" | "to" | "seed">,
  parts: readonly Scenario[],
  trial: number,
): Stressed {
  const lead = Math.min(from, LOOK_BACK);
  const source = (seed % 2 ** 32) * 2 ** 20 + trial;
  const random = rng(source);
  const T = to - from;
  const recorded = cut(market, from, to);
  let after = recorded;
  let shock = { start: parts.length === 0 ? T : 0, end: T };
  for (const part of parts) {
    const before = after;
    after = part(before, random);
    const changed = changedBars(before, after);
    if (changed.start < T && changed.start >= shock.start) shock = changed;
  }
  if (shock.start <= firstTraded(recorded)) {
    const start = drawStart(T, placing.earliest.default, placing.latest.default, rng(source));
    shock = { start, end: start + 1 };
  }
  return { market: lead === 0 ? after : joined(cut(market, from - lead, from), after), lead, ...shock };
}

/** Scenarios of a plan, made: the parts of each. */
export function planScenarios({ scenarios, fitOn }: TrialPlan): Scenario[][] {
  return scenarios.map((spec) => spec.map(({ name, settings }) => makeScenario(name, settings, fitOn)));
}

/** Strategies of a plan, as functions that run a market. */
export function planRuns({ strategies }: TrialPlan): RunMarket[] {
  return strategies.map(({ name, settings, rules = "" }) => {
    const strategy = makeStrategy(name, settings);
    const risk = parseRules(rules).map(({ rule }) => rule);
    return (market, options) => backtest(market, strategy, { ...options, risk });
  });
}

/** The options of a backtest over a stressed market's period, as far as it is looked at. */
export function runOptions({ options, horizon }: TrialPlan, { market, lead, start }: Stressed): BacktestOptions {
  return { ...options, from: lead, to: Math.min(market.length, lead + start + horizon) };
}

/** Measures a run: what the shock did to it. */
export function outcomeOf(
  result: BacktestResult,
  { start: first, end }: Pick<Stressed, "start" | "end">,
  { threshold, horizon }: Pick<TrialPlan, "threshold" | "horizon">,
): Outcome {
  const { equity, cash } = result;
  const start = Math.min(first, equity.length - 1);
  const T = Math.min(equity.length, start + horizon);
  const before = start > 0 ? equity[start - 1] : cash;
  let peak = cash;
  for (let t = 0; t < start; t++) peak = Math.max(peak, equity[t]);
  let [lowest, bottom, died, top, maxDrawdown] = [Infinity, start, NaN, before, 0];
  for (let t = start; t < T; t++) {
    if (t < end && equity[t] < equity[bottom]) bottom = t; // the shock's own lowest point
    lowest = Math.min(lowest, equity[t]);
    top = Math.max(top, equity[t]);
    maxDrawdown = Math.min(maxDrawdown, equity[t] / top - 1);
    if (Number.isNaN(died) && equity[t] < threshold * before) died = t - start + 1;
  }
  let recovered = NaN;
  for (let t = bottom; t < T; t++) {
    if (equity[t] < peak * (1 - 1e-12)) continue;
    recovered = t === start ? 0 : t - start + 1;
    break;
  }
  return {
    start,
    watched: T - start,
    died,
    recovered,
    lowest: lowest / before,
    change: equity[T - 1] / before - 1,
    maxDrawdown,
    wanted: result.wantedVolume,
    filled: result.filledVolume,
    ...tradedIn(result, start, T),
    ruined: Number(result.ruined),
  };
}

/** What fills of bars `from` to `to` came to, and the spread and impact paid on them. */
function tradedIn({ fills }: BacktestResult, from: number, to: number) {
  let [traded, slippage] = [0, 0];
  for (let i = 0; i < fills.length; i++) {
    if (fills.t[i] < from || fills.t[i] >= to) continue;
    traded += Math.abs(fills.units[i]) * fills.price[i];
    slippage += fills.spreadCost[i] + fills.impactCost[i];
  }
  return { traded, slippage };
}

/** Equity at bars around the shock, over that just before it; NaN where there is no such bar. */
export function pathOf(
  { equity, cash }: BacktestResult,
  { start }: Pick<Stressed, "start">,
  offsets: Int32Array,
): Float32Array {
  const before = start > 0 ? equity[Math.min(start, equity.length) - 1] : cash;
  return Float32Array.from(offsets, (offset) => {
    const t = start + offset - 1; // offset 0: the close before the shock
    return t === -1 ? cash / before : t >= 0 && t < equity.length ? equity[t] / before : NaN;
  });
}

/** First bar on which something trades. */
function firstTraded({ assets, length }: Market): number {
  let t = 0;
  while (t < length - 1 && assets.every(({ filled }) => filled[t] !== 0)) t++;
  return t;
}

/** First bar that differs, and one past the last whose move from close to close does. */
function changedBars(before: Market, after: Market): { start: number; end: number } {
  let [start, end] = [before.length, 0];
  for (const [k, a] of before.assets.entries()) {
    const b = after.assets[k];
    const same = (t: number) =>
      a.$close[t] === b.$close[t] && a.$low[t] === b.$low[t] && a.$high[t] === b.$high[t] &&
      a.$open[t] === b.$open[t] && a.$volume[t] === b.$volume[t];
    let t = 0;
    while (t < start && same(t)) t++;
    start = Math.min(start, t);
    const moved = (t: number) => Math.abs((b.$close[t] / b.$close[t - 1]) / (a.$close[t] / a.$close[t - 1]) - 1) > 1e-9;
    t = before.length - 1;
    while (t > 0 && t >= end && !moved(t)) t--;
    end = Math.max(end, t + 1);
  }
  return { start, end: Math.max(end, Math.min(start + 1, before.length)) };
}

/** Two markets, one after the other in time. */
function joined(head: Market, tail: Market): Market {
  const both = (a: Float64Array, b: Float64Array) => {
    const all = new Float64Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  const assets = head.assets.map((a, k): Candles => {
    const b = tail.assets[k];
    const filled = new Uint8Array(a.length + b.length);
    filled.set(a.filled);
    filled.set(b.filled, a.length);
    const spreadOf = ({ $spread, length }: Candles) => $spread ?? new Float64Array(length).fill(head.costs.spread);
    return {
      symbol: a.symbol,
      step: a.step,
      length: a.length + b.length,
      time: both(a.time, b.time),
      $open: both(a.$open, b.$open),
      $high: both(a.$high, b.$high),
      $low: both(a.$low, b.$low),
      $close: both(a.$close, b.$close),
      $volume: both(a.$volume, b.$volume),
      ...(a.$spread === undefined && b.$spread === undefined ? {} : { $spread: both(spreadOf(a), spreadOf(b)) }),
      filled,
      extra: Object.fromEntries(Object.entries(a.extra).map(([name, column]) => [name, both(column, b.extra[name])])),
    };
  });
  return { assets, length: head.length + tail.length, costs: tail.costs };
}
