import type { Setting } from "../base/setting.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";
import { reshape } from "./shape.ts";

/** What a flash crash can be tuned by. */
export const flashCrashSettings = {
  depth: { default: 0.3, min: 0, max: 0.95, help: "fall beside what the bars did anyway, share of price" },
  bars: { default: 3, min: 1, max: 1000, whole: true, help: "bars from top to bottom" },
  recovery: { default: 0.5, min: 0, max: 1, help: "share of the fall that comes back" },
  recovery_bars: { default: 24, min: 1, max: 10_000, whole: true, help: "bars until it has come back" },
  volume: { default: 6, min: 0, max: 1000, help: "volume at the bottom, times what it was" },
  spread: { default: 10, min: 0, max: 1000, help: "spread at the bottom, times what it was" },
  ...placing,
} satisfies Readonly<Record<string, Setting>>;

/**
 * All assets fall together within a few bars and win a part of it back, first quickly, then slowly. How the fall divides
 * over its bars is drawn; its depth is not. Volume and spread jump with the first bar and calm down with the recovery.
 */
export function flashCrash(
  {
    depth = 0.3,
    bars = 3,
    recovery = 0.5,
    recovery_bars: recoveryBars = 24,
    volume = 6,
    spread = 10,
    earliest = 0.2,
    latest = 0.6,
  } = {},
): Scenario {
  const bottom = Math.log1p(-depth);
  return (market, random) => {
    const start = drawStart(market.length, earliest, latest, random);
    const falls = Float64Array.from({ length: bars }, () => -Math.log(1 - random())); // exponential: a few bars take most
    const all = falls.reduce((sum, fall) => sum + fall, 0);
    const wicks = Float64Array.from({ length: bars }, random);
    return reshape(market, start, (shape) => {
      for (let i = 0; i < bars && start + i < market.length; i++) {
        const t = start + i;
        const step = bottom * falls[i] / all;
        shape.body[t] += step;
        shape.down[t] += -0.5 * step * wicks[i]; // the low is below the close: some sold there
        shape.volume[t] *= volume;
        shape.spread[t] *= spread;
      }
      let level = bottom;
      for (let i = 1; i <= recoveryBars && start + bars + i - 1 < market.length; i++) {
        const t = start + bars + i - 1;
        const share = (1 - Math.exp(-3 * i / recoveryBars)) / (1 - Math.exp(-3));
        const next = Math.log1p(-depth * (1 - recovery * share));
        shape.body[t] += next - level;
        level = next;
        const calm = 1 - share;
        shape.volume[t] *= 1 + (volume - 1) * calm;
        shape.spread[t] *= 1 + (spread - 1) * calm;
      }
    });
  };
}
