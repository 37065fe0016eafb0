import type { BacktestOptions } from "../backtest/mod.ts";
import type { OnProgress } from "../base/progress.ts";
import type { Candles } from "../market/candles.ts";
import type { Market } from "../market/market.ts";
import { parseScenario, type ScenarioSpec } from "./table.ts";
import { runTrials, type TrialColumns, type TrialRange } from "./run_trials.ts";
import type { Scenario } from "./scenario.ts";
import { runInWorkers } from "./stress_pool.ts";
import { type StressCell, summarise } from "./stress_summary.ts";
import {
  type Outcome,
  outcomeKeys,
  outcomeOf,
  pathOf,
  planRuns,
  planScenarios,
  type RunMarket,
  type StrategySpec,
  type TrialPlan,
} from "./trial.ts";

/** How to put strategies under stress. */
export interface StressOptions extends Omit<BacktestOptions, "risk"> {
  /** Trials of each scenario; every strategy goes through the same ones. */
  readonly seeds?: number;
  readonly seed?: number;
  /** Equity under this share of what it was just before the shock counts as not having survived; 0.8 without it. */
  readonly threshold?: number;
  /** Bars from the shock on that are looked at, no more than the period has; a fifth of it without it. */
  readonly horizon?: number;
  /** Workers; 0 runs everything here. The result is the same whatever it is. */
  readonly workers?: number;
  /** Candles [K] that scenarios learn from: those of the training period. The stressed bars themselves without it. */
  readonly fitOn?: readonly Candles[];
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What happened to all strategies in all scenarios. */
export interface StressResult {
  readonly scenarios: readonly string[]; // names
  readonly strategies: readonly string[];
  readonly seeds: number;
  readonly threshold: number;
  readonly horizon: number; // bars
  readonly cells: readonly StressCell[]; // scenario by scenario, strategies in order
  /** Each strategy on the bars as they were, watched from the bars at which the first scenario's shocks began. */
  readonly asRecorded: readonly StressCell[];
  readonly offsets: Int32Array; // bars from the shock that paths are kept at
}

/** Trials that a worker takes at a time: few enough for all to end together. */
const CHUNK = 10;
/** Trials that those who run several at once are given: a network is asked about all of them together. */
const TOGETHER = 40;

/**
 * Runs every strategy through `seeds` draws of every scenario, and measures what is left: survival, recovery, what could
 * be traded and at what price, drawdowns. Trial n of a scenario is the same market for all strategies, and the shock
 * begins at the same bar in all scenarios that place it alike, so that differences are differences of what is compared.
 *
 * @param scenarios by the name their rows get: text as `parseScenario` reads it, or what it returns
 * @param strategies by the name their rows get: of the table with its settings, or a function that runs a market (a
 * network's), which is called here and not in a worker
 * @throws {RangeError} if there is no scenario, strategy or seed, a name or setting is unknown, or a scenario cannot be
 * applied to this market
 */
export async function stress(
  market: Market,
  scenarios: Readonly<Record<string, string | ScenarioSpec>>,
  strategies: Readonly<Record<string, StrategySpec | RunMarket>>,
  options: StressOptions = {},
): Promise<StressResult> {
  const { seeds = 200, seed = 7, threshold = 0.8, workers = defaultWorkers(), fitOn, onProgress, signal } = options;
  const { from = 0, to = market.length, cash = 10_000, margin = {}, lag = 0 } = options;
  const horizon = Math.min(to - from, options.horizon ?? Math.max(1, Math.floor((to - from) / 5)));
  const names = { scenarios: Object.keys(scenarios), strategies: Object.keys(strategies) };
  check(market, names, { seeds, threshold, horizon, from, to });
  const specs = Object.values(scenarios).map((one) => (typeof one === "string" ? parseScenario(one) : one));
  const own = Object.values(strategies).map((one) => (typeof one === "function" ? one : undefined));
  const plan: TrialPlan = {
    market,
    scenarios: specs,
    strategies: Object.values(strategies).filter((one): one is StrategySpec => typeof one !== "function"),
    fitOn: fitOn ?? market.assets,
    ...{ seed, threshold, horizon, from, to },
    options: { cash, margin, lag },
    offsets: offsetsFor(to - from, horizon),
  };
  const made = { scenarios: planScenarios(plan), runs: planRuns(plan) }; // a wrong name is told before any work

  const rangesOf = (size: number): TrialRange[] =>
    specs.flatMap((_, scenario) =>
      Array.from({ length: Math.ceil(seeds / size) }, (_, i) => ({
        scenario,
        from: i * size,
        to: Math.min(seeds, (i + 1) * size),
      }))
    );
  const ranges = rangesOf(CHUNK);
  const kinds = Number(plan.strategies.length > 0) + Number(own.some((run) => run !== undefined));
  const total = specs.length * seeds * kinds;
  let done = 0;
  const tell = (range: TrialRange) => {
    done += range.to - range.from;
    onProgress?.(done, total, names.scenarios[range.scenario]);
  };
  const ofTable = new Map<TrialRange, TrialColumns>();
  const keep = (range: TrialRange, columns: TrialColumns) => {
    ofTable.set(range, columns);
    tell(range);
  };
  if (plan.strategies.length > 0 && workers > 0) {
    await runInWorkers(plan, ranges, Math.min(workers, ranges.length), keep, signal);
  } else if (plan.strategies.length > 0) {
    await runAll(plan, made.scenarios, made.runs, ranges, keep, signal);
  }
  const ofOthers = new Map<TrialRange, TrialColumns>();
  const others = own.filter((run) => run !== undefined);
  if (others.length > 0) {
    const keepOther = (range: TrialRange, columns: TrialColumns) => {
      ofOthers.set(range, columns);
      tell(range);
    };
    const size = others.some(({ all }) => all) ? TOGETHER : CHUNK;
    await runAll(plan, made.scenarios, others, rangesOf(size), keepOther, signal);
  }

  // Where a strategy's columns are: of which kind, and the how-manieth of it.
  const sources = own.map((run, i) => ({
    run: run ?? made.runs[own.slice(0, i).filter((one) => one === undefined).length],
    columns: run === undefined ? ofTable : ofOthers,
    width: run === undefined ? made.runs.length : others.length,
    place: own.slice(0, i).filter((one) => (one === undefined) === (run === undefined)).length,
  }));
  const cells = specs.flatMap((_, scenario) => {
    const partsOf = (columns: ReadonlyMap<TrialRange, TrialColumns>) =>
      [...columns].filter(([range]) => range.scenario === scenario).sort(([a], [b]) => a.from - b.from);
    return sources.map(({ columns, ...source }, s) =>
      summarise(
        { scenario: names.scenarios[scenario], strategy: names.strategies[s] },
        ...gather(partsOf(columns).map(([, part]) => part), source, plan.offsets.length),
        horizon,
      )
    );
  });
  const asRecorded: StressCell[] = [];
  for (const [s, { run }] of sources.entries()) {
    const result = await run(market, { ...plan.options, from, to });
    const shocks = cells[s].outcomes.map(({ start }) => ({ start, end: start + 1 }));
    asRecorded.push(summarise(
      { scenario: "as recorded", strategy: names.strategies[s] },
      shocks.map((shock) => outcomeOf(result, shock, plan)),
      shocks.map((shock) => pathOf(result, shock, plan.offsets)),
      horizon,
    ));
  }
  return { ...names, seeds, threshold, horizon, cells, asRecorded, offsets: plan.offsets };
}

/** Runs everything here, with pauses in which progress can be drawn and the work be stopped. */
async function runAll(
  plan: TrialPlan,
  scenarios: readonly (readonly Scenario[])[],
  runs: readonly RunMarket[],
  ranges: readonly TrialRange[],
  keep: (range: TrialRange, columns: TrialColumns) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const range of ranges) {
    signal?.throwIfAborted();
    keep(range, await runTrials(plan, scenarios[range.scenario], runs, range));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Workers that the machine has cores for: two are enough for most, more for the patient. */
function defaultWorkers(): number {
  return Math.max(1, Math.min(2, navigator.hardwareConcurrency));
}

/** One strategy's outcomes and paths out of what all of them gave. */
function gather(
  parts: readonly TrialColumns[],
  { width, place }: { readonly width: number; readonly place: number },
  points: number,
): [Outcome[], Float32Array[]] {
  const outcomes: Outcome[] = [];
  const paths: Float32Array[] = [];
  const keys = outcomeKeys.length;
  for (const part of parts) {
    for (let row = place; row * keys < part.outcomes.length; row += width) {
      const values = part.outcomes.subarray(row * keys, (row + 1) * keys);
      outcomes.push(Object.fromEntries(outcomeKeys.map((key, i) => [key, values[i]])) as unknown as Outcome);
      paths.push(part.paths.slice(row * points, (row + 1) * points));
    }
  }
  return [outcomes, paths];
}

/** Where equity is kept along the shock: a quarter of the horizon before it, all of it after, 160 points. */
function offsetsFor(T: number, horizon: number): Int32Array {
  const after = Math.min(T, horizon);
  const before = Math.max(1, Math.floor(after / 4));
  const points = Math.min(160, before + after + 1);
  const all = Array.from({ length: points }, (_, i) => Math.round(-before + i * (before + after) / (points - 1)));
  return Int32Array.from(new Set([...all, 0])).sort();
}

function check(
  { length }: Market,
  names: { readonly scenarios: readonly string[]; readonly strategies: readonly string[] },
  { seeds, threshold, horizon, from, to }: Record<"seeds" | "threshold" | "horizon" | "from" | "to", number>,
): void {
  const refuse = (what: string, wanted: string, value: unknown): never => {
    throw new RangeError(`Cannot run a stress test as ${what} must be ${wanted}: current value is ${value}`);
  };
  if (names.scenarios.length === 0) refuse("scenarios", "at least one", 0);
  if (names.strategies.length === 0) refuse("strategies", "at least one", 0);
  if (!(Number.isInteger(seeds) && seeds >= 1 && seeds <= 2 ** 20)) refuse('"seeds"', "a whole number from 1", seeds);
  if (!(threshold > 0 && threshold < 1)) refuse('"threshold"', "a share of equity between 0 and 1", threshold);
  if (!(Number.isInteger(horizon) && horizon >= 1)) refuse('"horizon"', "a whole number of bars from 1", horizon);
  if (Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from + 2 <= to && to <= length) return;
  refuse("the bars", `a span of at least two within 0..${length}`, `${from} to ${to}`);
}
