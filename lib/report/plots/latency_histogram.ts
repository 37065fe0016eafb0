import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { capital, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, keyRow, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Times as they were counted. */
export interface LatencyInput {
  /** Upper ends of buckets, ms, ascending, and how many times lie in each. */
  readonly buckets: readonly (readonly [ms: number, count: number])[];
  readonly p50: number; // ms
  readonly p99: number;
  /** What is asked for: the 99th of 100 within it, ms. */
  readonly limit?: number;
}

/** How long decisions took, on a log axis: what is rare and long is seen beside what is usual. */
export function latencyHistogram({ buckets, p50, p99, limit = 20 }: LatencyInput, text: OwnText = {}): Figure {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (!(total > 0)) throw new RangeError("Cannot draw latencies as there must be at least one: there are none");
  const ms = (value: number) => `${number(value, { digits: value < 1 ? 2 : value < 10 ? 1 : 0 })} ms`;
  const fact = `half of ${number(total)} decisions were there after ${ms(p50)}, 99 of 100 after ${ms(p99)}`;
  return figure((width) => draw(buckets, total, { p50, p99, limit }, width), {
    title: "From a bar's message to the decision",
    caption: `${capital(fact)}; ${ms(limit)} are asked for. Log axis.`,
    alt: `Histogram of decision times: ${fact}.`,
    ...text,
  });
}

interface Marked {
  readonly p50: number;
  readonly p99: number;
  readonly limit: number;
}

function draw(buckets: LatencyInput["buckets"], total: number, { p50, p99, limit }: Marked, width: number): string {
  // Buckets of a sixteenth are too fine to see: four parts to a doubling.
  const coarse = new Map<number, number>();
  for (const [end, count] of buckets) {
    const part = Math.ceil(4 * Math.log2(end) - 1e-9);
    coarse.set(part, (coarse.get(part) ?? 0) + count);
  }
  const bins = [...coarse].map(([part, count]) => ({
    from: 2 ** ((part - 1) / 4),
    to: 2 ** (part / 4),
    share: count / total,
  }));
  const low = Math.min(...bins.map(({ from }) => from), p50) / 1.2;
  const high = Math.max(...bins.map(({ to }) => to), limit) * 1.3;
  const key = keyRow(width, [
    { text: "decisions", fill: color("agent") },
    { text: "half, 99 of 100", fill: color("ink") },
    { text: "asked for", fill: color("warn") },
  ]);
  const drawn = panel({
    width,
    height: isNarrow(width) ? 200 : 240,
    x: { domain: [low, high], kind: "log", label: "ms", format: (value) => number(value) },
    y: {
      domain: [0, 1.1 * Math.max(...bins.map(({ share }) => share))],
      label: "Share",
      format: (share) => percent(share),
    },
    marks: [
      Plot.rect(bins, {
        ...{ x1: "from", x2: "to", y1: 0, y2: "share", inset: 0.6, fill: color("agent") },
        title: ({ from, to, share }: { from: number; to: number; share: number }) =>
          `${number(from)} to ${number(to)} ms: ${percent(share)}`,
      }),
      Plot.ruleX([p50, p99], { stroke: color("ink"), strokeDasharray: "3 3" }),
      Plot.ruleX([limit], { stroke: color("warn"), strokeWidth: 1.5 }),
    ],
    zero: 0,
    right: 14,
  });
  return stackSvg([key, drawn]);
}
