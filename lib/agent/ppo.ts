import { rng } from "../base/random.ts";
import type { Env } from "../env/env.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { draw, newDrawn } from "./distributions.ts";
import { type StatName, statNames } from "./learn_step.ts";
import type { Net, NetState } from "./net.ts";
import { openNet } from "./open_net.ts";
import { explainedVariance, newEpisodes, newMeans } from "./ppo_log.ts";
import { checkOptions, ppoDefaults, type PpoOptions } from "./ppo_options.ts";
import { gae, newDealer, newRollout } from "./rollout.ts";

/** Called after each update with what Stable-Baselines3 would log. Answers "stop" to end the training there. */
export type OnUpdate = (metrics: Readonly<Record<string, number>>) => "stop" | void | Promise<"stop" | void>;

/** A training that can be stopped, saved and gone on with. */
export interface Ppo extends AsyncDisposable {
  readonly net: Net;
  readonly timesteps: number; // env steps so far, all rows together
  /**
   * Goes on until `total_timesteps` env steps were taken since the start of the training, rounded up to whole updates.
   *
   * @throws {Error} if a loss is not a number; this or any other error leaves the training as it was before that update
   */
  learn(total_timesteps: number, onUpdate?: OnUpdate): Promise<void>;
  /** Everything that changes: weights, optimizer, random numbers, episodes, the env. */
  saveState(): Uint8Array;
  /**
   * Goes on exactly from there.
   *
   * @throws {SyntaxError} if the bytes are no checkpoint
   * @throws {RangeError} if they are of another net or env
   */
  restoreState(saved: Uint8Array): void;
}

/**
 * Proximal policy optimisation (Schulman et al. 2017), as Stable-Baselines3 does it: rollouts of `n_steps` from all rows,
 * generalised advantage estimation, then `n_epochs` passes over shuffled minibatches with a clipped loss.
 *
 * With equal env, options and machine every number comes out the same.
 *
 * @throws {RangeError} if an option is impossible, before any work
 */
