import { type Rng, rng } from "../../../lib/base/random.ts";
import type { Env, StepBuffers } from "../../../lib/env/env.ts";
import { normal } from "../../../lib/base/random.ts";
import { pack, unpack } from "../../../lib/env/saved.ts";

export interface PeersTask {
  readonly rows: number;
  readonly window: number;
  readonly features: number;
  readonly bars: number; // T
  readonly signal: number; // how much of the next return the first feature says
}

/**
 * The windowed market that PPO implementations are compared on: features are noise (the first one says `signal` of the
 * next return), actions are short, flat and long, a step pays 100 × (position × return - 1 bp of what changed), episodes
 * of 256 bars start anywhere and end terminated. A row also sees its position and its profit so far.
 */
export function peersTask({ rows, window, features, bars, signal }: PeersTask): Env {
  const draw = rng(0);
  const table = Float32Array.from({ length: bars * features }, () => normal(draw));
  const returns = Float32Array.from(
    { length: bars },
    (_, t) => 0.01 * normal(draw) + (t > 0 ? signal * table[(t - 1) * features] : 0),
  );
  const random: Rng = rng(0);
  const left = new Int32Array(rows);
  const profit = new Float64Array(rows);
  const out = {
    bars: new Int32Array(rows),
    state: new Float32Array(rows * 2),
    rewards: new Float64Array(rows),
    terminated: new Uint8Array(rows),
    truncated: new Uint8Array(rows),
    finalBars: new Int32Array(rows),
    finalState: new Float32Array(rows * 2),
  } satisfies StepBuffers;
  const restart = (row: number) => {
    out.bars[row] = window + Math.floor(random() * (bars - 300 - window));
    left[row] = 256;
    profit[row] = out.state[2 * row] = out.state[2 * row + 1] = 0;
  };
  const changing = [random.state, left, profit, out.bars, out.state];
  return {
    rows,
    window,
    features,
    stateSize: 2,
    table,
    actions: { kind: "discrete", n: 3 },
    reset(seed) {
      random.state.set(rng(seed).state);
      for (let row = 0; row < rows; row++) restart(row);
      return out;
    },
    step(actions) {
      for (let row = 0; row < rows; row++) {
        const position = actions[row] - 1;
        const t = ++out.bars[row];
        const reward = 100 * (position * returns[t] - 1e-4 * Math.abs(position - out.state[2 * row]));
        profit[row] += reward;
        out.rewards[row] = reward;
        out.state[2 * row] = position;
        out.state[2 * row + 1] = profit[row];
        out.terminated[row] = 0;
        if (--left[row] > 0) continue;
        out.terminated[row] = 1;
        out.finalBars[row] = t;
        out.finalState[2 * row] = position;
        out.finalState[2 * row + 1] = profit[row];
        restart(row);
      }
      return out;
    },
    save: () => pack(changing),
    restore(saved) {
      unpack(saved, changing);
      out.terminated.fill(0);
      return out;
    },
  };
}
