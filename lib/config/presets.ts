import type { PartialConfig } from "./schema.ts";

/**
 * What PPO needs to learn from hourly candles: many short rollouts, and rewards that count for ten bars or so. What
 * comes later is noise that it would have to learn away (the returns on the validation part were highest so).
 */
const trading = { n_steps: 64, n_epochs: 4, anneal_lr: true, gamma: 0.9, ent_coef: 0.01 } as const;

/** Starting points, by name; what a preset leaves out is the default. */
export const presets = {
  /** Half a minute of training: hourly bitcoin, few features. */
  quick: {
    features: { spec: "quick" },
    run: { seeds: 5 },
    env: { n_envs: 64, window_size: 24, reward_scale: 100 },
    ppo: { ...trading, total_timesteps: 131_072, batch_size: 512 },
    agent: { threads: 1 }, // as fast as two with so small a network, and the same numbers whatever the cores
    train: { eval_freq: 16_384 },
    tune: { timesteps: 65_536 }, // half a training says who is better; half a minute a trial that is not given up
  },
  /** What a figure to be trusted takes: all indicators, five seeds. */
  full: {
    features: { spec: "core44" },
    run: { seeds: 5 },
    env: { n_envs: 64, window_size: 32, reward_scale: 100 },
    ppo: { ...trading, total_timesteps: 1_048_576, batch_size: 1024 },
    train: { eval_freq: 65_536 },
    tune: { timesteps: 262_144 },
  },
} as const satisfies Record<string, PartialConfig>;

export type PresetName = keyof typeof presets;
