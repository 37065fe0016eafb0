import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";
import { formatDate, formatTimeframe } from "../base/time.ts";
import { type Candles, mapColumns } from "./candles.ts";
import { type Costs, type Market, noCosts } from "./market.ts";

/** What aligning left out. */
export interface AlignReport {
  readonly length: number; // common bars
  readonly from: number; // first common bar's open, ms UTC
  readonly to: number; // last common bar's open
  readonly assets: readonly {
    readonly symbol: string;
    readonly outside: number; // bars before the first or after the last common one
    readonly inside: number; // bars between them that another asset lacks
    readonly examples: readonly string[]; // the first of those inside
  }[];
}

/** A market, with what was left out to make it. */
export interface Aligned extends Market {
  readonly report: AlignReport & Displayable;
}

/**
 * A market of the bars that all assets have: an inner join on time. Columns are shared with the input where nothing is
 * left out.
 *
 * @throws {RangeError} if there is no asset, a symbol comes twice, steps differ, or less than 2 times are common
 */
export function align(assets: readonly Candles[], costs: Costs = noCosts): Aligned {
  if (assets.length === 0) throw new RangeError("Cannot align assets as at least one is needed: there is none");
  const [first] = assets;
  for (const [k, { symbol, step }] of assets.entries()) {
    if (assets.findIndex((other) => other.symbol === symbol) < k) {
      throw new RangeError(`Cannot align assets as each must come once: ${symbol} is there twice`);
    }
    if (step === first.step) continue;
    throw new RangeError(
      `Cannot align ${first.symbol} and ${symbol} as their timeframes must be equal: ` +
        `they are ${formatTimeframe(first.step)} and ${formatTimeframe(step)}`,
    );
  }
  const rows = commonRows(assets);
  const length = rows[0].length;
  if (length < 2) {
    const spans = assets.map((asset) => `${asset.symbol} ${span(asset)}`).join(", ");
    throw new RangeError(`Cannot align assets as at least 2 common bars are needed: there are ${length} (${spans})`);
  }
  const aligned = assets.map((asset, k) => {
    if (asset.length === length) return asset;
    return mapColumns(asset, (column) => {
      const taken = new (column.constructor as new (length: number) => typeof column)(length);
      for (let i = 0; i < length; i++) taken[i] = column[rows[k][i]];
      return taken;
    });
  });
  return { assets: aligned, length, costs, report: alignReport(assets, rows) };
}

/** For each asset, the rows whose time every asset has. */
function commonRows(assets: readonly Candles[]): Int32Array[] {
  const rows = assets.map(({ length }) => new Int32Array(length));
  const at = assets.map(() => 0);
  let length = 0;
  for (;;) {
    let latest = -Infinity;
    for (let k = 0; k < assets.length; k++) {
      if (at[k] === assets[k].length) return rows.map((row) => row.subarray(0, length));
      latest = Math.max(latest, assets[k].time[at[k]]);
    }
    let common = true;
    for (let k = 0; k < assets.length; k++) {
      if (assets[k].time[at[k]] === latest) continue;
      at[k]++;
      common = false;
    }
    if (!common) continue;
    for (let k = 0; k < assets.length; k++) rows[k][length] = at[k]++;
    length++;
  }
}

function alignReport(assets: readonly Candles[], rows: readonly Int32Array[]): AlignReport & Displayable {
  const length = rows[0].length;
  const perAsset = assets.map(({ symbol, time }, k) => {
    const own = rows[k];
    const taken = new Set(own);
    const inside: number[] = [];
    for (let row = own[0]; row <= own[length - 1]; row++) if (!taken.has(row)) inside.push(row);
    const examples = inside.slice(0, 3).map((row) => formatDate(time[row]));
    return { symbol, outside: time.length - length - inside.length, inside: inside.length, examples };
  });
  const [time] = [assets[0].time];
  const report = { length, from: time[rows[0][0]], to: time[rows[0][length - 1]], assets: perAsset };
  const text = () =>
    [
      `${length.toLocaleString("en-US")} common bars, ${formatDate(report.from)} to ${formatDate(report.to)}`,
      ...perAsset.filter(({ outside, inside }) => outside + inside > 0).map(({ symbol, outside, inside, examples }) =>
        `  ${symbol}: ${outside} bars outside that span left out, ${inside} inside that another asset lacks` +
        (examples.length > 0 ? ` (${examples.join("; ")})` : "")
      ),
    ].join("\n");
  const shown = displayed(report, () => ({ "text/plain": text(), "text/html": `<pre>${escapeHtml(text())}</pre>` }));
  return Object.defineProperty(shown, "toString", { value: text, enumerable: false });
}

const span = ({ time, length }: Candles) =>
  length === 0 ? "is empty" : `${formatDate(time[0])} to ${formatDate(time[length - 1])}`;
