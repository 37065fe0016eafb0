import { below, normal, rng } from "../../../lib/base/random.ts";
import type { Env } from "../../../lib/env/env.ts";
import { envOf } from "./stepper.ts";

/**
 * Twenty bars ago a cue was shown, left or right; now the action that matches it pays 1. Before and after the cue there
 * is only noise. An episode is that one decision.
 */
export function delayedCue(rows = 64, window = 32, ago = 20, cues = 400): Env {
  const random = rng(98);
  const apart = window + ago; // no window has two cues
  const bars = (cues + 1) * apart;
  const table = Float32Array.from({ length: bars * 2 }, (_, i) => i % 2 ? normal(random) : 0);
  const side = Int32Array.from({ length: cues }, () => below(2, random));
  side.forEach((value, cue) => table[2 * (cue * apart + window)] = 2 * value - 1);
  const current = new Int32Array(rows);
  return envOf({
    rows,
    window,
    features: 2,
    table,
    stateSize: 0,
    actions: { kind: "discrete", n: 2 },
    memory: [current],
    restart: (row, draw) => void (current[row] = below(cues, draw)),
    move: (row, actions) => ({
      reward: Number(actions[row] === side[current[row]]),
      terminated: true,
      truncated: false,
    }),
    look: (row, out) => void (out.bars[row] = current[row] * apart + window + ago),
  });
}
