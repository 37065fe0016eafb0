import type { Setting } from "../base/setting.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";
import { reshape } from "./shape.ts";

/** What an outage can be tuned by. */
export const gapSettings = {
  bars: { default: 6, min: 1, max: 10_000, whole: true, help: "bars without trading" },
  jump: { default: 0.1, min: 0, max: 0.95, help: "move found when trading resumes, share of price" },
  direction: { default: "down", choices: ["down", "up", "either"], help: "where it jumps to" },
  spread: { default: 5, min: 1, max: 1000, help: "spread of the first bar after it, times what it was" },
  ...placing,
} satisfies Readonly<Record<string, Setting>>;

/**
 * The exchange stops: its bars are filled forward without volume, nothing trades on them, and the first one after it opens
 * where the world has gone meanwhile, and a jump further.
 */
export function gap(
  { bars = 6, jump = 0.1, direction = "down", spread = 5, earliest = 0.2, latest = 0.6 } = {},
): Scenario {
  return (market, random) => {
    const start = drawStart(market.length, earliest, latest, random);
    const end = Math.min(market.length, start + bars);
    const up = direction === "up" || (direction === "either" && random() < 0.5);
    return reshape(market, start, (shape) => {
      let missed = up ? Math.log1p(jump) : Math.log1p(-jump);
      for (let t = start; t < end; t++) {
        missed += shape.gap[t] + shape.body[t];
        shape.gap[t] =
          shape.body[t] =
          shape.up[t] =
          shape.down[t] =
          shape.volume[t] =
            0;
        shape.filled[t] = 1;
      }
      if (end === market.length) return; // it does not resume within these bars
      shape.gap[end] += missed;
      shape.spread[end] *= spread;
    });
  };
}
