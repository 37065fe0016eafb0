import { normal, type Rng } from "../base/random.ts";
import { type Candles, newCandles } from "./candles.ts";

/** Geometric Brownian bars for tests. `volatility` is per bar (0.01 = 1 %); `drift` is the log return per bar. */
export function synthetic(
  length: number,
  random: Rng,
  { volatility = 0.01, drift = 0, price = 100, step = 3_600_000, start = 1_500_000_000_000, symbol = "SYN/USDT" } = {},
): Candles {
  const column = () => new Float64Array(length);
  const [time, $open, $high, $low, $close, $volume] = [column(), column(), column(), column(), column(), column()];
  for (let t = 0; t < length; t++) {
    const close = price * Math.exp(drift + volatility * normal(random));
    const wick = price * volatility * random();
    time[t] = start + t * step;
    $open[t] = price;
    $close[t] = close;
    $high[t] = Math.max(price, close) + wick;
    $low[t] = Math.min(price, close) / (1 + volatility * random());
    $volume[t] = 100 + 50 * random();
    price = close;
  }
  return newCandles({ symbol, step, time, $open, $high, $low, $close, $volume });
}
