import { type Candles, slice } from "../market/candles.ts";
import type { Market } from "../market/market.ts";

/**
 * Bars as steps of the logarithm of price, to be changed in place: whatever is written here, `toCandles` makes valid bars
 * of it. [T] each.
 */
export interface Shape {
  readonly gap: Float64Array; // previous close to open; 0 at the first bar
  readonly body: Float64Array; // open to close
  readonly up: Float64Array; // higher end of the body to the high, ≥ 0
  readonly down: Float64Array; // low to the lower end of the body, ≥ 0
  readonly volume: Float64Array; // base units, ≥ 0
  readonly spread: Float64Array; // full, bps of price, ≥ 0
  readonly filled: Uint8Array; // 1 where the bar does not trade
}

/** Widest spread that the books take, bps. */
const WIDEST = 5000;
/** Prices stay within e^±46 of the first, about twenty powers of ten: arithmetic holds, and no crash goes further. */
const REACH = 46;

/** The steps of candles. `spread` (bps) is that of bars that have none of their own. */
export function toShape(
  { length, $open, $high, $low, $close, $volume, $spread, filled }: Candles,
  spread: number,
): Shape {
  const column = () => new Float64Array(length);
  const [gap, body, up, down] = [column(), column(), column(), column()];
  for (let t = 0; t < length; t++) {
    if (t > 0) gap[t] = Math.log($open[t] / $close[t - 1]);
    body[t] = Math.log($close[t] / $open[t]);
    up[t] = Math.max(0, Math.log($high[t] / Math.max($open[t], $close[t])));
    down[t] = Math.max(0, Math.log(Math.min($open[t], $close[t]) / $low[t]));
  }
  return {
    gap,
    body,
    up,
    down,
    volume: $volume.slice(),
    spread: $spread?.slice() ?? column().fill(spread),
    filled: filled.slice(),
  };
}

/**
 * Candles of steps, at the times of `candles`. Bars before `from` keep the prices they have, to the last bit; the others
 * go on from there. Columns of the user's own are kept.
 *
 * @param spread of bars that have none of their own, bps: when it is that everywhere, no column is made
 */
export function toCandles(candles: Candles, shape: Shape, from: number, spread: number): Candles {
  const { length } = candles;
  const [$open, $high, $low, $close] = [
    candles.$open.slice(),
    candles.$high.slice(),
    candles.$low.slice(),
    candles.$close.slice(),
  ];
  const [lowest, highest] = [$open[0] * Math.exp(-REACH), $open[0] * Math.exp(REACH)];
  const bounded = (price: number) => Math.min(highest, Math.max(lowest, price));
  for (let t = from; t < length; t++) {
    const open = t === 0 ? $open[0] : bounded($close[t - 1] * Math.exp(shape.gap[t]));
    const close = bounded(open * Math.exp(shape.body[t]));
    $open[t] = open;
    $close[t] = close;
    $high[t] = Math.max(open, close) * Math.exp(Math.max(0, shape.up[t]));
    $low[t] = Math.min(open, close) * Math.exp(-Math.max(0, shape.down[t]));
  }
  const $spread = shape.spread.map((bps) => Math.min(WIDEST, Math.max(0, bps)));
  const own = candles.$spread !== undefined || $spread.some((bps) => bps !== spread);
  return {
    symbol: candles.symbol,
    step: candles.step,
    length,
    time: candles.time.slice(),
    $open,
    $high,
    $low,
    $close,
    $volume: shape.volume.map((units) => Math.max(0, units)),
    ...(own ? { $spread } : {}),
    filled: shape.filled.slice(),
    extra: candles.extra,
  };
}

/** Changes every asset of a market through its steps, from bar `from` on. */
export function reshape(market: Market, from: number, change: (shape: Shape, k: number) => void): Market {
  const assets = market.assets.map((candles, k) => {
    const shape = toShape(candles, market.costs.spread);
    change(shape, k);
    return toCandles(candles, shape, from, market.costs.spread);
  });
  return { assets, length: market.length, costs: market.costs };
}

/** Log return of each bar from close to close, the first from its open [T]. */
export function closeReturns({ gap, body }: Shape): Float64Array {
  return gap.map((step, t) => step + body[t]);
}

/** Bars `from` to `to` of a market. */
export function cut(market: Market, from: number, to: number): Market {
  return { ...market, length: to - from, assets: market.assets.map((candles) => slice(candles, from, to)) };
}
