import type { ActionSpace } from "./env.ts";

/** How a policy's action becomes weights: the same function in training, backtest and paper trading. */
export interface ActionMeaning {
  readonly kind: "discrete" | "box";
  readonly assets: number; // K
  /** Weights of each choice [n, K]; empty for a box, where an action of -1..1 per asset is its share of `leverage`. */
  readonly choices: readonly (readonly number[])[];
  readonly leverage: number; // gross exposure that a box's actions may add up to
  /** A position of the wanted side, this close to the weight wanted, is left alone: holding costs nothing. */
  readonly deadBand: number;
}

/**
 * Short, flat or long of each asset alone, in equal parts of all (K > 1), or as `choices` say.
 *
 * @throws {RangeError} if a choice does not have K weights, or there are fewer than two
 */
export function discreteActions(
  assets: number,
  choices: readonly (readonly number[])[] = defaultChoices(assets),
  deadBand = 0.1,
): ActionMeaning {
  if (choices.length < 2 || choices.some((weights) => weights.length !== assets || !weights.every(Number.isFinite))) {
    throw new RangeError(
      `Cannot choose between actions as there must be two or more of ${assets} finite weights each: they are ${
        JSON.stringify(choices)
      }`,
    );
  }
  const leverage = Math.max(...choices.map((weights) => weights.reduce((sum, weight) => sum + Math.abs(weight), 0)));
  return { kind: "discrete", assets, choices, leverage, deadBand };
}

/** One number in -1..1 per asset, its share of `leverage` divided equally. */
export function boxActions(assets: number, leverage = 1, deadBand = 0.1): ActionMeaning {
  return { kind: "box", assets, choices: [], leverage, deadBand };
}

/** The space an env offers for these actions. */
export function spaceOf({ kind, choices, assets }: ActionMeaning): ActionSpace {
  return kind === "discrete" ? { kind, n: choices.length } : { kind, size: assets };
}

/**
 * Writes what an action asks for: weights [K], NaN where the position is left alone.
 *
 * @param held exposure at the close of the bar decided on, K numbers from `at`
 * @throws {RangeError} if a discrete action is not one of the choices, or a box's is not a number
 */
export function writeWeights(
  meaning: ActionMeaning,
  actions: Float32Array,
  from: number,
  held: Float64Array,
  weights: Float64Array,
  at = 0,
): void {
  const { kind, assets, choices, leverage, deadBand } = meaning;
  const chosen = kind === "discrete" ? choices[actions[from]] : undefined;
  if (kind === "discrete" && chosen === undefined) {
    throw new RangeError(
      `Cannot act as an action must be one of 0..${choices.length - 1}: current value is ${actions[from]}`,
    );
  }
  for (let k = 0; k < assets; k++) {
    const target = chosen ? chosen[k] : Math.max(-1, Math.min(1, actions[from + k])) * leverage / assets;
    if (target !== target) throw new RangeError("Cannot act as an action must be a number: current value is NaN");
    weights[at + k] = target * held[at + k] > 0 && Math.abs(target - held[at + k]) <= deadBand ? NaN : target;
  }
}

function defaultChoices(assets: number): number[][] {
  if (assets === 1) return [[-1], [0], [1]];
  const alone = Array.from({ length: assets }, (_, k) => Array.from({ length: assets }, (_, j) => Number(j === k)));
  return [Array<number>(assets).fill(0), Array<number>(assets).fill(1 / assets), ...alone];
}
