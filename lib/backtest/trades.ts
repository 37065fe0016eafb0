import { FILL } from "../sim/journal.ts";
import type { BacktestResult } from "./backtest.ts";

/** One round trip of one asset: from flat, or from the other side, back to it. Money in quote currency. */
export interface Trade {
  readonly symbol: string;
  readonly side: "long" | "short";
  readonly entryTime: number; // bar open, ms UTC
  readonly exitTime: number; // of the last bar, while still open
  readonly entryBar: number; // bar of the result
  readonly exitBar: number;
  readonly bars: number; // bars held
  readonly size: number; // base units entered, all entries together
  readonly entryPrice: number; // mean mid price of the entries
  readonly exitPrice: number; // of the exits; what is still open counts at the last close
  readonly fees: number;
  readonly spreadCost: number;
  readonly impactCost: number;
  readonly profit: number; // after all costs
  readonly return: number; // profit over value entered
  readonly fills: number;
  readonly open: boolean; // still held at the end
  readonly liquidated: boolean;
}

/**
 * Groups a result's fills into round trips, in order of entry. Entries that add to a position and partial exits belong
 * to one trade; a fill that turns a position ends one trade and begins another, its costs shared by size.
 *
 * The profits sum to the change of equity over the run, to float rounding (1e-9 of the value traded): each is what its
 * fills brought less what they cost, and a position still open is valued at the last close. What a liquidation lost
 * beyond the account is not the account's loss, and is taken off the last trade that was liquidated.
 */
export function trades(result: BacktestResult): Trade[] {
  const { fills, symbols, lastClose, equity } = result;
  const K = symbols.length;
  const positions = new Float64Array(K);
  const current: (Draft | undefined)[] = new Array(K).fill(undefined);
  const drafts: Draft[] = [];
  let liquidated: Draft | undefined;
  for (let i = 0; i < fills.length; i++) {
    const k = fills.k[i];
    const units = fills.units[i];
    const size = Math.abs(units);
    const closing = positions[k] * units < 0 ? Math.min(size, Math.abs(positions[k])) : 0;
    positions[k] += units;
    const draft = current[k];
    if (draft !== undefined && closing > 0) {
      draft.exited += closing;
      draft.exitValue += closing * fills.price[i];
      charge(draft, result, i, closing / size);
      if (fills.kind[i] === FILL.liquidation) {
        draft.liquidated = true;
        liquidated = draft;
      }
      if (closing < size || positions[k] === 0) {
        draft.open = false;
        current[k] = undefined;
      }
    }
    if (closing === size) continue;
    let entry = current[k];
    if (entry === undefined) drafts.push(current[k] = entry = newDraft(k, units > 0 ? 1 : -1, fills.t[i]));
    entry.entered += size - closing;
    entry.entryValue += (size - closing) * fills.price[i];
    charge(entry, result, i, (size - closing) / size);
  }
  if (liquidated !== undefined) liquidated.forgiven = result.shortfall;
  for (let k = 0; k < K; k++) {
    const draft = current[k];
    if (draft === undefined) continue;
    draft.exited += Math.abs(positions[k]);
    draft.exitValue += Math.abs(positions[k]) * lastClose[k];
    draft.exitBar = equity.length - 1;
  }
  return drafts.map((draft) => finish(draft, result));
}

interface Draft {
  readonly k: number;
  readonly side: 1 | -1;
  readonly entryBar: number;
  exitBar: number;
  entered: number;
  entryValue: number;
  exited: number;
  exitValue: number;
  fees: number;
  spreadCost: number;
  impactCost: number;
  forgiven: number;
  fills: number;
  open: boolean;
  liquidated: boolean;
}

function newDraft(k: number, side: 1 | -1, entryBar: number): Draft {
  const sums = { entered: 0, entryValue: 0, exited: 0, exitValue: 0, fees: 0, spreadCost: 0, impactCost: 0 };
  return { k, side, entryBar, exitBar: entryBar, ...sums, forgiven: 0, fills: 0, open: true, liquidated: false };
}

function charge(draft: Draft, { fills }: BacktestResult, i: number, share: number): void {
  draft.fees += share * fills.fee[i];
  draft.spreadCost += share * fills.spreadCost[i];
  draft.impactCost += share * fills.impactCost[i];
  draft.exitBar = fills.t[i];
  draft.fills++;
}

function finish(draft: Draft, { symbols, time }: BacktestResult): Trade {
  const { k, side, entryBar, exitBar, entered, entryValue, exited, exitValue, fees, spreadCost, impactCost } = draft;
  const profit = side * (exitValue - entryValue) - fees - spreadCost - impactCost + draft.forgiven;
  return {
    symbol: symbols[k],
    side: side > 0 ? "long" : "short",
    entryTime: time[entryBar],
    exitTime: time[exitBar],
    entryBar,
    exitBar,
    bars: exitBar - entryBar,
    size: entered,
    entryPrice: entryValue / entered,
    exitPrice: exitValue / exited,
    fees,
    spreadCost,
    impactCost,
    profit,
    return: profit / entryValue,
    fills: draft.fills,
    open: draft.open,
    liquidated: draft.liquidated,
  };
}

/** What a table of trades says in a line; means are NaN of nothing. */
export interface TradeStats {
  readonly trades: number;
  readonly winRate: number; // share with a profit
  readonly avgProfit: number; // quote currency: the expectancy of a trade
  readonly avgReturn: number;
  readonly best: number; // return
  readonly worst: number;
  readonly avgBars: number;
  readonly profitFactor: number; // profits over losses
  readonly fees: number;
}

/** Sums a table of trades up. */
export function tradeStats(table: readonly Trade[]): TradeStats {
  const n = table.length;
  const sum = (of: (trade: Trade) => number) => table.reduce((total, trade) => total + of(trade), 0);
  return {
    trades: n,
    winRate: sum(({ profit }) => Number(profit > 0)) / n,
    avgProfit: sum(({ profit }) => profit) / n,
    avgReturn: sum((trade) => trade.return) / n,
    best: n > 0 ? table.reduce((best, trade) => Math.max(best, trade.return), -Infinity) : NaN,
    worst: n > 0 ? table.reduce((worst, trade) => Math.min(worst, trade.return), Infinity) : NaN,
    avgBars: sum(({ bars }) => bars) / n,
    profitFactor: sum(({ profit }) => Math.max(0, profit)) / sum(({ profit }) => Math.max(0, -profit)),
    fees: sum(({ fees }) => fees),
  };
}
