import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { gae, newDealer, newRollout } from "../../lib/agent/rollout.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { cartPole } from "../bench/envs/cart_pole.ts";

const env = { ...cartPole(3), stateSize: 2 };

/** A rollout of made-up numbers: row 0 runs on, row 1 terminates at step 2, row 2 is cut off at step 1. */
function madeUp(steps = 5) {
  const random = rng(4);
  const rollout = newRollout(env, steps);
  for (const name of ["values", "rewards", "logProbs", "state", "raw"] as const) {
    rollout[name].forEach((_, i) => rollout[name][i] = normal(random));
  }
  rollout.bars.forEach((_, i) => rollout.bars[i] = i);
  rollout.ended[2 * 3 + 1] = 1;
  rollout.ended[1 * 3 + 2] = 1;
  rollout.bootstrap[1 * 3 + 2] = 0.7;
  return rollout;
}

Deno.test("advantages are the discounted sum of temporal differences, written out", () => {
  const [gamma, lambda] = [0.9, 0.8];
  const rollout = madeUp();
  const last = Float32Array.of(0.3, -0.2, 0.5);
  gae(rollout, last, gamma, lambda);
  const { steps, rows, values, rewards, ended, bootstrap } = rollout;
  for (let row = 0; row < rows; row++) {
    for (let s = 0; s < steps; s++) {
      let [expected, weight] = [0, 1];
      for (let k = s; k < steps; k++) { // Schulman 2016, eq. 16: the sum of (gamma lambda)^(k - s) delta_k
        const i = k * rows + row;
        const next = ended[i] ? bootstrap[i] : k + 1 < steps ? values[i + rows] : last[row];
        expected += weight * (rewards[i] + gamma * next - values[i]);
        if (ended[i]) break;
        weight *= gamma * lambda;
      }
      assertAlmostEquals(rollout.advantages[s * rows + row], expected, 1e-5);
      assertAlmostEquals(rollout.returns[s * rows + row], expected + values[s * rows + row], 1e-5);
    }
  }
});

Deno.test("with lambda 1 a return is the discounted rewards and what lies beyond: nothing if terminated, V if cut off", () => {
  const rollout = madeUp();
  gae(rollout, Float32Array.of(10, 10, 10), 0.5, 1);
  const { rewards } = rollout;
  assertAlmostEquals(rollout.returns[0 + 1], rewards[1] + 0.5 * rewards[4] + 0.25 * rewards[7], 1e-5);
  assertAlmostEquals(rollout.returns[0 + 2], rewards[2] + 0.5 * rewards[5] + 0.25 * 0.7, 1e-5);
  assertAlmostEquals(rollout.returns[9 + 0], rewards[9] + 0.5 * rewards[12] + 0.25 * 10, 1e-5);
});

Deno.test("each epoch deals every sample once, whole, in another order", () => {
  const rollout = madeUp(8);
  rollout.advantages.set(rollout.values);
  rollout.returns.set(rollout.values);
  const dealer = newDealer(rollout, 6, false);
  const random = rng(1);
  const orders = [0, 1].map(() => {
    const { count, bars, values, logProbs, returns, state, raw } = dealer.deal(random);
    assertEquals(count, 4);
    assertEquals([...bars].toSorted((a, b) => a - b), Array.from({ length: 24 }, (_, i) => i));
    bars.forEach((sample, i) => {
      assertEquals(values[i], rollout.values[sample]);
      assertEquals(returns[i], rollout.returns[sample]);
      assertEquals(logProbs[i], rollout.logProbs[sample]);
      assertEquals(raw[i], rollout.raw[sample]);
      assertEquals(state.slice(2 * i, 2 * i + 2), rollout.state.slice(2 * sample, 2 * sample + 2));
    });
    return bars.join();
  });
  assert(orders[0] !== orders[1]);
});

Deno.test("the advantages of a minibatch have mean 0 and deviation 1, and equal ones become 0", () => {
  const rollout = madeUp(8);
  const random = rng(2);
  rollout.advantages.forEach((_, i) => rollout.advantages[i] = 5 + 3 * normal(random));
  const { advantages } = newDealer(rollout, 12, true).deal(random);
  for (const part of [advantages.subarray(0, 12), advantages.subarray(12)]) {
    const mean = part.reduce((sum, value) => sum + value, 0) / 12;
    assertAlmostEquals(mean, 0, 1e-6);
    assertAlmostEquals(part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 11, 1, 1e-5);
  }
  rollout.advantages.fill(7);
  assert(newDealer(rollout, 12, true).deal(random).advantages.every((value) => value === 0));
  assertEquals(newDealer(rollout, 1, true).deal(random).advantages[0], 7, "one sample has no deviation");
});

Deno.test("a rollout keeps bar numbers, not windows: 8,192 samples of 32 bars with 48 features are 340 KB", () => {
  const wide = { ...env, rows: 64, window: 32, features: 48, stateSize: 2 };
  const bytes = Object.values(newRollout(wide, 128)).reduce(
    (sum, value) => sum + (ArrayBuffer.isView(value) ? value.byteLength : 0),
    0,
  );
  assert(bytes < 350_000, `${bytes}`);
});
