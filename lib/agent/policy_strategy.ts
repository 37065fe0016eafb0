import { type BacktestOptions, type BacktestResult, type Books, openBooks } from "../backtest/backtest.ts";
import { rng } from "../base/random.ts";
import { type ActionMeaning, spaceOf, writeWeights } from "../env/actions.ts";
import { openStanding, stateSizeOf } from "../env/standing.ts";
import type { Market } from "../market/market.ts";
import type { Intent } from "../sim/intent.ts";
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
 */
export function openDecider({ policy, actions, first }: Trader, rows: number, to: number): Decider {
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
        [equity[row], fills[row], bars[row]] = [worth, ledger.fills[0], t];
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

/** How `tradeAll` runs: as `backtest` takes it, and more. */
export interface TradeOptions extends BacktestOptions {
  /** Risk rules of each market's account, where they differ. */
  readonly risks?: readonly (BacktestOptions["risk"] & object)[];
  /** Ends it between two bars. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a policy over markets that differ in their costs alone, all at once: it is asked about all of them together,
 * which costs little more than one. Each goes through the books that `backtest` goes through, risk rules and delay
 * included, and its equity is that of a one-row env with the same actions, to the last bit.
 *
 * @throws {RangeError} as `backtest`, and if the markets do not have equal bars
 */
export async function tradeAll(
  markets: readonly Market[],
  trader: Trader,
  { signal, risks, ...options }: TradeOptions = {},
): Promise<Traded[]> {
  const { from = 0, to = markets[0].length } = options;
  for (const { length } of markets) {
    if (length === markets[0].length) continue;
    throw new RangeError(`Cannot trade markets together as they must have equal bars: ${markets[0].length}, ${length}`);
  }
  const R = markets.length;
  const width = actionSize(spaceOf(trader.actions));
  const books = markets.map((market, r) => openBooks(market, risks ? { ...options, risk: risks[r] } : options));
  const decider = openDecider(trader, R, to);
  const row = new Float32Array(R * width);
  const chosen = books.map(() => new Float32Array((to - from) * width));
  for (let t = from; t < to; t++) {
    if (t % 256 === 0) signal?.throwIfAborted();
    const intents = books.map((book) => book.step(t));
    await decider.decide(t, books, intents, row);
    for (let r = 0; r < R; r++) {
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
