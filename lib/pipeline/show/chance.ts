import { backtest } from "../../backtest/mod.ts";
import type { Config } from "../../config/schema.ts";
import { randomLike } from "../../strategies/mod.ts";
import { type BacktestReport, optionsOf } from "../backtest.ts";

/**
 * How many of `draws` random strategies the backtest beat: each holds as many positions of the same sizes, sides and
 * lengths at other times, with the same costs. A permutation test of timing. Empty where nothing was held.
 *
 * @returns total returns of the random ones, ascending [draws]
 */
export function chanceReturns({ source, result }: BacktestReport, config: Config, draws = 99): Float64Array {
  if (!result.wanted.some((wish) => wish > 0 || wish < 0)) return new Float64Array(0);
  const options = optionsOf(config, source);
  return Float64Array.from({ length: draws }, (_, i) => {
    const { equity } = backtest(source.market, randomLike(result, { seed: config.run.seed + 1 + i }), options);
    return equity[equity.length - 1] / equity[0] - 1;
  }).sort();
}
