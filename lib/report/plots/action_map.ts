import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { between, count, date, number, percent } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, keyRow, leftOf, padded, panel, round, svgOf, textSvg, wantsLog } from "./frame.ts";
import { checkLengths, type OwnText, type Period, type Series } from "./inputs.ts";
import { closeInRange } from "./price_and_volume.ts";
import { stretches } from "./thin.ts";

/** What policies held, bar by bar. */
export interface ActionMapInput {
  readonly symbol: string;
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly close: ArrayLike<number>; // [T]
  readonly exposure: readonly Series[]; // share of equity held, −1 short … 1 long; a row each (seeds, strategies)
  readonly periods?: readonly Period[];
}

/** Exposure over time under the price, a ribbon a seed: up and one colour long, down and the other short. */
export function actionMap({ symbol, time, close, exposure, periods = [] }: ActionMapInput, text: OwnText = {}): Figure {
  checkLengths("an action map", time.length, [{ name: "close", values: close }, ...exposure]);
  const domain = [time[0], time[time.length - 1]] as const;
  const range = extent(close);
  const kind = wantsLog(range) ? "log" : "linear";
  const shares = exposure.map((one) => ({ name: one.name, ...sharesOf(one.values) }));
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const right = narrow ? 10 : 14;
    const upper = panel({
      width,
      height: narrow ? 190 : 240,
      x: { domain, kind: "time" },
      y: {
        domain: padded(range, 0.06, kind),
        kind,
        label: `${symbol.split("/")[1] ?? symbol}${kind === "log" ? " (log)" : ""}`,
      },
      marks: closeInRange(time, close, close, close, width),
      periods,
      right,
    });
    const key = keyRow(width, [{ text: "long", fill: color("long") }, { text: "short", fill: color("short") }, {
      text: "flat: empty",
    }]);
    return stackSvg([upper, key, ribbons(time, exposure, width, right)], 2);
  };
  const fact = shares.length < 3
    ? shares.map((one) =>
      `${one.name} long ${percent(one.long)} of the time, short ${percent(one.short)}, ${
        count(one.turns, "change")
      } of side`
    ).join("; ")
    : `Long ${rangeOf(shares.map(({ long }) => long))} of the time, short ${
      rangeOf(shares.map(({ short }) => short))
    }, ${rangeOf(shares.map(({ turns }) => turns), number)} changes of side`;
  return figure(draw, {
    title: `What was held while ${symbol} moved, ${between(...domain)}`,
    caption: `${fact}. Height of a bar is the exposure, up to all of the equity.`,
    alt: `Price of ${symbol} with ribbons of exposure under it. ${fact}.`,
    wide: true,
    ...text,
  });
}

function rangeOf(values: readonly number[], show: (value: number) => string = percent): string {
  return `${show(Math.min(...values))} to ${show(Math.max(...values))}`;
}

/** How much of the time something was held, and how often the side changed: a position's size drifts with the price. */
function sharesOf(values: ArrayLike<number>): { long: number; short: number; turns: number } {
  let [long, short, turns] = [0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    if (values[t] > 0) long++;
    if (values[t] < 0) short++;
    if (t > 0 && Math.sign(values[t]) !== Math.sign(values[t - 1])) turns++;
  }
  return { long: long / values.length, short: short / values.length, turns };
}

/** A row of bars from a middle line per series; of a stretch of bars the mean exposure long and short. */
function ribbons(time: ArrayLike<number>, exposure: readonly Series[], width: number, right: number): string {
  const narrow = isNarrow(width);
  const left = leftOf(width);
  const inside = width - left - right;
  const h = exposure.length > 8 ? 18 : 26;
  const most = Math.max(1e-9, ...exposure.map(({ values }) => Math.max(...extent(values).map(Math.abs))));
  const cells = stretches(time.length, inside / (narrow ? 1.5 : 2));
  const [from, to] = [time[0], time[time.length - 1]];
  const x = (t: number) => left + ((time[Math.min(t, time.length - 1)] - from) / (to - from || 1)) * inside;
  const rows = exposure.map(({ name, values }, row) => {
    const middle = row * h + h / 2;
    const half = h / 2 - 2;
    let [up, down] = ["", ""];
    for (const cell of cells) {
      let [long, short] = [0, 0];
      for (let t = cell.from; t < cell.to; t++) {
        if (values[t] > 0) long += values[t];
        else if (values[t] < 0) short -= values[t];
      }
      const n = (cell.to - cell.from) * most;
      const [a, b] = [round(x(cell.from)), round(x(cell.to) + 0.2)];
      if (long > 0) up += `M${a},${middle}V${round(middle - (long / n) * half)}H${b}V${middle}z`;
      if (short > 0) down += `M${a},${middle}V${round(middle + (short / n) * half)}H${b}V${middle}z`;
    }
    const hovers = narrow ? "" : stretches(time.length, 80).map((cell) => {
      let sum = 0;
      for (let t = cell.from; t < cell.to; t++) sum += values[t];
      const title = `${name}\n${date(time[cell.from])}\nexposure ${percent(sum / (cell.to - cell.from))}`;
      return `<rect x="${round(x(cell.from))}" y="${row * h}" width="${
        round(x(cell.to) - x(cell.from))
      }" height="${h}"><title>${escapeHtml(title)}</title></rect>`;
    }).join("");
    const label = narrow
      ? textSvg(0, middle + 3, name.slice(0, 7), { anchor: "start", size: 9.5 })
      : textSvg(left - 6, middle + 4, name.slice(0, 9), { anchor: "end", size: 11 });
    return `${label}<path d="${up}" fill="${color("long")}"/><path d="${down}" fill="${color("short")}"/>` +
      `<path d="M${left},${middle}H${width - right}" stroke="${color("muted")}" stroke-width="0.6"/>` +
      (exposure.length <= 6 && hovers ? `<g class="hover" fill="transparent">${hovers}</g>` : "");
  });
  return tidySvg(svgOf(width, exposure.length * h + 4, rows.join("")));
}
