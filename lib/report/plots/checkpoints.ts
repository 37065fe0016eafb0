import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { compact, number, percent } from "../format.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, padded, panel, percentTick, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { thin } from "./thin.ts";

/** What each checkpoint made on the validation period. */
export interface CheckpointsInput {
  readonly steps: ArrayLike<number>; // [C] environment steps
  readonly seeds: readonly ArrayLike<number>[]; // [N][C] total return on validation, 0.1 = 10 %
  readonly chosen: readonly number[]; // [N] which checkpoint each seed kept
  readonly hold?: number; // buy and hold on the same period
}

/** Return on the validation period of every checkpoint, a line a seed, with the ones that were kept. */
export function validationByCheckpoint({ steps, seeds, chosen, hold }: CheckpointsInput, text: OwnText = {}): Figure {
  for (const values of seeds) {
    if (values.length === steps.length && steps.length > 0) continue;
    throw new RangeError(
      `Cannot draw checkpoints as each seed must have one value per checkpoint (${steps.length}): current value is ${values.length}`,
    );
  }
  const kept = seeds.map((values, n) => ({
    seed: n,
    at: steps[chosen[n]],
    value: values[chosen[n]],
    last: values[values.length - 1],
  }));
  const fact = kept.map(({ at, value }) => `${percent(value, { sign: true })} at ${compact(at)} steps`).join(", ");
  const beside = hold === undefined ? "" : `; buy and hold ${percent(hold, { sign: true })}`;
  const draw = (width: number) =>
    panel({
      width,
      height: isNarrow(width) ? 220 : 270,
      x: { domain: padded([steps[0], steps[steps.length - 1]], 0.02), format: compact, label: "environment steps" },
      y: { domain: padded(extent(...seeds, [0, hold ?? 0]), 0.08), label: "Return on validation", format: percentTick },
      marks: [
        ...seeds.map((values) =>
          line(steps, values, width, {
            stroke: color("agent"),
            strokeWidth: seeds.length > 1 ? 1 : 1.8,
            strokeOpacity: seeds.length > 1 ? 0.55 : 1,
          })
        ),
        hold === undefined ? null : Plot.ruleY([hold], { stroke: color("hold"), strokeWidth: 1.6 }),
        Plot.dot(kept, {
          x: "at",
          y: "value",
          r: 5,
          fill: color("agent"),
          stroke: color("paper"),
          strokeWidth: 1.5,
          title: (one: typeof kept[number]) =>
            `seed ${one.seed}: kept at ${compact(one.at)} steps\n${percent(one.value, { sign: true })} on validation`,
        }),
      ],
      zero: 0,
      right: isNarrow(width) ? 10 : 1.16 * textWidth("buy and hold") + 14,
      labels: hold === undefined ? [] : [{ text: "buy and hold", value: hold, colour: color("hold") }],
    });
  return figure(draw, {
    title: "Validation return of each checkpoint, and the ones kept",
    caption:
      `Kept (dots): ${fact}${beside}. The best of many checkpoints flatters itself: only the test period says what it is worth.`,
    alt: `Lines of return on the validation period by checkpoint for ${
      number(seeds.length)
    } seeds. Kept: ${fact}${beside}.`,
    ...text,
  });
}

function line(
  steps: ArrayLike<number>,
  values: ArrayLike<number>,
  width: number,
  options: Plot.LineOptions,
): Plot.Markish {
  const points = thin(steps, values, width * 0.7);
  return Plot.line(points.at, { x: points.at, y: points.values, ...options });
}
