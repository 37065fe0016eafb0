import * as Plot from "@observablehq/plot";
import { quantile } from "../../base/stats.ts";
import { type Figure, figure } from "../figure.ts";
import { duration, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, keyRow, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { shockTick, shockTicks } from "./shock_axis.ts";
import { histogram } from "./return_distribution.ts";

/** How long accounts took to be back. */
export interface RecoveryInput {
  readonly name: string; // "momentum in a flash crash"
  readonly recovered: ArrayLike<number>; // bars, of each draw; NaN: not while it was watched
  readonly watched: number; // bars
  readonly step: number; // bar length, ms
}

/** Times until equity was back at its peak before the shock; those that never were stand apart at the right. */
export function recoveryHistogram({ name, recovered, watched, step }: RecoveryInput, text: OwnText = {}): Figure {
  const all = Float64Array.from(recovered);
  if (all.length === 0 || !(watched > 0)) {
    throw new RangeError(
      `Cannot draw recovery times of ${name} as there must be at least one draw: there are ${all.length}`,
    );
  }
  const done = all.filter(Number.isFinite);
  const never = all.length - done.length;
  const half = done.length > 0
    ? `half of those that recover need ${duration(quantile(done, 0.5) * step)}`
    : "none recovers";
  const fact = `${percent(done.length / all.length, { digits: 0 })} of ${
    number(all.length)
  } draws are back at their peak within ${duration(watched * step)}; ${half}`;
  return figure((width) => draw(done, never, { watched, step }, width), {
    title: `How long ${name} takes to recover`,
    caption: `${fact}.${
      never > 0
        ? ` The bar at the right is those that were not back yet: their time is longer, how much is not known.`
        : ""
    }`,
    alt: `Histogram of recovery times: ${fact}; ${number(never)} not yet.`,
    ...text,
  });
}

function draw(
  done: Float64Array,
  never: number,
  { watched, step }: { readonly watched: number; readonly step: number },
  width: number,
): string {
  const bins = isNarrow(width) ? 16 : 28;
  const size = watched / bins;
  const counted = histogram(done.map((bars) => Math.min(bars, watched * (1 - 1e-9))), 0, watched, bins);
  const most = Math.max(1, never, ...counted.map(({ count }) => count));
  const end = watched + 3 * size;
  const key = keyRow(width, [
    { text: "back at the peak", fill: color("agent") },
    { text: `not yet (${number(never)})`, fill: color("warn") },
  ]);
  const drawn = panel({
    width,
    height: isNarrow(width) ? 210 : 260,
    x: {
      domain: [0, end],
      label: "Time from the shock",
      ticks: shockTicks([0, watched], step, isNarrow(width) ? 3 : 6),
      format: shockTick(step),
    },
    y: { domain: [0, most * 1.08], label: "Draws" },
    marks: [
      Plot.rect(counted.filter(({ count }) => count > 0), {
        x1: "from",
        x2: "to",
        y1: 0,
        y2: "count",
        inset: 0.6,
        fill: color("agent"),
        title: (bin: { from: number; to: number; count: number }) =>
          `${duration(Math.round(bin.from) * step)} to ${duration(Math.round(bin.to) * step)}: ${number(bin.count)}`,
      }),
      Plot.rect(never > 0 ? [{ from: watched + size, to: end, count: never }] : [], {
        x1: "from",
        x2: "to",
        y1: 0,
        y2: "count",
        fill: color("warn"),
        title: () => `not back within ${duration(watched * step)}: ${number(never)}`,
      }),
    ],
    zero: 0,
    right: 14,
  });
  return stackSvg([key, drawn]);
}
