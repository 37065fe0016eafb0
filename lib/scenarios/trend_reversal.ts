import type { Setting } from "../base/setting.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";
import { reshape } from "./shape.ts";

/** What a reversal can be tuned by. */
export const trendReversalSettings = {
  bars: { default: 0, min: 0, max: 1_000_000, whole: true, help: "bars that are turned over; 0: all from there on" },
  strength: { default: 1, min: 0, max: 3, help: "size of the opposite moves, times the real ones" },
  ...placing,
} satisfies Readonly<Record<string, Setting>>;

/** From some bar on every move goes the other way: what rose falls, highs become lows. Sizes and clusters stay. */
export function trendReversal({ bars = 0, strength = 1, earliest = 0.2, latest = 0.6 } = {}): Scenario {
  return (market, random) => {
    const start = drawStart(market.length, earliest, latest, random);
    const end = bars === 0 ? market.length : Math.min(market.length, start + bars);
    return reshape(market, start, (shape) => {
      for (let t = start; t < end; t++) {
        const up = shape.up[t];
        shape.gap[t] *= -strength;
        shape.body[t] *= -strength;
        shape.up[t] = strength * shape.down[t];
        shape.down[t] = strength * up;
      }
    });
  };
}
