import { below, type Rng, rng, shuffle } from "../base/random.ts";
import { targetStrategy } from "./follow.ts";
import type { Setting } from "../base/setting.ts";
import type { Strategy } from "./strategy.ts";

/** What random can be tuned by. */
export const randomSettings = {
  seed: { default: 1, min: 0, max: 2 ** 32 - 1, whole: true, help: "equal seeds give equal decisions" },
  holding: { default: 24, min: 1, max: 1e6, help: "mean number of bars a position is held" },
  idle: { default: 24, min: 1, max: 1e6, help: "mean number of bars between positions" },
  short: { default: false, help: "whether every other position, by chance, is short" },
} satisfies Readonly<Record<string, Setting>>;

/**
 * Enters and leaves by chance, each asset on its own, with geometric holding and idle times: what a strategy without
 * any idea earns after costs. `randomLike` copies the trading of another strategy instead.
 */
export function random({ seed = 1, holding = 24, idle = 24, short = false } = {}): Strategy {
  return targetStrategy(({ assets, length }, _memo, into) => {
    const K = assets.length;
    for (let k = 0; k < K; k++) {
      const chance = stream(seed, k);
      let side = 0;
      for (let t = 0, i = k; t < length; t++, i += K) {
        if (chance() < 1 / (side === 0 ? idle : holding)) side = side !== 0 ? 0 : short && chance() < 0.5 ? -1 : 1;
        into[i] = side / K;
      }
    }
  });
}

/** What another strategy asked for: a `BacktestResult` is one. */
export interface Decisions {
  readonly from: number; // bar of the market that the first row belongs to
  readonly wanted: Float64Array; // [T, K] weights; NaN left alone
  readonly equity: Float64Array; // [T]
}

/**
 * A strategy that trades as often, as large and for as long as another one did, at times drawn by chance: the yardstick
 * for whether a strategy's timing is worth anything. Per asset, the positions' holding times are shuffled among them and
 * all idle bars dealt out anew; number, sizes, sides and their order stay. Turned positions (long to short without a
 * pause) stay turned.
 *
 * @param of what the other strategy asked for, over the bars that this one is then run on
 */
export function randomLike(of: Decisions, { seed = 1 } = {}): Strategy {
  const T = of.equity.length;
  const K = of.wanted.length / T;
  const plan = new Float64Array(T * K); // made here, from the other's bars alone, so a longer market does not change it
  for (let k = 0; k < K; k++) shufflePositions(of.wanted, plan, k, K, T, stream(seed, k));
  return targetStrategy(({ length }, _memo, into) => {
    into.fill(0);
    const rows = Math.max(0, Math.min(T, length - of.from));
    into.set(plan.subarray(0, rows * K), of.from * K);
  });
}

/** Writes column `k` of `plan`: the positions of column `k` of `wanted`, placed anew. */
function shufflePositions(
  wanted: Float64Array,
  plan: Float64Array,
  k: number,
  K: number,
  T: number,
  chance: Rng,
): void {
  const weights: number[] = [];
  const lengths: number[] = [];
  const gaps: number[] = [0]; // idle bars before each position, and after the last
  let held = 0;
  for (let t = 0; t < T; t++) {
    const wish = wanted[t * K + k];
    if (wish === wish && Math.sign(wish) !== Math.sign(held)) {
      if (wish !== 0) {
        weights.push(wish);
        lengths.push(0);
        if (held !== 0) gaps.push(0);
      } else gaps.push(0);
      held = wish;
    }
    if (held !== 0) lengths[lengths.length - 1]++;
    else gaps[gaps.length - 1]++;
  }
  if (held !== 0) gaps.push(0);
  const holding = shuffle(Float64Array.from(lengths), chance);
  dealAnew(gaps, chance);
  let t = 0;
  for (let i = 0; i < holding.length; i++) {
    t += gaps[i];
    for (const end = t + holding[i]; t < end; t++) plan[t * K + k] = weights[i];
  }
}

/** Deals the sum of `gaps` out by chance, every split equally likely; a pause between positions stays at least one bar. */
function dealAnew(gaps: number[], chance: Rng): void {
  const least = gaps.map((gap, i) => Number(i > 0 && i < gaps.length - 1 && gap > 0));
  const places = gaps.map((_, i) => i).filter((i) => i === 0 || i === gaps.length - 1 || gaps[i] > 0);
  const total = gaps.reduce((sum, gap, i) => sum + gap - least[i], 0);
  const cuts = Float64Array.from({ length: places.length - 1 }, () => below(total + 1, chance)).sort();
  gaps.fill(0);
  let last = 0;
  places.forEach((place, i) => {
    const next = i < cuts.length ? cuts[i] : total;
    gaps[place] = least[place] + next - last;
    last = next;
  });
}

/** Chance for asset `k`, unrelated to the other assets'. */
const stream = (seed: number, k: number): Rng => rng(seed + k * 2 ** 32);
