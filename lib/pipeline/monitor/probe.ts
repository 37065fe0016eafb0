import { openPpo, type Ppo } from "../../agent/ppo.ts";
import type { Config } from "../../config/schema.ts";
import { marketEnv } from "../../env/market_env.ts";
import { fitScaler, scale } from "../../features/scale.ts";
import { agentFeatures } from "../agent/features.ts";
import { actionsOf, ppoOptionsOf, scaledRewards, trainingEnvOf } from "../agent/options.ts";
import { loadMarket } from "../market.ts";
import { specsOf } from "../specs.ts";
import { partClock } from "./parts.ts";

/** Sizes that speed hangs on; those left out are the settings'. */
export interface ProbeSizes {
  readonly rows?: number; // env.n_envs
  readonly batch?: number; // ppo.batch_size
  readonly threads?: number; // agent.threads
}

/** What a probe is asked for: nothing is measured in 0 seconds, but all is made ready. */
export interface ProbeJob {
  readonly config: Config;
  readonly sizes: ProbeSizes;
  readonly seconds: number;
}

/** What a probe measured. */
export interface ProbeResult {
  readonly steps: number; // env steps, of whole updates
  readonly seconds: number; // that they took
  readonly parts: Readonly<Record<string, number>>; // seconds by part of the work
}

/** Does what a trial does, for as long as is asked, and says how much it got done. */
export interface Probe extends AsyncDisposable {
  run(job: ProbeJob): Promise<ProbeResult>;
}

const UPDATE = 4096; // env steps of an update that is measured, or a batch if that is more

/** Settings with other sizes, and updates short enough to be measured in a second. */
export function withSizes(config: Config, { rows, batch, threads }: ProbeSizes): Config {
  const n_envs = rows ?? config.env.n_envs;
  const batch_size = batch ?? config.ppo.batch_size;
  const buffer = Math.max(UPDATE, batch_size);
  const short = Math.max(1, Math.round(buffer / n_envs));
  const n_steps = (short * n_envs) % batch_size === 0 ? short : config.ppo.n_steps;
  return {
    ...config,
    env: { ...config.env, n_envs },
    ppo: { ...config.ppo, batch_size, n_steps },
    agent: { ...config.agent, threads: threads ?? config.agent.threads },
  };
}

/** Opens a probe. Candles and features are read once; the last training stays open for when it is asked for again. */
export function openProbe(): Probe {
  let ready: { readonly key: string; readonly world: ReturnType<typeof worldOf> } | undefined;
  let open: { readonly key: string; readonly ppo: Ppo; readonly parts: Record<string, number> } | undefined;

  async function trainingOf(config: Config) {
    const key = JSON.stringify(config);
    if (open?.key === key) return open;
    await open?.ppo[Symbol.asyncDispose]();
    open = undefined;
    const { data, features, split, env: { window_size } } = config;
    const about = JSON.stringify({ data, features, split, window_size });
    if (ready?.key !== about) ready = { key: about, world: worldOf(config) };
    const { source, scaled, actions } = await ready.world;
    const parts: Record<string, number> = {};
    const clock = partClock((part, ms) => parts[part] = (parts[part] ?? 0) + ms / 1000);
    const env = marketEnv(source.market, scaled, trainingEnvOf(config, actions, source.split.train));
    const ppo = await openPpo(
      clock.env(scaledRewards(env, config.env.reward_scale)),
      ppoOptionsOf(config, config.run.seed),
    );
    clock.watch(ppo);
    open = { key, ppo, parts };
    await ppo.learn(1); // compiles
    const learn = ppo.learn.bind(ppo);
    ppo.learn = (steps, onUpdate) => {
      clock.lap();
      for (const part of Object.keys(parts)) delete parts[part];
      return learn(steps, (metrics) => {
        clock.lap();
        return onUpdate?.(metrics);
      });
    };
    return open;
  }

  return {
    async run({ config, sizes, seconds }) {
      const { ppo, parts } = await trainingOf(withSizes(config, sizes));
      if (seconds === 0) return { steps: 0, seconds: 0, parts: {} };
      const [from, began] = [ppo.timesteps, performance.now()];
      const spent = () => (performance.now() - began) / 1000;
      await ppo.learn(1e15, () => spent() >= seconds ? "stop" : undefined);
      return { steps: ppo.timesteps - from, seconds: spent(), parts: { ...parts } };
    },
    async [Symbol.asyncDispose]() {
      await open?.ppo[Symbol.asyncDispose]();
    },
  };
}

async function worldOf(config: Config) {
  const source = await loadMarket(config);
  const { market, split } = source;
  const specs = specsOf(config, source);
  const { matrix } = await agentFeatures(market, specs);
  const scaler = fitScaler(matrix, Math.max(split.train.from, matrix.warmup), split.train.to, {
    kind: config.features.scaler,
  });
  return { source, scaled: scale(matrix, scaler), actions: actionsOf(config, market.assets.length) };
}
