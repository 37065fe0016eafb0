import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { between, date, percent } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { sequential } from "../theme.ts";
import { extent, isNarrow, keyRow, leftOf, padded, panel, round, svgOf, textSvg, wantsLog } from "./frame.ts";
import { checkLengths, type OwnText, type Period, type Series } from "./inputs.ts";
import { closeInRange } from "./price_and_volume.ts";
import { stretches } from "./thin.ts";

/** A price and how likely the wild regime was, by one method or several. */
export interface RegimeInput {
  readonly symbol: string;
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly close: ArrayLike<number>; // [T]
  readonly wild: readonly Series[]; // probability 0..1 [T]; NaN while unknown
  readonly periods?: readonly Period[];
}

/** The price, with a ribbon a method under it: the darker, the likelier the wild regime was thought at the time. */
export function regimeRibbon({ symbol, time, close, wild, periods = [] }: RegimeInput, text: OwnText = {}): Figure {
  checkLengths("regimes", time.length, [{ name: "close", values: close }, ...wild]);
  const domain = [time[0], time[time.length - 1]] as const;
  const range = extent(close);
  const kind = wantsLog(range) ? "log" : "linear";
  const draw = (width: number) => {
    const right = isNarrow(width) ? 10 : 14;
    const currency = symbol.split("/")[1] ?? symbol;
    const upper = panel({
      width,
      height: isNarrow(width) ? 200 : 260,
      x: { domain, kind: "time" },
      y: { domain: padded(range, 0.06, kind), kind, label: `${currency}${kind === "log" ? " (log)" : ""}` },
      marks: closeInRange(time, close, close, close, width),
      periods,
      right,
    });
    const key = keyRow(width, [{ text: "calm", fill: sequential(0.1) }, { text: "unsure", fill: sequential(0.5) }, {
      text: "wild",
      fill: sequential(1),
    }, { text: "empty: not known yet" }]);
    return stackSvg([upper, key, ribbons(time, wild, width, right)], 2);
  };
  const fact = wild.map((one) => {
    const known = Array.from(one.values).filter(Number.isFinite);
    if (known.length === 0) return `${one.name} knew none`;
    return `${one.name}: wild on ${percent(known.filter((share) => share > 0.5).length / known.length)} of bars`;
  }).join("; ");
  return figure(draw, {
    title: `Calm and wild stretches of ${symbol}, as known at the time, ${between(...domain)}`,
    caption: `${fact}. Probabilities are filtered: each bar's uses that bar and those before it.`,
    alt: `Price of ${symbol} with ribbons of the probability of a wild regime under it. ${fact}.`,
    wide: true,
    ...text,
  });
}

function ribbons(time: ArrayLike<number>, wild: readonly Series[], width: number, right: number): string {
  const narrow = isNarrow(width);
  const left = leftOf(width);
  const inside = width - left - right;
  const h = narrow ? 22 : 26;
  const [from, to] = [time[0], time[time.length - 1]];
  const x = (t: number) => left + ((time[Math.min(t, time.length - 1)] - from) / (to - from || 1)) * inside;
  const cells = stretches(time.length, narrow ? 110 : 300);
  const rows = wild.map(({ name, values }, row) => {
    const shares = cells.map((cell) => {
      let [sum, n] = [0, 0];
      for (let t = cell.from; t < cell.to; t++) if (Number.isFinite(values[t])) [sum, n] = [sum + values[t], n + 1];
      return n > 0 ? sum / n : NaN;
    });
    const drawn = cells.map((cell, i) => {
      if (Number.isNaN(shares[i])) return "";
      const title = narrow
        ? ""
        : `<title>${escapeHtml(`${name}, ${date(time[cell.from])}\nwild ${percent(shares[i])}`)}</title>`;
      const wide = Math.max(0.4, x(cell.to) - x(cell.from) + 0.3);
      return `<rect x="${round(x(cell.from))}" y="${row * h + 2}" width="${round(wide)}" height="${h - 6}" fill="${
        sequential(0.06 + 0.94 * shares[i])
      }">${title}</rect>`;
    }).join("");
    return textSvg(
      left - 6,
      row * h + h / 2 + 2,
      narrow && name.length > 6 ? `${name.slice(0, 5)}.` : name.slice(0, 10),
      {
        anchor: "end",
        size: narrow ? 9.5 : 11,
      },
    ) +
      drawn;
  });
  return tidySvg(svgOf(width, wild.length * h + 4, rows.join("")));
}
