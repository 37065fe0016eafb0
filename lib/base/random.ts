/**
 * A source of uniform numbers in [0, 1). Everything random takes one; nothing calls `Math.random`.
 *
 * `state` is the whole generator: copy it to save a run, `set` it to go on where the run stopped.
 */
export interface Rng {
  (): number;
  readonly state: Uint32Array; // [4]
}

/**
 * Creates a seeded generator: sfc32 (Chris Doty-Humphrey, PractRand), period about 2^128.
 *
 * @param seed a whole number; equal seeds give equal sequences, different seeds unrelated ones
 * @throws {RangeError} if `seed` is not a safe integer
 */
export function rng(seed: number): Rng {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`Cannot seed a generator as the seed must be a whole number: current value is ${seed}`);
  }
  const state = Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, 0x9e3779b9, 1);
  const random = () => {
    const sum = (state[0] + state[1] + state[3]) >>> 0;
    state[3] = state[3] + 1;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = state[2] + (state[2] << 3);
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
    return sum / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) random(); // mixes the seed into every word
  return Object.assign(random, { state });
}

/** Draws from the standard normal distribution (Box–Muller). Takes two numbers of `random`. */
export function normal(random: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Draws a whole number in [0, n). */
export function below(n: number, random: Rng): number {
  return Math.floor(random() * n);
}

/** Shuffles in place (Fisher–Yates) and returns the same array. */
export function shuffle<T extends Uint32Array | Int32Array | Float64Array>(values: T, random: Rng): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = below(i + 1, random);
    const kept = values[i];
    values[i] = values[j];
    values[j] = kept;
  }
  return values;
}
