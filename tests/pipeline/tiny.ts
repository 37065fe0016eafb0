import { join } from "node:path";
import { normal, rng } from "../../lib/base/random.ts";
import { loadConfig, type LoadedConfig } from "../../lib/config/load.ts";
import { writeCandles } from "../../lib/data/frames.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { newCandles } from "../../lib/market/candles.ts";

/** Settings of a training that takes a fraction of a second. */
export const tinySettings: readonly string[] = [
  "features.spec=$close/logreturn, rsi(7), my_signal",
  "split.embargo=5",
  "run.seeds=1",
  "run.track=false",
  "env.n_envs=4",
  "env.window_size=4",
  "env.episode_bars=50",
  "ppo.total_timesteps=512",
  "ppo.n_steps=16",
  "ppo.batch_size=32",
  "ppo.n_epochs=2",
  "ppo.anneal_lr=false",
  "agent.net_arch=8",
  "agent.threads=1",
  "train.eval_freq=128",
  "train.model=",
];

/** Writes hourly candles, whose column `my_signal` is noise; from bar `from` on the market is another one. */
export async function writeTiny(
  folder: string,
  { name = "tiny", bars = 900, seed = 1, from = 1e9, step = 3_600_000 } = {},
): Promise<string> {
  const candles = synthetic(bars, rng(seed), { step });
  const random = rng(seed + 100);
  const my_signal = Float64Array.from({ length: bars }, () => normal(random));
  const other = synthetic(bars, rng(seed + 50), { step });
  for (const column of ["$open", "$high", "$low", "$close", "$volume"] as const) {
    if (from < bars) candles[column].set(other[column].subarray(from), from);
  }
  const path = join(folder, `${name}.csv`);
  await writeCandles(path, newCandles({ ...candles, extra: { my_signal } }));
  return path;
}

/** Those settings, over candles at `path`. */
export function tiny(path: string, set: readonly string[] = []): LoadedConfig {
  return loadConfig({ environment: {}, set: [...tinySettings, `data.input=${path}`, ...set] });
}

/** A folder that is gone after the work. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "candelabra-test-" });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
