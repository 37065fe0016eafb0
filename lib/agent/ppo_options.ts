import { didYouMean } from "../base/suggest.ts";
import type { LossOptions } from "./learn_step.ts";
import type { NetOptions } from "./open_net.ts";
import { trunkDefaults, type TrunkOptions } from "./trunk.ts";

/** Proximal policy optimisation's options. Names, meaning and defaults are Stable-Baselines3's. */
export interface PpoOptions extends LossOptions, TrunkOptions, NetOptions {
  readonly learning_rate: number;
  readonly anneal_lr: boolean; // to 0 over the whole training, in a straight line
  readonly n_steps: number; // of each row, between updates
  readonly batch_size: number;
  readonly n_epochs: number;
  readonly gamma: number;
  readonly gae_lambda: number;
  readonly normalize_advantage: boolean;
  readonly stats_window_size: number; // episodes that means are taken over
  readonly seed: number;
}

/** What is taken where nothing else is said. */
export const ppoDefaults: PpoOptions = {
  learning_rate: 3e-4,
  anneal_lr: false,
  n_steps: 2048,
  batch_size: 64,
  n_epochs: 10,
  gamma: 0.99,
  gae_lambda: 0.95,
  clip_range: 0.2,
  clip_range_vf: null,
  normalize_advantage: true,
  ent_coef: 0,
  vf_coef: 0.5,
  max_grad_norm: 0.5,
  target_kl: null,
  stats_window_size: 100,
  seed: 0,
  trunk: "mlp",
  ...trunkDefaults,
  engine: "onnx",
  backend: undefined,
  threads: undefined,
};

/**
 * Finds what cannot work before any work is done.
 *
 * @throws {RangeError} says which option, and what it may be
 */
export function checkOptions({ rows }: { readonly rows: number }, options: PpoOptions): void {
  const known = Object.keys(ppoDefaults);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new RangeError(`Cannot train as "${name}" is not an option: ${didYouMean(name, known)}`);
    }
  }
  const check = (name: keyof PpoOptions, holds: (value: number) => boolean, wanted: string) => {
    const value = options[name];
    if (value === null && ppoDefaults[name] === null) return;
    if (typeof value === "number" && holds(value)) return;
    throw new RangeError(`Cannot train as ${name} must be ${wanted}: current value is ${value}`);
  };
  const whole = (name: keyof PpoOptions, least = 1) =>
    check(name, (value) => Number.isSafeInteger(value) && value >= least, `a whole number of at least ${least}`);
  for (const name of ["n_steps", "batch_size", "n_epochs", "stats_window_size"] as const) whole(name);
  for (const name of ["lstm_hidden_size", "d_model", "n_heads", "n_layers"] as const) whole(name);
  whole("seed", 0);
  if (options.net_arch.length === 0 || !options.net_arch.every((width) => Number.isSafeInteger(width) && width >= 1)) {
    throw new RangeError(
      `Cannot train as net_arch must be one or more widths: current value is ${JSON.stringify(options.net_arch)}`,
    );
  }
  check("learning_rate", (value) => value > 0 && value < Infinity, "above 0");
  for (const name of ["gamma", "gae_lambda"] as const) check(name, (value) => value >= 0 && value <= 1, "in 0..1");
  check("clip_range", (value) => value > 0 && value < 1, "between 0 and 1");
  for (const name of ["clip_range_vf", "target_kl", "max_grad_norm"] as const) {
    check(name, (value) => value > 0, "above 0");
  }
  for (const name of ["ent_coef", "vf_coef"] as const) {
    check(name, (value) => value >= 0 && value < Infinity, "0 or more");
  }

  const buffer = options.n_steps * rows;
  if (options.batch_size > buffer || buffer % options.batch_size !== 0) {
    throw new RangeError(
      `Cannot train as batch_size must divide the ${buffer} samples of an update (n_steps ${options.n_steps} × ${rows} rows): current value is ${options.batch_size}, the nearest that does is ${
        nearestDivisor(buffer, options.batch_size)
      }`,
    );
  }
}

function nearestDivisor(n: number, wanted: number): number {
  let best = 1;
  for (let d = 1; d <= n; d++) if (n % d === 0 && Math.abs(d - wanted) < Math.abs(best - wanted)) best = d;
  return best;
}
