import { below, rng } from "../base/random.ts";
import type { FeatureMatrix } from "../features/matrix.ts";
import type { Market } from "../market/market.ts";
import { advance } from "../sim/fill.ts";
import { type Ledger, openLedger, reopen } from "../sim/ledger.ts";
import { newTape } from "../sim/tape.ts";
import type { MarginOptions } from "../sim/terms.ts";
import { type ActionMeaning, discreteActions, spaceOf, writeWeights } from "./actions.ts";
import type { Env, StepBuffers } from "./env.ts";
import { logReturn, type Reward } from "./reward.ts";
import { pack, unpack } from "./saved.ts";
import { openStanding, stateSizeOf } from "./standing.ts";

/** How a market is cut into episodes, and what may be done in it. */
export interface MarketEnvOptions {
  /** Episodes stepped at once, R. */
  readonly rows?: number;
  /** Bars an episode lasts at the most; it then is truncated. */
  readonly bars?: number;
  /** Bars an observation shows. */
  readonly window?: number;
  /** First and one past the last bar that an episode may see. */
  readonly from?: number;
  readonly to?: number;
  /** Episodes start anywhere that leaves room for `bars`; or all at `from`. */
  readonly randomStart?: boolean;
  readonly cash?: number; // quote currency
  readonly actions?: ActionMeaning;
  readonly margin?: MarginOptions;
  /** Of R rows; log return unless given. */
  readonly reward?: Reward;
}

/** A market to trade in, for R rows at once, and its books. */
export interface MarketEnv extends Env {
  readonly meaning: ActionMeaning;
  readonly ledger: Ledger;
  readonly equity: Float64Array; // [R] quote currency, at the close last seen
}

/**
 * Trades a market by weights: an action at the close of bar t is filled at the open of t + 1 and paid when that bar
 * closes, through the same books as a backtest: the same actions give the same equity to the last bit.
 *
 * An episode **terminates** when its account is liquidated, and is **truncated** after `bars` bars or at the end of the
 * data. Nothing is allocated while stepping.
 *
 * @param features scaled, one row per bar of the market; a window reaches back `window - 1` bars, so no episode starts
 * before `features.warmup + window - 1`
 * @throws {RangeError} if features and market do not have equal times, or the span is too short for one step
 */
export function marketEnv(market: Market, features: FeatureMatrix, options: MarketEnvOptions = {}): MarketEnv {
  const K = market.assets.length;
  const { rows = 64, bars = 256, window = 32, to = market.length, randomStart = true, cash = 10_000 } = options;
  const { actions: meaning = discreteActions(K), margin = {}, reward = logReturn() } = options;
  const from = Math.max(options.from ?? 0, features.warmup + window - 1);
  check(market, features, { rows, bars, window, from, to });

  const A = stateSizeOf(K);
  const tape = newTape(market, { ...margin, leverage: margin.leverage ?? Math.max(1, meaning.leverage) });
  const ledger = openLedger(rows, K, cash);
  const column = () => new Float64Array(rows);
  const equity = column();
  const standing = openStanding(rows, K);
  const { held } = standing;
  const weights = new Float64Array(K);
  const end = new Int32Array(rows);
  const out = {
    bars: new Int32Array(rows),
    state: new Float32Array(rows * A),
    rewards: column(),
    terminated: new Uint8Array(rows),
    truncated: new Uint8Array(rows),
    finalBars: new Int32Array(rows),
    finalState: new Float32Array(rows * A),
  } satisfies StepBuffers;
  const random = rng(0);
  const changing = [
    ...[ledger.cash, ledger.units, ledger.fees, ledger.spreadCost, ledger.impactCost, ledger.traded, ledger.wanted],
    ...[ledger.filled, ledger.fills, ledger.capped, ledger.ruined, ledger.shortfall],
    ...[equity, ...standing.memory, end, out.bars, out.state, random.state, reward.memory],
  ];

  return {
    rows,
    window,
    features: features.names.length,
    stateSize: A,
    table: features.values,
    actions: spaceOf(meaning),
    meaning,
    ledger,
    equity,
    reset(seed) {
      random.state.set(rng(seed).state);
      for (let row = 0; row < rows; row++) restart(row);
      out.rewards.fill(0);
      out.terminated.fill(0);
      out.truncated.fill(0);
      return out;
    },
    step(actions) {
      const stride = meaning.kind === "discrete" ? 1 : K;
      if (actions.length !== rows * stride) {
        throw new RangeError(
          `Cannot step ${rows} rows as there must be ${rows * stride} actions: there are ${actions.length}`,
        );
      }
      for (let row = 0; row < rows; row++) stepRow(row, actions, row * stride);
      return out;
    },
    save: () => pack(changing),
    restore(saved) {
      unpack(saved, changing);
      out.rewards.fill(0);
      out.terminated.fill(0);
      out.truncated.fill(0);
      return out;
    },
  };

  function stepRow(row: number, actions: Float32Array, at: number) {
    const t = ++out.bars[row];
    const before = equity[row];
    const fills = ledger.fills[row];
    for (let k = 0; k < K; k++) weights[k] = held[row * K + k];
    writeWeights(meaning, actions, at, weights, weights);
    const after = equity[row] = advance(ledger, row, weights, 0, tape, t);
    standing.pass(row, before, after, ledger.fills[row] !== fills);
    const ruined = ledger.ruined[row] !== 0 || !(after > 0);
    out.rewards[row] = reward.of(row, before, after);
    out.terminated[row] = Number(ruined);
    out.truncated[row] = Number(!ruined && t === end[row]);
    standing.look(row, after, ledger, tape, t, out.state);
    if (!ruined && t < end[row]) return;
    out.finalBars[row] = t;
    for (let i = row * A; i < (row + 1) * A; i++) out.finalState[i] = out.state[i];
    restart(row);
  }

  function restart(row: number) {
    const last = to - 1;
    const room = Math.max(0, last - bars - from);
    const start = from + (randomStart ? below(room + 1, random) : 0);
    end[row] = Math.min(last, start + bars);
    out.bars[row] = start;
    reopen(ledger, row, cash);
    equity[row] = cash;
    standing.open(row, cash);
    reward.reset(row);
    standing.look(row, cash, ledger, tape, start, out.state);
  }
}

function check(
  market: Market,
  features: FeatureMatrix,
  numbers: Record<"rows" | "bars" | "window" | "from" | "to", number>,
) {
  const { time } = market.assets[0];
  const T = market.length;
  if (features.time.length !== T || features.time[0] !== time[0] || features.time[T - 1] !== time[T - 1]) {
    throw new RangeError(
      `Cannot trade on these features as they must have the market's ${T} bars: they have ${features.time.length}`,
    );
  }
  for (const [name, least] of [["rows", 1], ["bars", 1], ["window", 0]] as const) {
    if (Number.isInteger(numbers[name]) && numbers[name] >= least) continue;
    throw new RangeError(
      `Cannot open a market env as ${name} must be a whole number of at least ${least}: current value is ${
        numbers[name]
      }`,
    );
  }
  const { from, to, window } = numbers;
  if (to > T || from + 1 >= to) {
    throw new RangeError(
      `Cannot open a market env as it needs two bars after warm-up and window: bars ${from} to ${to} of ${T} are left, with ${features.warmup} bars of warm-up and a window of ${window}`,
    );
  }
}
