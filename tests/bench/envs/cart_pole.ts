import { envOf } from "./stepper.ts";
import type { Env } from "../../../lib/env/env.ts";

const [GRAVITY, CART, POLE, HALF, FORCE, TAU] = [9.8, 1, 0.1, 0.5, 10, 0.02];
const [FAR, STEEP, LONG] = [2.4, 12 * Math.PI / 180, 500];

/**
 * CartPole-v1: push a cart left or right so that the pole on it stays up. One point a step, 500 at the most.
 *
 * Source: Barto, Sutton and Anderson 1983, with gymnasium's numbers and order of integration.
 */
export function cartPole(rows = 8): Env {
  const body = new Float64Array(4 * rows); // [R, 4] place, speed, angle, turning
  const steps = new Int32Array(rows);
  return envOf({
    rows,
    stateSize: 4,
    actions: { kind: "discrete", n: 2 },
    memory: [body, steps],
    restart(row, random) {
      for (let i = 4 * row; i < 4 * row + 4; i++) body[i] = 0.1 * random() - 0.05;
      steps[row] = 0;
    },
    move(row, actions) {
      const at = 4 * row;
      const [sin, cos] = [Math.sin(body[at + 2]), Math.cos(body[at + 2])];
      const push = actions[row] === 1 ? FORCE : -FORCE;
      const rest = (push + POLE * HALF * body[at + 3] ** 2 * sin) / (CART + POLE);
      const turn = (GRAVITY * sin - cos * rest) / (HALF * (4 / 3 - POLE * cos ** 2 / (CART + POLE)));
      const speedUp = rest - POLE * HALF * turn * cos / (CART + POLE);
      body[at] += TAU * body[at + 1];
      body[at + 1] += TAU * speedUp;
      body[at + 2] += TAU * body[at + 3];
      body[at + 3] += TAU * turn;
      const terminated = Math.abs(body[at]) > FAR || Math.abs(body[at + 2]) > STEEP;
      return { reward: 1, terminated, truncated: ++steps[row] >= LONG };
    },
    look: (row, { state }) => {
      for (let i = 4 * row; i < 4 * row + 4; i++) state[i] = body[i];
    },
  });
}