export async function openPpo(env: Env, given: Partial<PpoOptions> = {}): Promise<Ppo> {
  const options: PpoOptions = { ...ppoDefaults, ...given };
  checkOptions(env, options);
  const { n_steps, batch_size, n_epochs, gamma, gae_lambda, target_kl, seed } = options;
  const { rows, stateSize } = env;
  const net = await openNet(env, options);
  const policy = net.policy(env.table);
  const random = rng(seed + 2 ** 32); // apart from the seed's own numbers, which the net's weights are drawn from
  const rollout = newRollout(env, n_steps);
  const dealer = newDealer(rollout, batch_size, options.normalize_advantage);
  const drawn = newDrawn(env.actions, rows);
  const episodes = newEpisodes(rows, options.stats_window_size);
  const cut = { bars: new Int32Array(rows), state: new Float32Array(rows * stateSize) };
  let buffers = env.reset(seed);
  let [timesteps, updates] = [0, 0];

  async function collect() {
    const { bars, state, raw, logProbs, values, rewards, ended, bootstrap } = rollout;
    for (let step = 0; step < n_steps; step++) {
      const at = step * rows;
      const look = await policy.look(buffers.bars, buffers.state, n_steps - step);
      draw(env.actions, look.policy, random, drawn);
      bars.set(buffers.bars, at);
      state.set(buffers.state, at * stateSize);
      raw.set(drawn.raw, step * drawn.raw.length);
      logProbs.set(drawn.logProbs, at);
      values.set(look.value, at);
      buffers = env.step(drawn.actions);
      rewards.set(buffers.rewards, at);
      for (let row = 0; row < rows; row++) ended[at + row] = buffers.terminated[row] | buffers.truncated[row];
      bootstrap.fill(0, at, at + rows);
      if (buffers.truncated.includes(1)) await bootstrapCut(bootstrap.subarray(at, at + rows), n_steps - step);
      episodes.add(buffers);
    }
    timesteps += n_steps * rows;
    gae(rollout, (await policy.look(buffers.bars, buffers.state)).value, gamma, gae_lambda);
  }

  /** Writes what the rows that were cut off would have been worth: V of their last look. */
  async function bootstrapCut(into: Float32Array, ahead: number) {
    const { truncated, finalBars, finalState } = buffers;
    cut.bars.set(buffers.bars);
    cut.state.set(buffers.state);
    for (let row = 0; row < rows; row++) {
      if (!truncated[row]) continue;
      cut.bars[row] = finalBars[row];
      for (let i = row * stateSize; i < (row + 1) * stateSize; i++) cut.state[i] = finalState[i];
    }
    const { value } = await policy.look(cut.bars, cut.state, ahead);
    for (let row = 0; row < rows; row++) if (truncated[row]) into[row] = value[row];
  }

  async function update(learningRate: number): Promise<Record<StatName, number>> {
    const means = newMeans(statNames);
    for (let epoch = 0; epoch < n_epochs; epoch++) {
      const stats = await net.learn(env.table, dealer.deal(random), learningRate);
      means.add(stats);
      updates++;
      if (target_kl !== null && stats.approx_kl.at(-1)! > 1.5 * target_kl) break;
    }
    return means.result();
  }

  async function learn(total_timesteps: number, onUpdate: OnUpdate = () => {}) {
    if (!(total_timesteps >= 1)) {
      throw new RangeError(`Cannot train as total_timesteps must be at least 1: current value is ${total_timesteps}`);
    }
    const started = performance.now();
    const before = timesteps;
    while (timesteps < total_timesteps) {
      const good = { net: net.save(), random: random.state.slice(), env: env.save(), episodes: episodes.save() };
      const learningRate = options.learning_rate * (options.anneal_lr ? 1 - timesteps / total_timesteps : 1);
      const kept = [timesteps, updates];
      let stats: Record<StatName, number>;
      try {
        await collect();
        stats = await update(learningRate);
        checkFinite(stats, timesteps);
      } catch (error) {
        [timesteps, updates] = kept;
        restoreParts(good.net, good.random, good.env, good.episodes);
        throw error;
      }
      const seconds = (performance.now() - started) / 1000;
      const answer = await onUpdate({
        ...episodes.means(),
        "time/total_timesteps": timesteps,
        "time/fps": (timesteps - before) / seconds,
        "train/learning_rate": learningRate,
        "train/clip_range": options.clip_range,
        "train/n_updates": updates,
        "train/explained_variance": explainedVariance(rollout),
        ...Object.fromEntries(Object.entries(stats).map(([name, value]) => [`train/${name}`, value])),
      });
      if (answer === "stop") return;
    }
  }

  function checkFinite(stats: Record<StatName, number>, at: number) {
    if (Object.values(stats).every(Number.isFinite)) return;
    throw new Error(
      `Cannot go on training as the loss is not a number after ${at} steps (${
        Object.entries(stats).map(([name, value]) => `${name} ${value}`).join(", ")
      }): the state before that update is kept; NaN in features or rewards, or too large a learning_rate, does this`,
    );
  }

  function restoreParts(state: NetState, generator: Uint32Array, world: Uint8Array, counts: Float64Array) {
    net.load(state);
    random.state.set(generator);
    buffers = env.restore(world);
    episodes.restore(counts);
  }

  return {
    net,
    get timesteps() {
      return timesteps;
    },
    learn,
    saveState() {
      const { weights, first, second, steps } = net.save();
      const vectors = Object.entries({ weights, first, second }).flatMap(([kind, list]) =>
        list.map((vector, i) => [`${kind}${i}`, vector] as const)
      );
      return writeCheckpoint({
        numbers: { timesteps, updates, steps },
        arrays: {
          ...Object.fromEntries(vectors),
          random: random.state,
          episodes: episodes.save(),
          env: env.save(),
        },
      });
    },
    restoreState(saved) {
      const { numbers, arrays } = readCheckpoint(saved);
      const list = (kind: string) =>
        Object.keys(arrays).filter((name) => name.startsWith(kind)).map((name) => arrays[name] as Float32Array);
      restoreParts(
        { weights: list("weights"), first: list("first"), second: list("second"), steps: numbers.steps },
        arrays.random as Uint32Array,
        arrays.env as Uint8Array,
        arrays.episodes as Float64Array,
      );
      [timesteps, updates] = [numbers.timesteps, numbers.updates];
    },
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}
