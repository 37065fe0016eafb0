import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { duration, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import type { Role } from "../theme.ts";
import { endLabelsOf, isNarrow, keyRow, lineStyle, panel, percentTick } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { shockTick, shockTicks } from "./shock_axis.ts";

/** A curve of what has not happened yet: steps at ascending times; before the first it is 1. */
export interface SurvivalSeries {
  readonly name: string;
  readonly role?: Role;
  readonly time: ArrayLike<number>; // bars
  readonly share: ArrayLike<number>; // from each time on
  readonly low?: ArrayLike<number>; // 95 % interval
  readonly high?: ArrayLike<number>;
}

/** Survival, or not-yet-recovery, of several strategies. */
export interface SurvivalCurveInput {
  readonly what: string; // "Accounts above 80 % of their equity before the shock"
  readonly curves: readonly SurvivalSeries[];
  readonly until: number; // bars that were watched
  readonly step: number; // bar length, ms
}

/** Kaplan–Meier curves: the share of draws to which it has not happened by each time, with the first one's interval. */
export function survivalCurve({ what, curves: all, until, step }: SurvivalCurveInput, text: OwnText = {}): Figure {
  const curves = all.map(thinned);
  if (curves.length === 0 || !(until > 0)) {
    throw new RangeError(
      `Cannot draw survival of ${what} as there must be a curve over at least one bar: there are ${curves.length}`,
    );
  }
  const last = (one: SurvivalSeries) => (one.share.length === 0 ? 1 : one.share[one.share.length - 1]);
  const fact = curves.map((one) => `${one.name} ${percent(last(one), { digits: 0 })}`).join(", ");
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const stepped = curves.map(corners(until));
    const named = curves.map((one) => ({ ...one, values: [last(one)] }));
    const [first] = curves;
    const band = first.low && first.high ? bandOf(first, until) : [];
    const labels = endLabelsOf(named, (one, value) => `${one.name} ${percent(value, { digits: 0 })}`);
    const drawn = panel({
      width,
      height: narrow ? 240 : 320,
      x: {
        domain: [0, until],
        label: "Time from the shock",
        ticks: shockTicks([0, until], step, narrow ? 4 : 8),
        format: shockTick(step),
      },
      y: { domain: [0, 1.02], label: what, ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick },
      marks: [
        Plot.areaY(band, {
          x: "at",
          y1: "low",
          y2: "high",
          fill: lineStyle(first).stroke,
          fillOpacity: 0.15,
          curve: "step-after",
        }),
        ...stepped.map((points, i) =>
          Plot.line(points, { x: "at", y: "share", curve: "step-after", ...lineStyle(curves[i], i) })
        ).reverse(),
      ],
      zero: 0,
      labels,
    });
    return narrow
      ? stackSvg([keyRow(width, curves.map((one, i) => ({ text: labels[i].text, ...lineStyle(one, i) }))), drawn])
      : drawn;
  };
  return figure(draw, {
    title: what,
    caption: `After ${duration(until * step)}: ${fact}. Kaplan–Meier; the band is the 95 % interval of ${
      curves[0].name
    }.`,
    alt: `Step curves of ${what.toLowerCase()} over ${duration(until * step)}. At the end: ${fact}.`,
    wide: true,
    ...text,
  });
}

/** At most 300 steps: more are narrower than a pixel. The last of each group stands for it. */
function thinned(one: SurvivalSeries): SurvivalSeries {
  const n = one.time.length;
  if (n <= 300) return one;
  const kept = Int32Array.from({ length: 300 }, (_, i) => Math.ceil((i + 1) * n / 300) - 1);
  const pick = (values: ArrayLike<number>) => Float64Array.from(kept, (i) => values[i]);
  return {
    ...one,
    time: pick(one.time),
    share: pick(one.share),
    ...(one.low === undefined ? {} : { low: pick(one.low) }),
    ...(one.high === undefined ? {} : { high: pick(one.high) }),
  };
}

const corners = (until: number) => ({ time, share }: SurvivalSeries) => {
  const points = Array.from(time, (at, i) => ({ at, share: share[i] })).filter(({ at }) => at <= until);
  const end = points.length === 0 ? 1 : points[points.length - 1].share;
  return [{ at: 0, share: 1 }, ...points, { at: until, share: end }];
};

function bandOf({ time, low = [], high = [] }: SurvivalSeries, until: number) {
  const steps = Array.from(time, (at, i) => ({ at, low: low[i], high: high[i] })).filter(({ at }) => at <= until);
  const end = steps[steps.length - 1];
  return [{ at: 0, low: 1, high: 1 }, ...steps, ...(end ? [{ ...end, at: until }] : [])];
}
