import { rng } from "../base/random.ts";
import { correlation, mean, quantile, std } from "../base/stats.ts";
import type { Candles } from "../market/candles.ts";
import { extremeVolatility } from "./extreme_volatility.ts";
import { closeReturns, toShape } from "./shape.ts";

/** What real markets have in common (Cont 2001, "Empirical properties of asset returns: stylized facts"). */
export interface StylisedFacts {
  readonly kurtosis: number; // excess; 0 is normal
  readonly clustering: number; // mean autocorrelation of |return| over 1..10 bars
  readonly leverage: number; // correlation of a return with the mean square of the 10 after it; negative: falls stir up
  readonly volumeVolatility: number; // correlation of a bar's volume, ranked by its logarithm, with |return|
}

/** One fact of generated beside real bars. */
export interface RealismRow {
  readonly fact: string;
  readonly fitted: number; // of the bars that were fitted
  readonly generated: number; // median over seeds
  readonly low: number; // 5 % of seeds are below
  readonly high: number;
  readonly unseen: number; // of real bars that were not fitted; NaN where it cannot be measured, as without volume
  readonly holds: boolean; // the unseen value is within what is generated
}

/** Measures candles. NaN where nothing varies. */
export function stylisedFacts(candles: Candles): StylisedFacts {
  const shape = toShape(candles, 0);
  const traded = (_: number, t: number) => t > 0 && shape.filled[t] === 0;
  const r = closeReturns(shape).filter(traded);
  const volume = shape.volume.filter(traded).map(Math.log1p);
  const centre = mean(r);
  const spread = std(r, 0);
  const size = r.map((x) => Math.abs(x - centre));
  const lags = Array.from({ length: 10 }, (_, i) => i + 1);
  const squares = r.map((x) => (x - centre) ** 2);
  const ahead = squares.map((_, t) => mean(squares.subarray(t + 1, t + 11))).subarray(0, -10);
  return {
    kurtosis: mean(r.map((x) => ((x - centre) / spread) ** 4)) - 3,
    clustering: mean(lags.map((lag) => correlation(size.subarray(lag), size.subarray(0, -lag)))),
    leverage: correlation(r.subarray(0, -10), ahead),
    volumeVolatility: correlation(volume, size),
  };
}

/** In words. */
const names: Readonly<Record<keyof StylisedFacts, string>> = {
  kurtosis: "excess kurtosis of returns",
  clustering: "autocorrelation of |return|, mean of 1–10 bars",
  leverage: "leverage effect: return and later variance",
  volumeVolatility: "volume and |return|",
};

/**
 * Generates bars at the volatility of those that were fitted, many times, and lays what comes out beside them and beside
 * later ones that the generator has never seen: a certificate that says where it is like the market and where it is not.
 * As many bars are made as there are unseen ones, so that chance has the same part in both.
 *
 * @throws {RangeError} if there are fewer than 200 bars on either side
 */
export function certify(
  fitted: Candles,
  unseen: Candles,
  { method = "bootstrap", seeds = 20, seed = 1, block = 48 } = {},
): RealismRow[] {
  for (const { length } of [fitted, unseen]) {
    if (length >= 200) continue;
    throw new RangeError(`Cannot certify realism as at least 200 bars are needed on either side: there are ${length}`);
  }
  const generate = extremeVolatility({ method, block, factor: 1, bars: 0, spread: 1, earliest: 0, latest: 0 }, [
    fitted,
  ]);
  const costs = { transactionFee: 0, makerFee: 0, spread: 0, participation: 1 };
  const market = { assets: [unseen], length: unseen.length, costs };
  const made = Array.from({ length: seeds }, (_, i) => stylisedFacts(generate(market, rng(seed + i)).assets[0]));
  const [own, later] = [stylisedFacts(fitted), stylisedFacts(unseen)];
  return (Object.keys(names) as (keyof StylisedFacts)[]).map((key) => {
    const values = made.map((facts) => facts[key]);
    const [low, high] = [quantile(values, 0.05), quantile(values, 0.95)];
    return {
      fact: names[key],
      fitted: own[key],
      generated: quantile(values, 0.5),
      low,
      high,
      unseen: later[key],
      holds: later[key] >= low && later[key] <= high,
    };
  });
}
