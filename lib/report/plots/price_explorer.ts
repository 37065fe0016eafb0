import type { TopLevelSpec } from "vega-lite";
import { type Figure } from "../figure.ts";
import { between, number } from "../format.ts";
import { color } from "../theme.ts";
import { vegaFigure } from "../vega.ts";
import { extent, isNarrow, wantsLog } from "./frame.ts";
import { checkLengths, type OwnText } from "./inputs.ts";
import { thin } from "./thin.ts";

/** A price to be looked at closely. */
export interface PriceExplorerInput {
  readonly symbol: string; // "BTC/USD"
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly close: ArrayLike<number>; // [T]
  readonly from?: number; // what is shown large at first, ms UTC; default the last quarter
  readonly to?: number;
}

/** A price whole and, above it, a part of it: in a page with script the part follows the stretch that is dragged below. */
export async function priceExplorer(
  { symbol, time, close, from, to }: PriceExplorerInput,
  text: OwnText = {},
): Promise<Figure> {
  checkLengths("a price", time.length, [{ name: "close", values: close }]);
  const end = time[time.length - 1];
  const part: [number, number] = [from ?? end - (end - time[0]) / 4, to ?? end];
  const range = extent(close);
  const points = thin(time, close, 2400);
  const rows = Array.from(points.at, (t, i) => ({ t, p: Number(points.values[i].toPrecision(5)) }));
  const few = thin(time, close, 500);
  const phone = Array.from(few.at, (t, i) => ({ t, p: Number(few.values[i].toPrecision(4)) }));
  return await vegaFigure(
    (width, still) => spec(isNarrow(width) ? phone : rows, symbol, part, wantsLog(range), width, still),
    {
      title: `${symbol} whole, and a part of it enlarged`,
      caption: `Below ${
        between(time[0], end)
      }, above the marked part of it. Where the page runs scripts, drag over the lower chart to choose what the upper one shows.`,
      alt: `Price of ${symbol} from ${number(range[0])} to ${number(range[1])}, ${
        between(time[0], end)
      }, with a part of it enlarged.`,
      wide: true,
      ...text,
    },
  );
}

function spec(
  rows: readonly object[],
  symbol: string,
  part: [number, number],
  log: boolean,
  width: number,
  still: boolean,
): TopLevelSpec {
  const narrow = isNarrow(width);
  const quote = symbol.split("/")[1] ?? symbol;
  const dates = {
    year: "%Y",
    quarter: "%b",
    month: "%b",
    week: "%-d %b",
    date: "%-d %b",
    hours: "%H:%M",
    minutes: "%H:%M",
  };
  const line = { type: "line", color: color("ink"), strokeWidth: 1, clip: true };
  const inside = width - (narrow ? 54 : 72);
  const price = { field: "p", type: "quantitative" };
  const short = { labelExpr: "format(datum.value, '~s')" };
  const at = {
    field: "t",
    type: "temporal",
    title: null,
    axis: { tickCount: narrow ? 4 : 8, labelOverlap: true, format: dates },
  };
  return {
    data: { values: rows },
    spacing: 18,
    padding: { left: 2, right: 2, top: 6, bottom: 2 },
    vconcat: [
      {
        width: inside,
        height: narrow ? 180 : 260,
        transform: [
          { filter: { param: "part" } }, // so that the axis fits what is shown
          ...(still ? [] : [{ calculate: "utcFormat(datum.t, '%Y-%m-%d %H:%M')", as: "when" }]),
        ],
        encoding: {
          x: { ...at, scale: { domain: { param: "part" }, type: "utc" } },
          y: { ...price, title: quote, scale: { zero: false }, axis: { ...short, tickCount: 6 } },
        },
        layer: [
          { mark: line },
          ...(still ? [] : [{
            params: [{
              name: "near",
              select: { type: "point", on: "pointerover", nearest: true, clear: "pointerout" },
            }],
            mark: { type: "point", filled: true, size: 50, color: color("accent") },
            encoding: {
              opacity: { condition: { param: "near", value: 1, empty: false }, value: 0 },
              tooltip: [{ field: "when", type: "nominal", title: "UTC" }, { ...price, title: quote, format: ",.5~r" }],
            },
          }]),
        ],
      },
      {
        width: inside,
        height: 60,
        params: [{
          name: "part",
          select: {
            type: "interval",
            encodings: ["x"],
            mark: { fill: color("accent"), fillOpacity: 0.12, stroke: color("accent") },
          },
          value: { x: part },
        }],
        mark: { ...line, color: color("muted") },
        encoding: {
          x: { ...at, scale: { type: "utc" } },
          y: {
            ...price,
            title: log ? "log" : "",
            scale: log ? { type: "log", nice: false } : { zero: false, nice: false },
            axis: { ...short, tickCount: 2, grid: false },
          },
        },
      },
    ],
  } as unknown as TopLevelSpec;
}
