import { choice, float, int, log, logInt, type Space, when } from "./space.ts";

const quick = {
  "ppo.learning_rate": log(1e-4, 1e-2),
  "ppo.batch_size": choice(256, 512, 1024), // divides n_steps × n_envs, 64 × 64
  "ppo.gamma": float(0.5, 0.99),
  "ppo.gae_lambda": float(0.7, 1),
  "ppo.clip_range": float(0.1, 0.4),
  "ppo.ent_coef": log(1e-4, 0.1),
  "agent.net_arch.depth": int(1, 2), // layers, each as wide
  "agent.net_arch.width": logInt(16, 128),
  "env.window_size": int(8, 32, 8),
} as const satisfies Space;

/** What is searched in a preset, unless `--space` says otherwise. Names are settings, and what `settingsOf` makes of them. */
export const spaces: Readonly<Record<string, Space>> = {
  /** The network of a preset as it is, and what most decides whether it learns. */
  quick,
  /** The kind of network too, what it sees, what it is paid for, and what watches over it. */
  full: {
    ...quick,
    "ppo.n_epochs": int(2, 10),
    "agent.net_arch.width": logInt(16, 256),
    "agent.trunk": choice("mlp", "lstm", "transformer"),
    "agent.lstm_hidden_size": when("agent.trunk", "lstm", logInt(16, 128)),
    "agent.d_model": when("agent.trunk", "transformer", choice(16, 32)), // 64 over long windows takes gigabytes
    "agent.n_layers": when("agent.trunk", "transformer", int(1, 2)),
    "env.window_size": int(8, 48, 8),
    "env.reward": choice("log_return", "differential_sharpe", "drawdown_penalised"),
    "features.spec": choice("quick", "bars", "core44"),
    "risk.rules": choice("", "volatility_target(0.3)", "trailing_stop(atr=3)", "limit_drawdown(0.2)"),
  },
};

/** Whether a setting can change in the middle of a training: what shapes the network or what it sees cannot. */
export function changesWhileTraining(name: string): boolean {
  return [
    ...["learning_rate", "gamma", "gae_lambda", "clip_range", "clip_range_vf", "ent_coef", "vf_coef", "max_grad_norm"],
    ...["target_kl", "n_epochs"],
  ].some((key) => name === `ppo.${key}`);
}
