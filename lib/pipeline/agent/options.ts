import type { PpoOptions } from "../../agent/ppo_options.ts";
import type { Config } from "../../config/schema.ts";
import { type ActionMeaning, boxActions, discreteActions } from "../../env/actions.ts";
import type { MarketEnvOptions } from "../../env/market_env.ts";
import { openReward } from "../../env/reward.ts";
import type { BarRange } from "../../market/split.ts";
import { parseRules, type RiskRule } from "../../risk/mod.ts";

/** Options of PPO by settings, for one seed. */
export function ppoOptionsOf({ ppo, agent }: Config, seed: number): PpoOptions {
  const { total_timesteps: _, ...options } = ppo;
  const { backend, threads, ...net } = agent;
  return { ...options, ...net, backend: backend || undefined, threads: threads ?? undefined, seed };
}

/**
 * What an agent's actions mean, by settings.
 *
 * @param assets K
 * @throws {RangeError} if exposures to choose from are given for several assets, or are above the leverage allowed
 */
export function actionsOf(
  { env: { actions, dead_band }, backtest: { leverage } }: Config,
  assets: number,
): ActionMeaning {
  if (actions === "discrete") return discreteActions(assets, undefined, dead_band);
  if (actions === "box") return boxActions(assets, leverage, dead_band);
  if (actions === "flat_long") {
    return assets === 1 ? discreteActions(1, [[0], [1]], dead_band) : discreteActions(assets, undefined, dead_band);
  }
  if (assets > 1) {
    throw new RangeError(
      `Cannot choose between exposures of ${assets} assets as "env.actions" must then be discrete or box: ` +
        `current value is ${actions}`,
    );
  }
  const meaning = discreteActions(1, actions.split(",").map((exposure) => [Number(exposure)]), dead_band);
  if (meaning.leverage > leverage) {
    throw new RangeError(
      `Cannot choose exposures of ${actions} as "backtest.leverage" must be at least ${meaning.leverage} for them: ` +
        `current value is ${leverage}`,
    );
  }
  return meaning;
}

/** Names of an agent's choices, for people: `short`, `flat`, `long`, or the exposure. A box has none. */
export function choiceNames({ choices, assets }: ActionMeaning, symbols: readonly string[]): string[] {
  const share = (weight: number) => `${weight < 0 ? "short" : "long"} ${Number((100 * Math.abs(weight)).toFixed(1))} %`;
  return choices.map((weights) => {
    const active = weights.flatMap((weight, k) => weight === 0 ? [] : [k]);
    if (active.length === 0) return "flat";
    if (assets === 1) return weights[0] === 1 ? "long" : weights[0] === -1 ? "short" : share(weights[0]);
    if (active.length === 1 && weights[active[0]] === 1) return symbols[active[0]];
    return active.length === assets && weights.every((weight) => weight === weights[0])
      ? "equal parts"
      : active.map((k) => `${symbols[k]} ${share(weights[k])}`).join(", ");
  });
}

/** Risk rules that an agent is trained and tried under, by settings, in the order they act. */
export const agentRules = ({ risk: { rules } }: Config): RiskRule[] => parseRules(rules).map(({ rule }) => rule);

/** Options of the env that an agent is trained in, by settings. */
export function trainingEnvOf(config: Config, actions: ActionMeaning, { from, to }: BarRange): MarketEnvOptions {
  const { n_envs, window_size, episode_bars, random_start, reward, reward_parameter } = config.env;
  return {
    rows: n_envs,
    bars: episode_bars,
    window: window_size,
    from,
    to,
    randomStart: random_start,
    cash: config.backtest.cash,
    margin: { leverage: config.backtest.leverage },
    actions,
    risk: agentRules(config),
    reward: openReward(reward, n_envs, reward_parameter ?? undefined),
  };
}

/** An env whose rewards are multiplied by `scale` as they are paid. */
export function scaledRewards<E extends { step(actions: Float32Array): { readonly rewards: Float64Array } }>(
  env: E,
  scale: number,
): E {
  if (scale === 1) return env;
  return {
    ...env,
    step(actions) {
      const out = env.step(actions);
      for (let row = 0; row < out.rewards.length; row++) out.rewards[row] *= scale;
      return out;
    },
  };
}
