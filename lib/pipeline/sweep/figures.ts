import { barsPerYear } from "../../backtest/mod.ts";
import { type Importance, importance } from "../../hyperopt/importance.ts";
import { deflatedSharpes } from "../../report/plots/deflated_sharpes.ts";
import { nothingToDraw } from "../../report/plots/nothing_to_draw.ts";
import { optimisationHistory } from "../../report/plots/optimisation_history.ts";
import { overfittingSplits } from "../../report/plots/overfitting_splits.ts";
import { parallelCoordinates } from "../../report/plots/parallel_coordinates.ts";
import { parameterImportance } from "../../report/plots/parameter_importance.ts";
import { rungCurves } from "../../report/plots/rung_curves.ts";
import { searchSlices } from "../../report/plots/search_slices.ts";
import type { Sweep } from "./sweep.ts";
import { objectiveName } from "./tables.ts";

/** Figures of a sweep, drawn when asked for. */
export function sweepFigures(sweep: Sweep) {
  const { rows, space, spec, step, deflated, overfitting, count } = sweep;
  const what = objectiveName(spec.config.tune);
  const year = barsPerYear(step);
  return {
    /** Each trial's value, and the best so far. */
    history: () => optimisationHistory({ trials: rows, what: `${what}, mean of folds and seeds` }),
    /** Every trial as a line through its parameters. */
    parallel: () => parallelCoordinates({ trials: rows, space, what }),
    /** What decides how good a trial is. */
    importance() {
      const found = sweepImportance(sweep);
      if (!found) return nothingToDraw("What decides how good a trial is", "Fewer than 8 trials came to the same step");
      return parameterImportance({ ...found.importance, steps: found.steps });
    },
    /** Values by each parameter alone. */
    slices: () => searchSlices({ trials: rows, space, what }),
    /** Values along training, and where trials were given up. */
    rungs: () => rungCurves({ trials: rows, rungs: spec.rungs, what }),
    /** The winner's Sharpe ratio beside what luck gives the best of so many. */
    deflated() {
      if (!deflated || !Number.isFinite(deflated.deflated)) {
        return nothingToDraw("Deflated Sharpe ratio", "No trial that finished traded");
      }
      return deflatedSharpes({ ...deflated, sharpes: count.sharpes, barsPerYear: year });
    },
    /** What becomes of the best of one half of the bars in the other. */
    overfitting() {
      if (overfitting) return overfittingSplits({ ...overfitting, barsPerYear: year });
      return nothingToDraw("Probability of overfitting", "Fewer than two trials, or too few bars");
    },
  };
}

/**
 * What decides a sweep's values: at the last rung that at least half of those that reported came to, or 8, so that trials are
 * compared after equally many steps.
 *
 * @returns nothing where there is no such rung
 */
export function sweepImportance(
  { rows, space, spec }: Pick<Sweep, "rows" | "space" | "spec">,
): { readonly importance: Importance; readonly steps: number } | undefined {
  const reported = rows.filter(({ reports }) => reports.length > 0).length;
  const least = Math.max(8, reported / 2);
  for (let rung = spec.rungs.length - 1; rung >= 0; rung--) {
    const there = rows.flatMap(({ lives, reports }) => {
      const report = reports.find((one) => one.rung === rung);
      return report && lives.length === 1 ? [{ params: lives[0].params, value: report.value }] : [];
    });
    if (there.length >= least) return { importance: importance(space, there), steps: spec.rungs[rung] };
  }
}
