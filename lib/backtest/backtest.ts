import { formatDate } from "../base/time.ts";
import type { Market } from "../market/market.ts";
import type { RiskRule } from "../risk/rule.ts";
import { carryOut } from "../sim/carry_out.ts";
import { type Account, clearIntent, type Intent, newIntent } from "../sim/intent.ts";
import { fillsSince, type Journal } from "../sim/journal.ts";
import { type Ledger, openLedger } from "../sim/ledger.ts";
import { newTape, type Tape } from "../sim/tape.ts";
import type { MarginOptions } from "../sim/terms.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { followTargets } from "./targets.ts";

/** How to run a backtest. */
export interface BacktestOptions {
  /** Starting cash, quote currency. */
  readonly cash?: number;
  /** Leverage, maintenance margin and quote fills; no leverage unless given. */
  readonly margin?: MarginOptions;
  /** Applied in order, later rules see what earlier ones left. */
  readonly risk?: readonly RiskRule[];
  /** Extra bars between a decision and its fill. */
  readonly lag?: number;
  /**
   * First bar and one past the last. The account starts flat at the close of `from`, but the strategy has seen all bars
   * before it: a test period needs no warm-up of its own.
   */
  readonly from?: number;
  readonly to?: number;
}

/** Something a risk rule did. */
export interface RiskEvent {
  readonly t: number; // bar of the result at whose close it was decided
  readonly rule: number; // its place among the rules of the backtest
  readonly reason: string;
}

/** One account's history. T bars, from `from` on; K assets. Money in quote currency. */
export interface BacktestResult {
  readonly symbols: readonly string[]; // [K]
  readonly step: number; // bar length, ms
  readonly from: number; // bar of the market that index 0 is
  readonly cash: number; // at the start
  readonly time: Float64Array; // [T] bar open, ms UTC
  readonly equity: Float64Array; // [T] at the close of each bar
  readonly weights: Float64Array; // [T, K] exposure held at each close, fraction of equity
  readonly wanted: Float64Array; // [T, K] what the strategy asked for, before risk rules; NaN left alone
  readonly lastClose: Float64Array; // [K] at which positions still open are marked
  readonly fills: Journal; // bars count from the first of this result
  readonly fees: number;
  readonly spreadPaid: number;
  readonly impactPaid: number;
  readonly traded: number; // value of all fills, both sides
  readonly turnover: number; // the same as a multiple of mean equity
  readonly wantedVolume: number; // value of all orders
  readonly filledVolume: number; // the part of it that was filled
  readonly thinFills: number; // fills of more than a tenth of the bar's volume
  readonly capped: number; // how often the leverage limit cut a wish
  readonly ruined: boolean; // liquidated: equity stays as it is from then on
  readonly shortfall: number; // loss beyond the account, borne by the lender
  /** What risk rules did, in order. A rule that says the same at consecutive bars is listed once. */
  readonly events: readonly RiskEvent[];
}

/**
 * Runs one strategy over one market. It decides at the close of bar t, is filled at the open of bar t + 1 (+ `lag`) and
 * marked at its close; the decision of the last bar is never filled. Same inputs, same result, to the last bit.
 *
 * @throws {RangeError} if the span is empty or out of the market, `lag` is not a whole number, cash, costs or margin are
 * out of range, prices are not usable (`newTape`), or the strategy asks for an infinite weight
 */
export function backtest(market: Market, strategy: Strategy, options: BacktestOptions = {}): BacktestResult {
  const { cash = 10_000, margin = {}, risk = [], lag = 0, from = 0, to = market.length } = options;
  if (strategy.targets === undefined || risk.length > 0) {
    const books = openBooks(market, options);
    const decide = strategy(market);
    for (let t = from; t < to; t++) {
      decide(t, books.account, books.step(t));
      books.decided(t);
    }
    return books.result();
  }
  checkSpan(market, from, to, lag);
  const K = market.assets.length;
  const tape = newTape(market, margin);
  const ledger = openLedger(1, K, cash, { journal: true });
  const history = newHistory(to - from, K);
  const wishes = borrow(market.length * K);
  strategy.targets(market, (_name, make) => make(), wishes);
  followTargets(ledger, tape, wishes, { from, to, lag }, history);
  spare = wishes;
  return resultOf(market, tape, ledger, history, [], cash, from, to);
}

function newHistory(bars: number, K: number) {
  return {
    equity: new Float64Array(bars),
    weights: new Float64Array(bars * K),
    wanted: new Float64Array(bars * K).fill(NaN),
  };
}

let spare: Float64Array | undefined; // of the last backtest: a fresh one costs as much as filling it

/** A column of zeros, of an earlier backtest where it fits. */
function borrow(size: number): Float64Array {
  const column = spare?.length === size ? spare.fill(0) : new Float64Array(size);
  spare = undefined;
  return column;
}

/** @throws {RangeError} if these are not bars of the market, or `lag` is not a whole number of bars */
export function checkSpan({ length }: Market, from: number, to: number, lag: number): void {
  if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from < to && to <= length)) {
    throw new RangeError(
      `Cannot backtest bars ${from} to ${to} as they must be a span of at least one bar within 0..${length}`,
    );
  }
  if (Number.isInteger(lag) && lag >= 0) return;
  throw new RangeError(`Cannot backtest as "lag" must be a whole number of bars, 0 or more: current value is ${lag}`);
}

