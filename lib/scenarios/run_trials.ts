import type { BacktestResult } from "../backtest/mod.ts";
import type { Scenario } from "./scenario.ts";
import {
  outcomeKeys,
  outcomeOf,
  pathOf,
  type RunMarket,
  runOptions,
  type Stressed,
  stressed,
  type TrialPlan,
} from "./trial.ts";

/** Some trials of one scenario. */
export interface TrialRange {
  readonly scenario: number; // index in the plan
  readonly from: number; // first trial
  readonly to: number; // one past the last
}

/** What trials gave, packed: strategies of a trial beside each other. */
export interface TrialColumns {
  readonly outcomes: Float64Array<ArrayBuffer>; // [trials, strategies, outcomeKeys]
  readonly paths: Float32Array<ArrayBuffer>; // [trials, strategies, offsets]
}

/** Runs trials: each market is made once and all strategies go through it, one after the other or at once. */
export async function runTrials(
  plan: TrialPlan,
  scenario: readonly Scenario[],
  runs: readonly RunMarket[],
  { from, to }: TrialRange,
): Promise<TrialColumns> {
  const [width, points] = [outcomeKeys.length, plan.offsets.length];
  const outcomes = new Float64Array((to - from) * runs.length * width);
  const paths = new Float32Array((to - from) * runs.length * points);
  const keep = (trial: number, s: number, result: BacktestResult, bars: Stressed) => {
    const outcome = outcomeOf(result, bars, plan);
    const row = (trial - from) * runs.length + s;
    for (let i = 0; i < width; i++) outcomes[row * width + i] = outcome[outcomeKeys[i]];
    paths.set(pathOf(result, bars, plan.offsets), row * points);
  };
  const drawn: Stressed[] = []; // kept where some strategy goes through all at once
  for (let trial = from; trial < to; trial++) {
    const bars = stressed(plan, scenario, trial);
    const options = runOptions(plan, bars);
    if (runs.some(({ all }) => all)) drawn.push(bars);
    for (let s = 0; s < runs.length; s++) {
      if (runs[s].all) continue;
      const done = runs[s](bars.market, options);
      keep(trial, s, done instanceof Promise ? await done : done, bars);
    }
  }
  for (let s = 0; s < runs.length; s++) {
    const together = drawn.map((bars) => ({ market: bars.market, options: runOptions(plan, bars) }));
    const results = await runs[s].all?.(together) ?? [];
    results.forEach((result, i) => keep(from + i, s, result, drawn[i]));
  }
  return { outcomes, paths };
}
