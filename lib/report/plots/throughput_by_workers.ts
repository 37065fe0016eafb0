import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { compact, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color, type Role } from "../theme.ts";
import { type EndLabel, isNarrow, keyRow, lineStyle, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** What so many workers got done together. */
export interface ThroughputInput {
  readonly workers: readonly number[]; // ascending
  readonly throughput: readonly number[]; // measured, units a second
  /** What it would be if no other program ran; drawn where it is given. */
  readonly quiet?: readonly number[];
  readonly advised: number; // workers
  readonly unit?: string; // "steps/s"
}

/** Throughput against the number of workers, beside what as many would do if each did what one does alone. */
export function throughputByWorkers(input: ThroughputInput, text: OwnText = {}): Figure {
  const { workers, throughput, quiet, advised, unit = "steps/s" } = input;
  if (workers.length === 0 || throughput.length !== workers.length || (quiet && quiet.length !== workers.length)) {
    throw new RangeError(
      `Cannot draw throughput as there must be one value per number of workers (${workers.length}): current value is ` +
        `${throughput.length}`,
    );
  }
  const shown = quiet ?? throughput;
  const at = Math.max(0, workers.indexOf(advised));
  const one = shown[0] / workers[0];
  const times = number(shown[at] / one, { digits: 2 });
  const share = percent(shown[at] / one / workers[at], { digits: 0 });
  const names = `${workers[at]} worker${workers[at] === 1 ? "" : "s"}`;
  const lines: { name: string; role: Role; values: readonly number[] }[] = [
    { name: "as many times one", role: "hold", values: workers.map((n) => n * one) },
    ...(quiet ? [{ name: "if no other program ran", role: "momentum" as const, values: quiet }] : []),
    { name: "measured", role: "agent", values: throughput },
  ];
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const labels: EndLabel[] = lines.map((line, i) => ({
      text: line.name,
      value: line.values[line.values.length - 1],
      colour: lineStyle(line, i).stroke,
    }));
    const most = Math.max(...lines.flatMap(({ values }) => values));
    const drawn = panel({
      width,
      height: narrow ? 230 : 290,
      x: {
        domain: [workers[0] - 0.2, workers[workers.length - 1] + 0.2],
        label: "Workers at once",
        ticks: workers,
        format: String,
      },
      y: { domain: [0, 1.06 * most], label: `Throughput, ${unit}`, format: compact },
      marks: [
        Plot.ruleX([workers[at]], { stroke: color("muted"), strokeDasharray: "2 3" }),
        ...lines.map((line, i) => Plot.line(workers, { x: workers, y: line.values, ...lineStyle(line, i) })),
        ...lines.slice(1).map((line, i) =>
          Plot.dot(workers, {
            x: workers,
            y: line.values,
            r: 4,
            fill: lineStyle(line, i).stroke,
            title: workers.map((n, j) =>
              `${n} workers, ${line.name}: ${number(line.values[j], { digits: 0 })} ${unit}`
            ),
          })
        ),
      ],
      labels,
    });
    const items = lines.map((line, i) => ({ text: line.name, ...lineStyle(line, i) }));
    return narrow ? stackSvg([keyRow(width, items), drawn]) : drawn;
  };
  const all = workers.map((n, i) => `${n}: ${number(throughput[i], { digits: 0 })}`).join(", ");
  return figure(draw, {
    title: `${names} do ${times} times what one does`,
    caption: `${share} of what ${names} would do if each did what one does alone${
      quiet ? ", other programs left out" : ""
    }. The dotted line is what is advised.`,
    alt: `Lines of throughput in ${unit} by number of workers: ${all}; advised are ${workers[at]}.`,
    ...text,
  });
}
