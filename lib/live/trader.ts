import { type BacktestResult, type Books, openBooks } from "../backtest/backtest.ts";
import { growingMarket, type NewBar } from "../market/growing.ts";
import type { Costs, Market } from "../market/market.ts";
import type { RiskRule } from "../risk/rule.ts";
import type { MarginOptions } from "../sim/terms.ts";
import type { OpenDecider } from "./decider.ts";

/** Who trades what, on which terms. */
export interface TraderOptions {
  readonly symbols: readonly string[]; // [K]
  readonly step: number; // bar length, ms
  readonly costs: Costs;
  readonly cash: number; // quote currency
  readonly margin?: MarginOptions;
  readonly lag?: number; // extra bars between a decision and its fill
  readonly risk?: readonly RiskRule[];
  readonly decider: OpenDecider;
  /** Bars that are only seen: the account opens at the close of the one after them. */
  readonly history: number;
}

/** A number that may be none: NaN in memory, null in a file. */
export type Maybe = number | null;

/** What came of one bar. What a journal keeps, and what must come out again when the bar is traded again. */
export interface Outcome {
  readonly t: number;
  readonly time: number; // open of the bar, ms UTC
  /** Left out while the bar is history. */
  readonly did?: Done;
}

/** What was done at a bar: carried out at its open, marked and decided at its close. K assets. */
export interface Done {
  readonly observation?: string; // of a network: SHA-256, first 16 digits
  readonly chosen?: readonly Maybe[]; // by a network
  readonly wanted: readonly Maybe[]; // weights asked for, before risk rules
  /** What is to be carried out at the next open, after risk rules: weights, and quotes and stops where there are any. */
  readonly intent: Readonly<Record<string, readonly Maybe[]>>;
  readonly risk: readonly (readonly [rule: number, reason: string])[];
  /** Asset, kind, units, price, fee, spread paid, impact paid of each fill of the bar. */
  readonly fills: readonly (readonly number[])[];
  readonly equity: number; // at the close, quote currency
  readonly peak: number;
  readonly held: readonly number[]; // exposures at the close, share of equity
}

/** A trader: the loop of a backtest, one bar at a time. */
export interface Trader {
  readonly market: Market;
  readonly books: Books;
  /** Whether all is sold and nothing more is decided on. */
  readonly halted: boolean;
  /** Takes the next bar of every asset. */
  take(time: number, bars: readonly NewBar[]): Promise<Outcome>;
  /** The kill switch: on the next bar, at its open, all is sold; nothing is decided on until `release`. */
  halt(): void;
  release(): void;
  /** The history so far. @throws {RangeError} before the account has opened */
  result(): BacktestResult;
}

/**
 * Opens a trader. Driven over the bars of a market it does what `backtest` does with `from: history`: the same decisions,
 * the same fills and the same equity, to the last bit.
 */
export function openTrader(options: TraderOptions): Trader {
  const { symbols, step, costs, cash, margin = {}, lag = 0, risk = [], history } = options;
  const K = symbols.length;
  const market = growingMarket({ symbols, step, costs });
  const said: [number, string][] = [];
  const books = openBooks(market, {
    cash,
    margin,
    lag,
    from: history,
    risk: risk.map((rule, i) => heard(rule, i, said)),
  });
  const decider = options.decider(market);
  let halted = false;

  async function trade(t: number): Promise<Done> {
    const journal = books.ledger.journal!;
    const before = journal.length;
    const intent = books.step(t);
    const fills = Array.from({ length: journal.length - before }, (_, i) => {
      const at = before + i;
      const { k, kind, units, price, fee, spreadCost, impactCost } = journal;
      return [k[at], kind[at], units[at], price[at], fee[at], spreadCost[at], impactCost[at]];
    });
    const { account: { equity, peak, weights } } = books;
    const standing = { fills, equity, peak, held: Array.from(weights) };
    if (halted) {
      decider.see();
      books.flatten(); // again: thin volume may have left something
      const none = Array<null>(K).fill(null);
      return { wanted: none, intent: { weights: Array<number>(K).fill(0) }, risk: [], ...standing };
    }
    const choice = await decider.decide(t, books, intent);
    const wanted = maybes(intent.weights);
    said.length = 0;
    books.decided(t);
    const quotes = (["bid", "ask", "size", "stop", "take"] as const)
      .filter((name) => intent[name].some((price) => price === price)).map((name) => [name, maybes(intent[name])]);
    return {
      ...choice && { observation: choice.observation, chosen: maybes(choice.chosen) },
      wanted,
      intent: { weights: maybes(intent.weights), ...Object.fromEntries(quotes) },
      risk: said.map(([rule, reason]) => [rule, reason]),
      ...standing,
    };
  }

  return {
    market,
    books,
    get halted() {
      return halted;
    },
    async take(time, bars) {
      const t = market.append(time, bars);
      if (t >= history) return { t, time, did: await trade(t) };
      decider.see();
      return { t, time };
    },
    halt() {
      halted = true;
      books.flatten();
    },
    release: () => void (halted = false),
    result() {
      if (market.length <= history) {
        throw new RangeError(
          `Cannot sum up as no bar was traded yet: ${market.length} of ${history + 1} bars are there`,
        );
      }
      return books.result();
    },
  };
}

/** A rule whose reasons are overheard: when it begins to say something, or says something else. */
function heard(rule: RiskRule, i: number, said: [number, string][]): RiskRule {
  return (market) => {
    const check = rule(market);
    let last: string | undefined;
    return (t, account, intent) => {
      const reason = check(t, account, intent);
      if (reason !== undefined && reason !== last) said.push([i, reason]);
      last = reason;
      return reason;
    };
  };
}

const maybes = (values: ArrayLike<number>): Maybe[] =>
  Array.from(values, (value) => Number.isNaN(value) ? null : value);
