import type { Rng } from "../base/random.ts";
import type { Tensor, Tf } from "./tfjs.ts";

/** What a trunk is made for. */
export interface Seen {
  readonly window: number; // W, bars an observation shows; 0 where there is no market
  readonly features: number; // F
  readonly stateSize: number; // A, numbers of the row's own
}

/** What may be chosen of a trunk. Each trunk reads what it needs and says so. */
export interface TrunkOptions {
  /** Widths of the layers on the way to actions and value, as Stable-Baselines3's `net_arch`. */
  readonly net_arch: readonly number[];
  readonly activation: "tanh" | "relu";
  /** Units of the LSTM. */
  readonly lstm_hidden_size: number;
  /** Width, heads and blocks of the Transformer. */
  readonly d_model: number;
  readonly n_heads: number;
  readonly n_layers: number;
}

export const trunkDefaults: TrunkOptions = {
  net_arch: [64, 64],
  activation: "tanh",
  lstm_hidden_size: 64,
  d_model: 64,
  n_heads: 4,
  n_layers: 1,
};

/** Numbers that are learnt, and what they are at the start. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The windows of B rows, gathered when asked for. */
export interface Windows {
  flat(): Tensor; // [B, W * F], oldest bar first
  steps(): Tensor; // [W, B, F], oldest bar first
}

/** Learnt numbers as tensors, under their names. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * A network from what is seen to what the two heads, actor and critic, read: a *function* of the market's window alone,
 * then one of that and the row's own state. The split lets rollouts encode each bar of a market once, many at a time.
 *
 * To add one, write a file with a `TrunkOf`, list it in `trunks.ts`, and the contract suite of `tests/agent` holds it to
 * this: it learns, it is the same on every engine, its policy file gives the same actions.
 */
export interface Trunk {
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly width: number; // H, of what each head reads
  /** What the window says, for B rows: [B, E]. Left out where there is no window. */
  encode?(tf: Tf, p: Tensors, windows: Windows): Tensor;
  /** What the heads read: [B, H] each. `state` is [B, A]; either input is missing where there is none. */
  decide(
    tf: Tf,
    p: Tensors,
    encoding: Tensor | undefined,
    state: Tensor | undefined,
  ): { actor: Tensor; critic: Tensor };
}

/** Makes a trunk, drawing its first numbers from `random`. */
export type TrunkOf = (seen: Seen, options: TrunkOptions, random: Rng) => Trunk;
