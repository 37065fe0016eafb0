import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { number, percent } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { fitText, isNarrow, niceTicks, percentTick, round, svgOf, textSvg, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { shortNames } from "./sweep_inputs.ts";

/** Shares of the variance that settings make alone, by functional analysis of variance. */
export interface ParameterImportanceInput {
  readonly parameters: readonly {
    readonly name: string;
    readonly share: number; // 0..1
    readonly low: number; // middle half of the trees
    readonly high: number;
  }[];
  readonly together: number; // what only two or more explain
  readonly trials: number;
  readonly fit: number; // R² on trials left out
  readonly steps?: number; // at which all were compared
}

/** Bars of how much each setting decides, with the spread of the forest's trees. */
export function parameterImportance(input: ParameterImportanceInput, text: OwnText = {}): Figure {
  const { parameters, together, trials, fit, steps } = input;
  if (parameters.length === 0) {
    throw new RangeError("Cannot draw what is important as there must be a parameter: there is none");
  }
  const names = shortNames(parameters.map(({ name }) => name));
  const rows = [
    ...parameters.map((one) => ({ ...one, name: names.get(one.name)!, alone: true })),
    { name: "several together", share: together, low: together, high: together, alone: false },
  ];
  const fact = parameters.slice(0, 3).map(({ name, share }) => `${names.get(name)} ${percent(share, { digits: 0 })}`)
    .join(", ");
  const trust = fit > 0.3
    ? `The forest foretells trials that it has not seen (R² ${number(fit, { digits: 2 })}).`
    : fit > 0.1
    ? `The forest foretells trials that it has not seen only poorly (R² ${
      number(fit, { digits: 2 })
    }): read the order, not the sizes.`
    : `The forest can't foretell trials that it has not seen (R² ${
      number(fit, { digits: 2 })
    }): these bars may be chance; more trials would tell.`;
  const at = steps === undefined ? "" : ` after ${number(steps)} steps`;
  return figure((width) => bars(rows, width), {
    title: "What decides how good a trial is",
    caption:
      `Share of the differences between ${trials} trials${at} that a setting explains alone: ${fact}. ${trust} ` +
      `Functional analysis of variance over a random forest on ranks; whiskers are the middle half of its trees.`,
    alt: `Bars of the importance of ${parameters.length} settings over ${trials} trials: ${fact}. ${trust}`,
    ...text,
  });
}

interface Row {
  readonly name: string;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly alone: boolean;
}

function bars(rows: readonly Row[], width: number): string {
  const narrow = isNarrow(width);
  const left = narrow ? 4 : Math.max(...rows.map(({ name }) => textWidth(name))) + 14;
  const right = 52;
  const most = Math.max(0.05, ...rows.flatMap(({ share, high }) => [share, high])) * 1.04;
  const x = (share: number) => left + (share / most) * (width - left - right);
  const each = narrow ? 36 : 26;
  const base = rows.length * each + 4;
  const grid = niceTicks([0, most], (width - left - right) / 90).map((tick) =>
    `<path d="M${round(x(tick))},0V${base}" stroke="${color("grid")}"/>${
      textSvg(x(tick), base + 16, percentTick(tick))
    }`
  );
  const drawn = rows.map(({ name, share, low, high, alone }, i) => {
    const y = i * each + (narrow ? 26 : each / 2);
    const fill = color(alone ? "agent" : "hold");
    const bar = `<path d="M${round(x(0))},${y - 6}H${round(x(share))}v12H${round(x(0))}z" fill="${fill}"/>`;
    const whisker = alone && high > low
      ? `<path d="M${round(x(low))},${y}H${round(x(high))}m0,-3v6" stroke="${
        color("ink")
      }" stroke-width="1.2" fill="none"/>`
      : "";
    const label = narrow
      ? textSvg(left, y - 11, fitText(name, width - 20), { anchor: "start", fill: color("ink"), size: 11.5 })
      : textSvg(left - 9, y + 4, name, { anchor: "end", fill: color("ink"), size: 12 });
    const value = textSvg(x(Math.max(share, high)) + 6, y + 4, percent(share, { digits: 0 }), { anchor: "start" });
    return `<g><title>${escapeHtml(`${name}: ${percent(share)}`)}</title>${bar}${whisker}${label}${value}</g>`;
  });
  return tidySvg(svgOf(width, base + 24, grid.join("") + drawn.join("")));
}
