/** Functions that samplers and schedulers are measured on; higher is better everywhere. */
import { normal, rng } from "../../lib/base/random.ts";
import { choice, float, int, log, logInt, type Space, when } from "../../lib/hyperopt/space.ts";
import type { Params } from "../../lib/hyperopt/trial.ts";

/** A function to be searched. */
export interface Surrogate {
  readonly space: Space;
  /** The highest there is. */
  readonly top: number;
  /** Without noise, after the whole budget. */
  value(params: Params): number;
  /** What a trial reports: with its own noise, at a share of the budget. */
  observe(params: Params, trial: number, seed: number, share?: number): number;
}

const exact = (space: Space, top: number, value: (params: Params) => number): Surrogate => ({
  space,
  top,
  value,
  observe: value,
});

/** Branin's function, turned over: three equal tops of −0.397887. */
export const branin = exact({ x: float(-5, 10), y: float(0, 15) }, -0.39788735772973816, (params) => {
  const [x, y] = [Number(params.x), Number(params.y)];
  const curve = y - 5.1 / (4 * Math.PI ** 2) * x ** 2 + 5 / Math.PI * x - 6;
  return -(curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10);
});

const hartmannA = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [
  17,
  8,
  0.05,
  10,
  0.1,
  14,
]];
const hartmannP = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];

/** Hartmann's function of six variables: one top of 3.32237 among six hills. */
export const hartmann6 = exact(
  Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`x${i}`, float(0, 1)])),
  3.322368011391339,
  (params) =>
    [1, 1.2, 3, 3.2].reduce((sum, height, hill) => {
      const distance = hartmannA[hill].reduce(
        (total, a, i) => total + a * (Number(params[`x${i}`]) - 1e-4 * hartmannP[hill][i]) ** 2,
        0,
      );
      return sum + height * Math.exp(-distance);
    }, 0),
);

/**
 * What a sweep of PPO looks like, as far as it matters to a search: a ridge in learning rate and batch size, a cliff where
 * the rate is too high, parameters that hardly count, a choice of networks with settings of their own, learning
 * curves that cross (a high rate learns quickly and ends lower), noise of a seed as large as the gap between good and
 * very good.
 */
export const ppo: Surrogate = {
  space: {
    rate: log(1e-5, 1e-1),
    batch: logInt(64, 4096),
    gamma: float(0.5, 0.999),
    lambda: float(0.7, 1),
    clip: float(0.1, 0.4),
    entropy: log(1e-5, 0.1),
    depth: int(1, 3),
    width: logInt(16, 256),
    trunk: choice("mlp", "lstm", "transformer"),
    cells: when("trunk", "lstm", logInt(8, 128)),
    heads: when("trunk", "transformer", choice(1, 2, 4)),
  },
  top: 1,
  value: (params) => height(params),
  observe(params, trial, seed, share = 1) {
    const rate = Math.log10(Number(params.rate));
    const half = 0.08 + 0.5 / (1 + Math.exp(2 * (rate + 3.2))); // share of the budget until half is learnt
    const learnt = share / (share + half) * (1 + half);
    const random = rng(seed * 100_003 + trial * 101 + Math.round(share * 100));
    return height(params) * learnt - 0.3 * (1 - learnt) + 0.06 * normal(rng(seed * 100_003 + trial)) +
      0.03 * normal(random);
  },
};

function height(params: Params): number {
  const p = (name: string) => Number(params[name]);
  const rate = Math.log10(p("rate"));
  const ridge = rate + 3.3 - 0.4 * Math.log10(p("batch") / 512);
  const cliff = 1 / (1 + Math.exp(-6 * (rate + 1.8)));
  const trunk = params.trunk === "mlp"
    ? 0.06
    : params.trunk === "lstm"
    ? 0.05 * Math.log2(p("cells") / 48) ** 2
    : 0.12 - 0.02 * p("heads") + 0.02 * Math.abs(p("heads") - 2);
  const loss = 0.25 * ridge ** 2 + 0.9 * cliff + 1.6 * (p("gamma") - 0.9) ** 2 + 0.8 * (p("lambda") - 0.93) ** 2 +
    0.6 * (p("clip") - 0.2) ** 2 + 0.04 * (Math.log10(p("entropy")) + 2) ** 2 +
    0.02 * Math.log2(p("width") / 64) ** 2 + 0.03 * Math.abs(p("depth") - 2) + trunk;
  return 1 - Math.min(1.6, loss);
}
