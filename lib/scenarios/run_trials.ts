import type { Scenario } from "./scenario.ts";
import { outcomeKeys, outcomeOf, pathOf, type RunMarket, runOptions, stressed, type TrialPlan } from "./trial.ts";

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

/** Runs trials one after the other: each market is made once and all strategies go through it. */
export async function runTrials(
  plan: TrialPlan,
  scenario: readonly Scenario[],
  runs: readonly RunMarket[],
  { from, to }: TrialRange,
): Promise<TrialColumns> {
  const [width, points] = [outcomeKeys.length, plan.offsets.length];
  const outcomes = new Float64Array((to - from) * runs.length * width);
  const paths = new Float32Array((to - from) * runs.length * points);
  for (let trial = from; trial < to; trial++) {
    const bars = stressed(plan, scenario, trial);
    const options = runOptions(plan, bars);
    for (let s = 0; s < runs.length; s++) {
      const done = runs[s](bars.market, options);
      const result = done instanceof Promise ? await done : done;
      const outcome = outcomeOf(result, bars, plan);
      const row = (trial - from) * runs.length + s;
      for (let i = 0; i < width; i++) outcomes[row * width + i] = outcome[outcomeKeys[i]];
      paths.set(pathOf(result, bars, plan.offsets), row * points);
    }
  }
  return { outcomes, paths };
}
