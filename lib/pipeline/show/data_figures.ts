import { formatTimeframe } from "../../base/time.ts";
import type { Candles } from "../../market/candles.ts";
import { coverageCalendar } from "../../report/plots/coverage_calendar.ts";
import type { Period, Series } from "../../report/plots/inputs.ts";
import { priceAndVolume } from "../../report/plots/price_and_volume.ts";
import { returnDistribution } from "../../report/plots/return_distribution.ts";
import { rollingCorrelation } from "../../report/plots/rolling.ts";
import { volatilityClustering } from "../../report/plots/volatility_clustering.ts";
import type { LoadedMarket } from "../market.ts";

/** Figures of a loaded market, drawn when asked for. `k` is the asset. */
export function dataFigures(source: LoadedMarket) {
  const { market } = source;
  const at = (k: number) => {
    if (k in market.assets) return market.assets[k];
    throw new RangeError(`Cannot draw asset ${k} as there are ${market.assets.length}`);
  };
  return {
    coverage(k = 0) {
      const { symbol, time, step, filled, $volume } = at(k);
      return coverageCalendar({ symbol, time, step, filled, silent: $volume.map((volume) => Number(volume === 0)) });
    },
    price(k = 0) {
      const { symbol, time, $high, $low, $close, $volume } = at(k);
      const columns = { high: $high, low: $low, close: $close, volume: $volume };
      return priceAndVolume({ symbol, time, ...columns, periods: periodsOf(source) });
    },
    returns: (k = 0) => returnDistribution({ returns: logReturns(at(k)), name: nameOf(at(k)) }),
    clustering: (k = 0) => volatilityClustering({ returns: logReturns(at(k)), name: nameOf(at(k)), step: at(k).step }),
    correlation(window = 90) {
      const returns: Series[] = market.assets.map((candles) => ({ name: candles.symbol, values: logReturns(candles) }));
      const { time, step } = market.assets[0];
      return rollingCorrelation({ time, returns, window, step, periods: periodsOf(source) });
    },
  };
}

/** The split's spans in time, as figures shade them; empty ones left out. */
export function periodsOf({ market, split }: LoadedMarket): Period[] {
  const { time, step } = market.assets[0];
  return (["train", "validation", "test"] as const)
    .filter((name) => split[name].to > split[name].from)
    .map((name) => ({ name, from: time[split[name].from], to: time[split[name].to - 1] + step }));
}

/** Log return of each bar's close; NaN for the first. [T] */
export function logReturns({ $close }: Candles): Float64Array {
  return $close.map((close, t) => t > 0 ? Math.log(close / $close[t - 1]) : NaN);
}

const nameOf = ({ symbol, step }: Candles) => `${symbol} ${formatTimeframe(step)}`;
