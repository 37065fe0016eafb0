import { type BacktestOptions, type BacktestResult, type Books, openBooks } from "../backtest/backtest.ts";
import { rng } from "../base/random.ts";
import { type ActionMeaning, spaceOf, writeWeights } from "../env/actions.ts";
import { openStanding, stateSizeOf } from "../env/standing.ts";
import type { Market } from "../market/market.ts";
import { type Intent, newIntent } from "../sim/intent.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { actionSize, draw, newDrawn } from "./distributions.ts";
import type { Policy } from "./net.ts";

/** A policy in front of a market's features, and what its actions mean. */
export interface Trader {
  readonly policy: Policy;
  readonly actions: ActionMeaning;
  /** First bar that it can decide on: a window after the features' warm-up. Before it, it asks for nothing. */
  readonly first: number;
}

/** What a policy did, and what came of it. */
export interface Traded {
  readonly result: BacktestResult;
  /** What it chose at each bar, dead band aside: a choice's index [T], or K numbers in -1..1 [T, K]; NaN before `first` */
  readonly chosen: Float32Array;
}

/** Decides for R accounts at once, at the close of one bar after the other. */
export interface Decider {
  /**
   * @param intents what is wanted for the next bar, written for each account [R]
   * @param chosen what was chosen [R] or [R, K]; NaN before the first bar it can decide on
   */
  decide(t: number, books: readonly Books[], intents: readonly Intent[], chosen: Float32Array): Promise<void>;
}

/**
 * Lets a policy decide outside of training as it did there: from the same windows, the same view of its own account
 * (`openStanding`), with the same meaning of actions (`writeWeights`), and always by the likeliest one.
 *
 * @param rows accounts, R
 * @param to one past the last bar it will be asked about
 * @param offsets row of the policy's table that an account's bar 0 is; 0 without it [R]
 */
export function openDecider(
  { policy, actions, first }: Trader,
  rows: number,
  to: number,
  offsets: ArrayLike<number> = new Int32Array(rows),
): Decider {
  const [K, A] = [actions.assets, stateSizeOf(actions.assets)];
  const space = spaceOf(actions);
  const standings = Array.from({ length: rows }, () => openStanding(1, K));
  const equity = new Float64Array(rows).fill(NaN);
  const fills = new Int32Array(rows);
  const bars = new Int32Array(rows);
  const state = new Float32Array(rows * A);
  const drawn = newDrawn(space, rows);
  const unused = rng(0); // the likeliest action takes no chance
  return {
    async decide(t, books, intents, chosen) {
      for (let row = 0; row < rows; row++) {
        const { account, ledger, tape } = books[row];
        const [standing, worth] = [standings[row], account.equity];
        if (Number.isNaN(equity[row])) standing.open(0, worth);
        else standing.pass(0, equity[row], worth, ledger.fills[0] !== fills[row]);
        standing.look(0, worth, ledger, tape, t, state.subarray(row * A, (row + 1) * A));
        [equity[row], fills[row], bars[row]] = [worth, ledger.fills[0], offsets[row] + t];
      }
      if (t < first) return void chosen.fill(NaN);
      const look = await policy.look(bars, state, to - t - 1);
      draw(space, look.policy, unused, drawn, true);
      chosen.set(drawn.actions);
      for (let row = 0; row < rows; row++) {
        writeWeights(actions, drawn.actions, row * actionSize(space), standings[row].held, intents[row].weights);
      }
    },
  };
}

/** What one of several accounts has of its own. */
export interface OwnOptions extends Pick<BacktestOptions, "risk" | "to"> {
  /** Row of the policy's table that the market's bar 0 is, where features of several lie one after the other. */
  readonly offset?: number;
}

/** How `tradeAll` runs: as `backtest` takes it, and more. */
export interface TradeOptions extends BacktestOptions {
  /** What the account of each market has of its own, where they differ. */
  readonly each?: readonly OwnOptions[];
  /** Ends it between two bars. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a policy over markets of equal bars, all at once: it is asked about all of them together, which costs little more
 * than one. Each goes through the books that `backtest` goes through, risk rules and delay
 * included, and its equity is that of a one-row env with the same actions, to the last bit.
 *
 * @throws {RangeError} as `backtest`, and if the markets do not have equal bars
 */
export async function tradeAll(
  markets: readonly Market[],
  trader: Trader,
  { signal, each = [], ...options }: TradeOptions = {},
): Promise<Traded[]> {
  const { from = 0, to = markets[0].length } = options;
  for (const { length } of markets) {
    if (length === markets[0].length) continue;
    throw new RangeError(`Cannot trade markets together as they must have equal bars: ${markets[0].length}, ${length}`);
  }
  const R = markets.length;
  const width = actionSize(spaceOf(trader.actions));
  const own = markets.map((_, r) => {
    const { offset: _offset, ...rest } = each[r] ?? {};
    return { ...options, ...rest };
  });
  const ends = own.map((one) => one.to ?? to);
  const last = Math.max(...ends);
  const books = markets.map((market, r) => openBooks(market, own[r]));
  const decider = openDecider(trader, R, last, markets.map((_, r) => each[r]?.offset ?? 0));
  const row = new Float32Array(R * width);
  const chosen = books.map((_, r) => new Float32Array((ends[r] - from) * width));
  const over = newIntent(trader.actions.assets); // of accounts that have come to their end: nobody reads it
  for (let t = from; t < last; t++) {
    if (t % 256 === 0) signal?.throwIfAborted();
    const intents = books.map((book, r) => t < ends[r] ? book.step(t) : over);
    await decider.decide(t, books, intents, row);
    for (let r = 0; r < R; r++) {
      if (t >= ends[r]) continue;
      books[r].decided(t);
      chosen[r].set(row.subarray(r * width, (r + 1) * width), (t - from) * width);
    }
  }
  return books.map((book, r) => ({ result: book.result(), chosen: chosen[r] }));
}

/** The same for one market. */
export async function trade(
  market: Market,
  trader: Trader,
  options: BacktestOptions & { readonly signal?: AbortSignal } = {},
): Promise<Traded> {
  return (await tradeAll([market], trader, options))[0];
}

/**
 * What was asked for once, again: a strategy that backtests, comparisons and figures take like any other. It keeps to
 * the bars and costs of the result, whose account its wishes were made for; a policy that shall look at another account
 * is asked anew by `trade`.
 */
export function replayStrategy({ from, wanted, equity }: BacktestResult): Strategy {
  const T = equity.length;
  const K = wanted.length / T;
  return () => (t, _account, { weights }) => {
    const row = (t - from) * K;
    for (let k = 0; k < K; k++) weights[k] = t >= from && t < from + T ? wanted[row + k] : NaN;
  };
}