/** One account that is stepped bar by bar, by someone who decides in between. */
export interface Books {
  readonly account: Account; // as of the bar last stepped to
  readonly ledger: Ledger; // one row
  readonly tape: Tape;
  /** Carries out what is due at the open of bar `t`, marks the account at its close; `t` goes up one by one. */
  step(t: number): Intent; // empty: to be written
  /** Takes what was written into the intent of bar `t`: risk rules see it now, it is carried out when it is due. */
  decided(t: number): void;
  /** Forgets every decision that is still to be carried out: at the next open all is sold, whatever was wanted. */
  flatten(): void;
  /** The history, after the last bar. */
  result(): BacktestResult;
}

/**
 * Opens the books that `backtest` runs a strategy through, for deciders that it cannot call: a network's, which take
 * time; or for bars that are still to come, where the market grows: there is no `to` then, and `result` is of the bars
 * so far. Driven bar by bar they give what `backtest` gives, to the last bit.
 *
 * @throws {RangeError} as `backtest`
 */
export function openBooks(market: Market, options: BacktestOptions = {}): Books {
  const { cash = 10_000, margin = {}, risk = [], lag = 0, from = 0, to = market.length } = options;
  const { growth } = market;
  if (growth === undefined) checkSpan(market, from, to, lag);
  const K = market.assets.length;
  const tape = newTape(market, margin);
  const ledger = openLedger(1, K, cash, { journal: true });
  const history = growth === undefined
    ? newHistory(to - from, K)
    : { equity: growth.column(), weights: growth.column(K), wanted: growth.column(K) };
  const { equity, weights, wanted } = history;
  const rules = risk.map((rule) => ({ check: rule(market), said: undefined as string | undefined }));
  const events: RiskEvent[] = [];
  const account = { equity: 0, peak: 0, weights: new Float64Array(K) };
  const intents = Array.from({ length: lag + 1 }, () => newIntent(K)); // the last lag + 1 decisions
  return {
    account,
    ledger,
    tape,
    step(t) {
      const row = (t - from) * K;
      const intent = intents[(t - from) % (lag + 1)]; // decided at t − 1 − lag, due now
      const value = carryOut(ledger, 0, intent, tape, t);
      account.equity = equity[t - from] = value;
      account.peak = Math.max(account.peak, value);
      for (let k = 0; k < K; k++) {
        weights[row + k] = account.weights[k] = value > 0 ? ledger.units[k] * tape.close[t * K + k] / value : 0;
      }
      clearIntent(intent);
      return intent;
    },
    decided(t) {
      const row = (t - from) * K;
      const intent = intents[(t - from) % (lag + 1)];
      for (let k = 0; k < K; k++) {
        const weight = wanted[row + k] = intent.weights[k];
        if (weight === Infinity || weight === -Infinity) refuse(weight, market, t, k);
      }
      for (let i = 0; i < rules.length; i++) {
        const rule = rules[i];
        const reason = rule.check(t, account, intent);
        if (reason !== undefined && reason !== rule.said) events.push({ t: t - from, rule: i, reason });
        rule.said = reason;
      }
    },
    flatten() {
      for (const intent of intents) {
        clearIntent(intent);
        intent.weights.fill(0);
      }
    },
    result() {
      if (growth === undefined) return resultOf(market, tape, ledger, history, events, cash, from, to);
      const bars = market.length - from; // columns are as long as the market, and begin at `from`
      const soFar = {
        equity: equity.slice(0, bars),
        weights: weights.slice(0, bars * K),
        wanted: wanted.slice(0, bars * K),
      };
      return resultOf(market, tape, ledger, soFar, events, cash, from, market.length);
    },
  };
}

function refuse(weight: number, market: Market, t: number, k: number): never {
  const { symbol, time } = market.assets[k];
  throw new RangeError(
    `Cannot trade ${symbol} at ${formatDate(time[t])} as its weight must be a number, or NaN to leave it: ` +
      `current value is ${weight}`,
  );
}

function resultOf(
  { assets }: Market,
  tape: Tape,
  ledger: Ledger,
  history: { equity: Float64Array; weights: Float64Array; wanted: Float64Array },
  events: BacktestResult["events"],
  cash: number,
  from: number,
  to: number,
): BacktestResult {
  const fills = fillsSince(ledger.journal!, from);
  let thinFills = 0;
  for (let i = 0; i < fills.length; i++) {
    if (Math.abs(fills.units[i]) > 0.1 * tape.volume[(from + fills.t[i]) * assets.length + fills.k[i]]) thinFills++;
  }
  return {
    symbols: assets.map((candles) => candles.symbol),
    step: assets[0].step,
    from,
    cash,
    time: assets[0].time.subarray(from, to),
    ...history,
    lastClose: Float64Array.from(assets, (candles) => candles.$close[to - 1]),
    fills,
    fees: ledger.fees[0],
    spreadPaid: ledger.spreadCost[0],
    impactPaid: ledger.impactCost[0],
    traded: ledger.traded[0],
    turnover: ledger.traded[0] / meanOf(history.equity),
    wantedVolume: ledger.wanted[0],
    filledVolume: ledger.filled[0],
    thinFills,
    capped: ledger.capped[0],
    ruined: ledger.ruined[0] === 1,
    shortfall: ledger.shortfall[0],
    events,
  };
}

/** Mean, by four sums side by side: one would wait for itself at every bar. */
function meanOf(values: Float64Array): number {
  const whole = values.length - values.length % 4;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let t = 0; t < whole; t += 4) {
    a += values[t];
    b += values[t + 1];
    c += values[t + 2];
    d += values[t + 3];
  }
  for (let t = whole; t < values.length; t++) a += values[t];
  return (a + b + c + d) / values.length;
}
