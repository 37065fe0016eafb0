import type { PartialConfig } from "./schema.ts";

/** Starting points, by name; what a preset leaves out is the default. */
export const presets = {
  /** Minutes of patience: hourly bitcoin, few features. */
  quick: {
    features: { spec: "quick" },
    run: { seeds: 5 },
    env: { n_envs: 64, window_size: 24, reward_scale: 100 },
    ppo: { total_timesteps: 131_072, n_steps: 64, batch_size: 512, n_epochs: 4, anneal_lr: true, ent_coef: 0.01 },
    train: { eval_freq: 16_384 },
  },
  /** What a figure to be trusted takes: all indicators, five seeds. */
  full: {
    features: { spec: "core44" },
    run: { seeds: 5 },
    env: { n_envs: 64, window_size: 32, reward_scale: 100 },
    ppo: { total_timesteps: 2_097_152, n_steps: 64, batch_size: 1024, n_epochs: 4, anneal_lr: true, ent_coef: 0.01 },
    train: { eval_freq: 65_536 },
  },
} as const satisfies Record<string, PartialConfig>;

export type PresetName = keyof typeof presets;
