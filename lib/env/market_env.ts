import { below, rng } from "../base/random.ts";
import type { FeatureMatrix } from "../features/matrix.ts";
import type { Market } from "../market/market.ts";
import type { RiskRule } from "../risk/rule.ts";
import { advance } from "../sim/fill.ts";
import { type Ledger, openLedger, reopen } from "../sim/ledger.ts";
import { newTape } from "../sim/tape.ts";
import type { MarginOptions } from "../sim/terms.ts";
import { type ActionMeaning, discreteActions, spaceOf, writeWeights } from "./actions.ts";
import type { Env, StepBuffers } from "./env.ts";
import { logReturn, type Reward } from "./reward.ts";
import { pack, unpack } from "./saved.ts";
import { openStanding, stateSizeOf } from "./standing.ts";
import { openWatch } from "./watch.ts";

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
  /** Applied in order to what an action asks for, each episode with its own: what `backtest` takes as `risk`. */
  readonly risk?: readonly RiskRule[];
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
 * data. Nothing is allocated while stepping, but by risk rules.
 *
 * @param features scaled, one row per bar of the market; a window reaches back `window - 1` bars, so no episode starts
 * before `features.warmup + window - 1`
 * @throws {RangeError} if features and market do not have equal times, or the span is too short for one step
 */
export function marketEnv(market: Market, features: FeatureMatrix, options: MarketEnvOptions = {}): MarketEnv {
  const K = market.assets.length;
  const { rows = 64, bars = 256, window = 32, to = market.length, randomStart = true, cash = 10_000 } = options;
  const { actions: meaning = discreteActions(K), margin = {}, risk = [], reward = logReturn() } = options;
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
  const [start, end] = [new Int32Array(rows), new Int32Array(rows)];
  const stride = meaning.kind === "discrete" ? 1 : K;
  const watch = risk.length > 0 ? openWatch(market, risk, ledger, tape, standing) : undefined;
  // Rules remember what they have seen in ways of their own: episodes so far are kept as actions, to be shown again.
  const longest = Math.min(bars, to - 1 - from);
  const taken = new Float32Array(watch ? rows * longest * stride : 0);
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
    ...(watch ? [start, taken] : []),
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
      if (watch) {
        for (let row = 0; row < rows; row++) showAgain(row);
        unpack(saved, changing);
      }
      out.rewards.fill(0);
      out.terminated.fill(0);
      out.truncated.fill(0);
      return out;
    },
  };

  function stepRow(row: number, actions: Float32Array, at: number) {
    const t = ++out.bars[row];
    const before = equity[row];
    if (watch) {
      const step = placeOf(row, t);
      for (let i = 0; i < stride; i++) taken[step + i] = actions[at + i];
    }
    const after = move(row, actions, at, t);
    const ruined = ledger.ruined[row] !== 0 || !(after > 0);
    out.rewards[row] = reward.of(row, before, after);
    out.terminated[row] = Number(ruined);
    out.truncated[row] = Number(!ruined && t === end[row]);
    if (!ruined && t < end[row]) return;
    out.finalBars[row] = t;
    for (let i = row * A; i < (row + 1) * A; i++) out.finalState[i] = out.state[i];
    restart(row);
  }

  /** Takes a row's account from bar `t` - 1 to bar `t`. */
  function move(row: number, actions: Float32Array, at: number, t: number): number {
    const before = equity[row];
    const fills = ledger.fills[row];
    for (let k = 0; k < K; k++) weights[k] = held[row * K + k];
    writeWeights(meaning, actions, at, weights, weights);
    const after = watch ? watch.advance(row, weights, before, t) : advance(ledger, row, weights, 0, tape, t);
    equity[row] = after;
    standing.pass(row, before, after, ledger.fills[row] !== fills);
    standing.look(row, after, ledger, tape, t, out.state);
    return after;
  }

  function restart(row: number) {
    const last = to - 1;
    const room = Math.max(0, last - bars - from);
    start[row] = from + (randomStart ? below(room + 1, random) : 0);
    end[row] = Math.min(last, start[row] + bars);
    out.bars[row] = start[row];
    reward.reset(row);
    begin(row);
  }

  /** Opens a row's account at the first bar of its episode. */
  function begin(row: number) {
    reopen(ledger, row, cash);
    equity[row] = cash;
    standing.open(row, cash);
    watch?.open(row);
    standing.look(row, cash, ledger, tape, start[row], out.state);
  }

  /** Leads a row through its episode so far once more, for its rules to know what they knew. */
  function showAgain(row: number) {
    const now = out.bars[row];
    begin(row);
    for (let t = start[row] + 1; t <= now; t++) move(row, taken, placeOf(row, t), t);
  }

  /** Where the action that led a row to bar `t` is kept. */
  function placeOf(row: number, t: number): number {
    return (row * longest + t - 1 - start[row]) * stride;
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
