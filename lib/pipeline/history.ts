import type { BacktestResult } from "../backtest/mod.ts";
import type { StageEvent } from "../base/events.ts";
import type { Market } from "../market/market.ts";

/** A backtest for a chart: at most `most` points, each the last of its bin, and at most `most` fills, evenly taken. */
export function historyEvent(title: string, market: Market, result: BacktestResult, most = 1500): StageEvent {
  const { symbols, time, equity, weights, from, fills } = result;
  const [length, assets] = [time.length, symbols.length];
  const shown = Array.from(
    { length: Math.min(most, length) },
    (_, i, n = Math.min(most, length)) => Math.floor((i + 1) * length / n) - 1,
  );
  const drawdown = new Float64Array(length);
  for (let t = 0, peak = 0; t < length; t++) drawdown[t] = 1 - equity[t] / (peak = Math.max(peak, equity[t]));
  const at = (column: Float64Array, start = 0) => shown.map((t) => column[start + t]);
  const named = <T>(of: (k: number) => T) => Object.fromEntries(symbols.map((symbol, k) => [symbol, of(k)]));
  const every = Math.max(1, Math.ceil(fills.length / most));
  return {
    kind: "history",
    title,
    time: at(time),
    equity: at(equity),
    drawdown: at(drawdown),
    close: named((k) => at(market.assets[k].$close, from)),
    weights: named((k) => shown.map((t) => weights[t * assets + k])),
    fills: Array.from({ length: Math.ceil(fills.length / every) }, (_, n) => n * every).map((i) => ({
      bar: time[fills.t[i]],
      symbol: symbols[fills.k[i]],
      units: fills.units[i],
      price: fills.price[i],
    })),
  };
}
