import { normal } from "../base/random.ts";
import type { Setting } from "../base/setting.ts";
import { std } from "../base/stats.ts";
import type { Scenario } from "./scenario.ts";
import { closeReturns, reshape } from "./shape.ts";

/** What a thin market can be tuned by. */
export const lowLiquiditySettings = {
  volume: { default: 0.02, min: 0, max: 1, help: "volume of every bar, times what it was" },
  spread: { default: 5, min: 1, max: 1000, help: "spread of every bar, times what it was" },
  noise: { default: 0.3, min: 0, max: 10, help: "bounce added to each close, deviations of a bar's return" },
  participation: { default: 0.01, min: 1e-6, max: 1, help: "largest share of a bar's volume that one order takes" },
} satisfies Readonly<Record<string, Setting>>;

/**
 * A market that nobody is in, all the time: little volume, of which an order gets a small share (so that large ones fill
 * in parts), a wide spread, and closes that bounce around where the price would have been.
 */
export function lowLiquidity({ volume = 0.02, spread = 5, noise = 0.3, participation = 0.01 } = {}): Scenario {
  return (market, random) => {
    const thin = reshape(market, 0, (shape) => {
      const returns = closeReturns(shape).filter((_, t) => shape.filled[t] === 0);
      const size = returns.length > 1 ? noise * std(returns) : 0;
      let before = 0;
      for (let t = 0; t < shape.body.length; t++) {
        shape.volume[t] *= volume;
        shape.spread[t] *= spread;
        const bounce = size * normal(random);
        if (shape.filled[t] !== 0) continue; // no trade, no bounce
        shape.body[t] += bounce - before;
        shape.up[t] += Math.abs(bounce) * random();
        shape.down[t] += Math.abs(bounce) * random();
        before = bounce;
      }
    });
    return { ...thin, costs: { ...market.costs, participation: Math.min(market.costs.participation, participation) } };
  };
}
