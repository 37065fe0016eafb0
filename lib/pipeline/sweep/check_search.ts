import { checkOptions, ppoDefaults } from "../../agent/ppo_options.ts";
import type { Config } from "../../config/schema.ts";
import { openReward } from "../../env/reward.ts";
import { featureSpecs } from "../../features/sets.ts";
import { drawEach, fromUnit, type Parameter, type Space, type Value } from "../../hyperopt/space.ts";
import type { Params, TrialJob } from "../../hyperopt/trial.ts";
import { parseRules } from "../../risk/mod.ts";
import { ppoOptionsOf } from "../agent/options.ts";
import { configOf } from "./trial.ts";

/**
 * Finds what no trial could be made of, before there is one: every parameter is tried at both its ends, or at each of its
 * choices, the others in their middle. What only some combinations cannot do shows in trials that fail.
 *
 * @param columns further columns of the candles, which features may name
 * @throws {RangeError} that names the parameter, and the value that cannot be used
 */
export function checkSearch(space: Space, config: TrialJob["config"], columns: readonly string[]): void {
  const seen = new Set<string>(); // reading features takes longer than all else
  for (const [name, parameter] of Object.entries(space)) {
    for (const value of endsOf(parameter)) {
      try {
        const one = configOf({ config, params: paramsWith(space, name, value) });
        if (!seen.has(one.features.spec)) featureSpecs(one.features.spec, { columns });
        seen.add(one.features.spec);
        checkAgent(one, space);
      } catch (error) {
        if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
        if (error.message.startsWith(`Cannot search "${name}"`)) throw error;
        const why = error.message.replace(" (--set)", "");
        throw new RangeError(`Cannot search "${name}" with ${JSON.stringify(value)} in it: ${why}`, { cause: error });
      }
    }
  }
}

/** Settings that are text for the configuration, and mean something to who trains by them. */
function checkAgent(config: Config, space: Space): void {
  const { risk, env: { n_envs, reward, reward_parameter } } = config;
  parseRules(risk.rules);
  openReward(reward, 1, reward_parameter ?? undefined);
  const free = ["ppo.n_steps", "env.n_envs"].some((name) => Object.hasOwn(space, name)); // what batch_size divides
  if (!free) checkOptions({ rows: n_envs }, { ...ppoDefaults, ...ppoOptionsOf(config, 0) });
}

const endsOf = (parameter: Parameter): readonly Value[] =>
  parameter.kind === "choice" ? parameter.values : [...new Set([parameter.min, parameter.max])];

/** Parameters with `value` for `name`, those that it depends on so that it is there, all others in their middle. */
function paramsWith(space: Space, name: string, value: Value): Params {
  const fixed = new Map([[name, value]]);
  for (let { only } = space[name]; only !== undefined; { only } = space[only.of]) fixed.set(only.of, only.is[0]);
  return drawEach(space, (one, parameter) => fixed.get(one) ?? fromUnit(parameter, 0.5));
}
