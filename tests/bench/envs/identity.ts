import { below, rng } from "../../../lib/base/random.ts";
import type { Env } from "../../../lib/env/env.ts";
import { envOf } from "./stepper.ts";

/**
 * Each bar shows which of three actions pays now, one hot; the right one pays 1. Nothing need be remembered, but the
 * newest of the window's bars must be told from the others.
 */
export function identity(rows = 8, window = 4, bars = 500): Env {
  const random = rng(99);
  const table = new Float32Array(bars * 3);
  const right = Int32Array.from({ length: bars }, () => below(3, random));
  right.forEach((choice, t) => table[3 * t + choice] = 1);
  const at = new Int32Array(rows);
  const left = new Int32Array(rows);
  return envOf({
    rows,
    window,
    features: 3,
    table,
    stateSize: 0,
    actions: { kind: "discrete", n: 3 },
    memory: [at, left],
    restart(row, draw) {
      at[row] = window - 1 + below(bars - window - 50, draw);
      left[row] = 50;
    },
    move(row, actions) {
      const reward = Number(actions[row] === right[at[row]]);
      at[row]++;
      return { reward, terminated: --left[row] === 0, truncated: false };
    },
    look: (row, out) => void (out.bars[row] = at[row]),
  });
}
