import { below, type Rng } from "../base/random.ts";
import type { Setting } from "../base/setting.ts";
import { mean } from "../base/stats.ts";
import type { Candles } from "../market/candles.ts";
import type { Market } from "../market/market.ts";
import { fitGarch, type Garch } from "./garch.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";
import { closeReturns, reshape, type Shape, toShape } from "./shape.ts";

/** What wild markets can be tuned by. */
export const extremeVolatilitySettings = {
  method: {
    default: "bootstrap",
    choices: ["bootstrap", "garch", "scale"],
    help: "new moves from blocks of the bars' own, from a GARCH fitted to them, or the real moves enlarged",
  },
  factor: { default: 3, min: 0.1, max: 10, help: "volatility, times what it was" },
  bars: { default: 500, min: 0, max: 1_000_000, whole: true, help: "how long; 0: all bars from there on" },
  block: { default: 48, min: 1, max: 10_000, whole: true, help: "mean length of the blocks of the bootstrap, bars" },
  spread: { default: 2, min: 1, max: 1000, help: "spread meanwhile, times what it was" },
  ...placing,
} satisfies Readonly<Record<string, Setting>>;

/**
 * A time of large moves that come in clusters. `bootstrap` strings blocks of real bars together (Politis and Romano 1994,
 * "The stationary bootstrap"), enlarged: it keeps kurtosis, clusters and volume as they are (`certify`). `garch` draws the
 * residuals of a fitted GARCH(1,1) into a variance that goes its own way: clusters no history has had, and far wilder
 * tails. `scale` enlarges what was. The drift stays. Assets move at the same bars of the past, so that what ties them
 * together stays too.
 *
 * @param fitOn candles [K] that the GARCH and the blocks are taken from; the market's own without it
 * @throws {RangeError} for `garch`, when run, if there are fewer than 100 bars that vary
 */
export function extremeVolatility(
  { method = "bootstrap", factor = 3, bars = 500, block = 48, spread = 2, earliest = 0.2, latest = 0.6 } = {},
  fitOn?: readonly Candles[],
): Scenario {
  return (market, random) => {
    const start = drawStart(market.length, earliest, latest, random);
    const end = bars === 0 ? market.length : Math.min(market.length, start + bars);
    const learnt = learntFrom(market, fitOn);
    const N = learnt[0].returns.length;
    const from = method === "scale"
      ? Int32Array.from({ length: end - start }, (_, i) => start + i)
      : method === "garch"
      ? Int32Array.from({ length: end - start }, () => 1 + below(Math.max(1, N - 1), random))
      : blocks(end - start, N, block, random);
    return reshape(market, start, (shape, k) => {
      const { shape: source, returns, average } = method === "scale" ? own(shape) : learnt[k];
      const spreadBefore = shape.spread.slice(start, end);
      const size = method === "garch" ? garchSizes(learnt[k].garch(), from, factor) : undefined;
      const steps = from.map((s) => s); // `source` may be `shape` itself: read before anything is written
      const moves = Array.from(steps, (s, i) => {
        // How much larger than the bar it is taken from.
        const wanted = size === undefined ? factor * (returns[s] - average) : size[i];
        const ratio = size === undefined ? factor : Math.min(100, Math.abs(wanted / (returns[s] - average)) || factor);
        return {
          gap: source.gap[s] * factor,
          total: wanted + average,
          up: source.up[s] * ratio,
          down: source.down[s] * ratio,
          volume: source.volume[s],
        };
      });
      for (const [i, move] of moves.entries()) {
        const t = start + i;
        shape.gap[t] = move.gap;
        shape.body[t] = move.total - move.gap;
        shape.up[t] = move.up;
        shape.down[t] = move.down;
        if (method !== "scale") shape.volume[t] = move.volume;
        shape.spread[t] = spreadBefore[i] * spread;
      }
    });
  };
}

/** What is learnt once of an asset. */
interface Learnt {
  readonly shape: Shape;
  readonly returns: Float64Array;
  readonly average: number;
  garch(): Garch;
}

const known = new WeakMap<Candles, Learnt>();

function learntFrom(market: Market, fitOn: readonly Candles[] = market.assets): Learnt[] {
  if (fitOn.length !== market.assets.length) {
    throw new RangeError(
      `Cannot make ${market.assets.length} assets volatile as candles of as many must be given to fit on: ` +
        `current value is ${fitOn.length}`,
    );
  }
  return fitOn.map((candles) => {
    const before = known.get(candles);
    if (before !== undefined) return before;
    let fitted: Garch | undefined;
    const base = own(toShape(candles, market.costs.spread));
    const made: Learnt = { ...base, garch: () => fitted ??= fitGarch(base.returns.subarray(1)) };
    known.set(candles, made);
    return made;
  });
}

function own(shape: Shape): Learnt {
  const returns = closeReturns(shape);
  return {
    shape,
    returns,
    average: returns.length > 1 ? mean(returns.subarray(1)) : 0,
    garch: () => fitGarch(returns.subarray(1)),
  };
}

/** Surprises of a GARCH whose long-run deviation is `factor` times the fitted one; `from` counts from bar 1. */
function garchSizes(
  { residuals, omega, alpha, beta, variance }: Garch,
  from: Int32Array,
  factor: number,
): Float64Array {
  const sizes = new Float64Array(from.length);
  let h = variance;
  for (let i = 0; i < from.length; i++) {
    const surprise = residuals[from[i] - 1] * Math.sqrt(h);
    sizes[i] = factor * surprise;
    h = omega + alpha * surprise * surprise + beta * h;
  }
  return sizes;
}

/** Bars of a stationary bootstrap: blocks of geometric length from anywhere, going round at the end. */
function blocks(length: number, N: number, block: number, random: Rng): Int32Array {
  const bars = new Int32Array(length);
  const last = Math.max(1, N - 1); // bar 0 has no gap of its own
  let at = below(last, random);
  for (let i = 0; i < length; i++) {
    at = i > 0 && random() >= 1 / block ? (at + 1) % last : below(last, random);
    bars[i] = N > 1 ? 1 + at : 0;
  }
  return bars;
}
