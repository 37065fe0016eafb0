import { normal, type Rng } from "../base/random.ts";
import type { Setting } from "../base/setting.ts";
import { quantile } from "../base/stats.ts";
import { formatTimeframe } from "../base/time.ts";
import { episodes } from "./episodes.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";
import { reshape } from "./shape.ts";

/** What a replay can be tuned by. */
export const historicalReplaySettings = {
  episode: {
    default: "january_2018",
    choices: Object.keys(episodes),
    help: "what is replayed, as BTC/USD went hour by hour",
  },
  strength: { default: 1, min: -3, max: 3, help: "size of the moves, times the real ones; negative: the other way" },
  ...placing,
} satisfies Readonly<Record<string, Setting>>;

const HOUR = 3_600_000;

/** Bars of an episode: steps of the log price, and volume as a multiple of the usual. */
interface Bar {
  readonly gap: number;
  readonly body: number;
  readonly up: number;
  readonly down: number;
  readonly volume: number;
}

/**
 * A stretch of the past in the place of what really came: its moves follow each other as they did then, with their own
 * volume relative to what was usual. All assets get it. Bars longer than an hour take several hours together; of shorter
 * ones each hour opens, closes and reaches as far as it did, and the way it went in between is drawn.
 *
 * @throws {RangeError} if there is no such episode; when run, if an hour does not divide into whole bars
 */
export function historicalReplay(
  { episode = "january_2018", strength = 1, earliest = 0.2, latest = 0.6 } = {},
): Scenario {
  if (!Object.hasOwn(episodes, episode)) {
    throw new RangeError(
      `Cannot replay "${episode}" as it must be one of ${Object.keys(episodes).join(", ")}`,
    );
  }
  const hours = read(episodes[episode as keyof typeof episodes].bars);
  return (market, random) => {
    const { step } = market.assets[0];
    if (step < HOUR && HOUR % step !== 0) {
      throw new RangeError(
        `Cannot replay ${episode} as an hour must divide into whole bars: they are ${formatTimeframe(step)}`,
      );
    }
    const start = drawStart(market.length, earliest, latest, random);
    const bars = step < HOUR
      ? apart(hours, HOUR / step, market.length - start, random)
      : together(hours, Math.round(step / HOUR));
    const end = Math.min(market.length, start + bars.length);
    return reshape(market, start, (shape) => {
      const usual = quantile(shape.volume.subarray(0, start + 1), 0.5);
      for (let t = start; t < end; t++) {
        const { gap, body, up, down, volume } = bars[t - start];
        shape.gap[t] = strength * gap;
        shape.body[t] = strength * body;
        shape.up[t] = Math.abs(strength) * (strength < 0 ? down : up);
        shape.down[t] = Math.abs(strength) * (strength < 0 ? up : down);
        shape.volume[t] = volume * usual;
        shape.filled[t] = 0;
      }
    });
  };
}

function read(text: string): Bar[] {
  return text.split(",").map((row) => {
    const [gap, body, up, down, volume] = row.split(" ").map(Number);
    return { gap: gap / 1e5, body: body / 1e5, up: up / 1e5, down: down / 1e5, volume: volume / 100 };
  });
}

/** `n` bars in one, again and again; what is left over at the end makes a last, shorter one. */
function together(bars: readonly Bar[], n: number): readonly Bar[] {
  if (n <= 1) return bars;
  return Array.from({ length: Math.ceil(bars.length / n) }, (_, i) => {
    const group = bars.slice(i * n, (i + 1) * n);
    let [level, high, low, volume] = [0, -Infinity, Infinity, 0];
    for (const [j, bar] of group.entries()) {
      const open = level + (j > 0 ? bar.gap : 0); // from the group's own open
      level = open + bar.body;
      high = Math.max(high, Math.max(open, level) + bar.up);
      low = Math.min(low, Math.min(open, level) - bar.down);
      volume += bar.volume / group.length;
    }
    return { gap: group[0].gap, body: level, up: high - Math.max(0, level), down: Math.min(0, level) - low, volume };
  });
}

/**
 * Each bar as `n`, until there are `length` or more: a Brownian bridge from its open to its close, as wild as its range
 * says (Parkinson 1980, "The extreme value method"), held within its high and low, each of which one of them reaches.
 */
function apart(bars: readonly Bar[], n: number, length: number, random: Rng): Bar[] {
  const out: Bar[] = [];
  const levels = new Float64Array(n + 1); // of the log price, from the bar's open
  for (let i = 0; i < bars.length && out.length < length; i++) {
    const { gap, body, up, down, volume } = bars[i];
    const [high, low] = [Math.max(0, body) + up, Math.min(0, body) - down];
    const size = (high - low) / Math.sqrt(4 * Math.LN2 * n);
    for (let j = 1; j <= n; j++) levels[j] = levels[j - 1] + size * normal(random);
    const drift = (body - levels[n]) / n;
    for (let j = 1; j <= n; j++) levels[j] = Math.min(high, Math.max(low, levels[j] + j * drift));
    levels[n] = body;
    const [top, bottom] = [levels.indexOf(Math.max(...levels)), levels.indexOf(Math.min(...levels))];
    for (let j = 1; j <= n; j++) {
      const [open, close] = [levels[j - 1], levels[j]];
      const [above, below] = [Math.max(open, close), Math.min(open, close)];
      out.push({
        gap: j === 1 ? gap : 0,
        body: close - open,
        up: j === Math.max(1, top) ? high - above : Math.min(high - above, 0.5 * size * Math.abs(normal(random))),
        down: j === Math.max(1, bottom) ? below - low : Math.min(below - low, 0.5 * size * Math.abs(normal(random))),
        volume,
      });
    }
  }
  return out;
}
