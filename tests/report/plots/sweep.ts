import { normal, rng } from "../../../lib/base/random.ts";
import type { Searched, SweepTrial } from "../../../lib/report/plots/mod.ts";

/** What a small sweep searched: a log, a whole number, a choice with an empty word, and what depends on it. */
export const searched: Readonly<Record<string, Searched>> = {
  "ppo.learning_rate": { kind: "float", min: 1e-5, max: 1e-1, log: true },
  "ppo.gamma": { kind: "float", min: 0.8, max: 0.999, log: false },
  "agent.net_arch.width": { kind: "int", min: 16, max: 256, log: true },
  "agent.trunk": { kind: "choice", values: ["mlp", "lstm", "transformer"] },
  "agent.lstm_hidden_size": { kind: "int", min: 16, max: 128, log: true },
  "risk.rules": { kind: "choice", values: ["", "volatility_target(0.3)", "trailing_stop(atr=3)"] },
};
export const rungs = [5000, 15_000, 45_000, 131_072];

/** A sweep of so many trials: a third goes on at each rung; some fail, the last still runs. */
export function sweepOf(count: number, spread = 1): SweepTrial[] {
  const random = rng(7);
  return Array.from({ length: count }, (_, trial): SweepTrial => {
    const rate = 10 ** (-5 + 4 * random());
    const trunk = (["mlp", "lstm", "transformer"] as const)[Math.floor(3 * random())];
    const params = {
      "ppo.learning_rate": rate,
      "ppo.gamma": 0.8 + 0.199 * random(),
      "agent.net_arch.width": Math.round(16 * 16 ** random()),
      "agent.trunk": trunk,
      ...(trunk === "lstm" ? { "agent.lstm_hidden_size": Math.round(16 * 8 ** random()) } : {}),
      "risk.rules": ["", "volatility_target(0.3)", "trailing_stop(atr=3)"][Math.floor(3 * random())],
    };
    const end = spread *
      (0.6 - 0.4 * (Math.log10(rate) + 3.3) ** 2 + 0.2 * Number(trunk === "lstm") + 0.25 * normal(random));
    const reached = end > 0.35 * spread || trial === 0 ? 4 : end > -0.2 * spread ? 2 : 1;
    if (trial % 17 === 5) return { trial, state: "failed", value: null, params, reports: [] };
    const reports = rungs.slice(0, reached).map((step, r) => ({
      step,
      value: end * (r + 1) / 4 - 0.2 * spread * (3 - r) / 4 + 0.05 * spread * normal(random),
    }));
    const state = trial === count - 1 && count > 2 ? "running" : reached === 4 ? "finished" : "pruned";
    return { trial, state, value: reports[reports.length - 1].value, params, reports };
  });
}
