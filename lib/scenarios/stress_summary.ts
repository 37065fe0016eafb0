import { mean, quantileSorted } from "../base/stats.ts";
import { kaplanMeier, type Rate, type SurvivalCurve, timeTo, wilson } from "./survival.ts";
import type { Outcome } from "./trial.ts";

/** One strategy in one scenario, over all trials. Shares and returns are fractions. */
export interface StressCell {
  readonly scenario: string;
  readonly strategy: string;
  readonly trials: number;
  readonly survival: Rate; // share of trials in which equity never was under the threshold, with its 95 % interval
  readonly cutShort: number; // trials that were above it until the period ended, which was before the horizon
  readonly ruined: number; // share liquidated
  readonly recoveredShare: number; // of trials, within the bars there were
  readonly recoveryCensored: number; // trials that ended before: their time is unknown, only longer than was watched
  readonly recoveryMedian: number; // bars, Kaplan–Meier; NaN where less than half would have recovered
  readonly fillShare: number; // of the value wanted since the period began; NaN where nothing was
  readonly slippage: number; // spread and impact paid from the shock on, bps of value traded; NaN where nothing was
  readonly drawdownMedian: number; // since the shock, ≤ 0
  readonly drawdownWorst: number;
  readonly changeMedian: number; // equity at the end over that before the shock − 1
  readonly change5: number; // 5 % of trials end below it
  readonly shortfall5: number; // mean of those
  readonly outcomes: readonly Outcome[]; // trial by trial
  readonly survivalCurve: SurvivalCurve; // not yet under the threshold, by bars since the shock
  readonly recoveryCurve: SurvivalCurve; // not yet recovered
  readonly paths: readonly Float32Array[]; // equity over that before the shock, at `StressResult.offsets`
}

/**
 * Puts trials together. Where all were watched to the horizon, survival is a share with Wilson's interval; where the
 * period ended before it for some, what became of them is not known, and it is Kaplan and Meier's estimate.
 *
 * @param horizon bars that each was to be watched for
 */
export function summarise(
  names: { readonly scenario: string; readonly strategy: string },
  outcomes: readonly Outcome[],
  paths: readonly Float32Array[],
  horizon: number,
): StressCell {
  const n = outcomes.length;
  const sum = (key: "wanted" | "filled" | "traded" | "slippage" | "ruined") =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const sorted = (key: "maxDrawdown" | "change") => Float64Array.from(outcomes, (outcome) => outcome[key]).sort();
  const curve = (key: "died" | "recovered") =>
    kaplanMeier(
      outcomes.map((outcome) => (Number.isNaN(outcome[key]) ? outcome.watched : outcome[key])),
      outcomes.map((outcome) => Number(!Number.isNaN(outcome[key]))),
    );
  const [drawdowns, changes] = [sorted("maxDrawdown"), sorted("change")];
  const [survivalCurve, recoveryCurve] = [curve("died"), curve("recovered")];
  const cutShort = outcomes.filter(({ died, watched }) => Number.isNaN(died) && watched < horizon).length;
  return {
    ...names,
    trials: n,
    survival: cutShort === 0 || survivalCurve.events === 0 ? wilson(survivalCurve.censored, n) : lastOf(survivalCurve),
    cutShort,
    ruined: sum("ruined") / n,
    recoveredShare: recoveryCurve.events / n,
    recoveryCensored: recoveryCurve.censored,
    recoveryMedian: timeTo(recoveryCurve),
    fillShare: sum("filled") / sum("wanted"),
    slippage: 1e4 * sum("slippage") / sum("traded"),
    drawdownMedian: quantileSorted(drawdowns, 0.5),
    drawdownWorst: drawdowns[0],
    changeMedian: quantileSorted(changes, 0.5),
    change5: quantileSorted(changes, 0.05),
    shortfall5: mean(changes.subarray(0, Math.max(1, Math.ceil(0.05 * n)))),
    outcomes,
    survivalCurve,
    recoveryCurve,
    paths,
  };
}

/** Where a curve ends; at 0, where its own interval would be certainty, with that of none of those it happened to. */
function lastOf({ share, low, high, events }: SurvivalCurve): Rate {
  return share.at(-1) === 0 ? wilson(0, events) : { share: share.at(-1)!, low: low.at(-1)!, high: high.at(-1)! };
}
