import { assertEquals, assertThrows } from "@std/assert";
import { loadConfig } from "../../../lib/config/load.ts";
import { actionsOf, choiceNames, ppoOptionsOf, scaledRewards } from "../../../lib/pipeline/agent/options.ts";
import { boxActions, discreteActions } from "../../../lib/env/actions.ts";

const config = (...set: string[]) => loadConfig({ environment: {}, set }).config;

Deno.test("an agent's actions by settings: words, or exposures to choose from", () => {
  assertEquals(actionsOf(config(), 1), discreteActions(1));
  assertEquals(actionsOf(config("env.actions=flat_long", "env.dead_band=0"), 1), discreteActions(1, [[0], [1]], 0));
  assertEquals(actionsOf(config("env.actions=box", "backtest.leverage=2"), 2), boxActions(2, 2));
  assertEquals(actionsOf(config("env.actions=[-0.5, 0, 1]"), 1), discreteActions(1, [[-0.5], [0], [1]]));
  assertThrows(() => actionsOf(config("env.actions=0, 1"), 2), RangeError, "must then be discrete or box");
  assertThrows(() => actionsOf(config("env.actions=0, 2"), 1), RangeError, "must be at least 2");
  for (const wrong of ["up", "1", "0,,1", "0, x"]) {
    assertThrows(() => config(`env.actions=${wrong}`), RangeError, "two or more exposures");
  }
});

Deno.test("choices have names that people and metrics can tell apart", () => {
  assertEquals(choiceNames(discreteActions(1), ["A"]), ["short", "flat", "long"]);
  assertEquals(choiceNames(discreteActions(1, [[-0.5], [0.5]]), ["A"]), ["short 50 %", "long 50 %"]);
  assertEquals(choiceNames(discreteActions(2), ["A", "B"]), ["flat", "equal parts", "A", "B"]);
});

Deno.test("PPO's options are the settings, with what is empty left to the engine", () => {
  const { threads, backend, seed, gamma, trunk, ...rest } = ppoOptionsOf(config("agent.threads=none"), 9);
  assertEquals([threads, backend, seed, gamma, trunk], [undefined, undefined, 9, 0.9, "mlp"]);
  assertEquals("total_timesteps" in rest, false);
});

Deno.test("rewards are multiplied as they are paid, and only then", () => {
  const rewards = new Float64Array(2);
  const env = {
    step(actions: Float32Array) {
      rewards.set(actions);
      return { rewards };
    },
  };
  assertEquals([...scaledRewards(env, 100).step(Float32Array.of(1, -2)).rewards], [100, -200]);
  assertEquals(scaledRewards(env, 1), env);
});
