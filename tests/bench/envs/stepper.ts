import { type Rng, rng } from "../../../lib/base/random.ts";
import { pack, unpack } from "../../../lib/env/saved.ts";
import type { ActionSpace, Env, StepBuffers } from "../../../lib/env/env.ts";

/** One small world for R rows: what an env of these benches must say about itself. */
export interface World {
  readonly rows: number;
  readonly window?: number;
  readonly features?: number;
  readonly table?: Float32Array;
  readonly stateSize: number;
  readonly actions: ActionSpace;
  /** Arrays that change, beside the buffers. */
  readonly memory: readonly ArrayBufferView[];
  /** Puts a row at the start of an episode. */
  restart(row: number, random: Rng): void;
  /** Moves a row: its reward, and whether that ended it. */
  move(row: number, actions: Float32Array, random: Rng): { reward: number; terminated: boolean; truncated: boolean };
  /** Writes what a row sees. */
  look(row: number, out: { bars: Int32Array; state: Float32Array }): void;
}

/** The env of a world: restarts finished rows, keeps last looks, saves and restores. */
export function envOf(world: World): Env {
  const { rows, stateSize, window = 0, features = 0, table = new Float32Array(0) } = world;
  const random = rng(0);
  const out = {
    bars: new Int32Array(rows),
    state: new Float32Array(rows * stateSize),
    rewards: new Float64Array(rows),
    terminated: new Uint8Array(rows),
    truncated: new Uint8Array(rows),
    finalBars: new Int32Array(rows),
    finalState: new Float32Array(rows * stateSize),
  } satisfies StepBuffers;
  const changing = [random.state, out.bars, out.state, ...world.memory];
  const quiet = () => {
    out.rewards.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    return out;
  };
  return {
    rows,
    window,
    features,
    stateSize,
    table,
    actions: world.actions,
    reset(seed) {
      random.state.set(rng(seed).state);
      for (let row = 0; row < rows; row++) {
        world.restart(row, random);
        world.look(row, out);
      }
      return quiet();
    },
    step(actions) {
      for (let row = 0; row < rows; row++) {
        const { reward, terminated, truncated } = world.move(row, actions, random);
        out.rewards[row] = reward;
        out.terminated[row] = Number(terminated);
        out.truncated[row] = Number(truncated && !terminated);
        world.look(row, out);
        if (!terminated && !truncated) continue;
        out.finalBars[row] = out.bars[row];
        for (let i = row * stateSize; i < (row + 1) * stateSize; i++) out.finalState[i] = out.state[i];
        world.restart(row, random);
        world.look(row, out);
      }
      return out;
    },
    save: () => pack(changing),
    restore(saved) {
      unpack(saved, changing);
      return quiet();
    },
  };
}
