/** What scipy, numpy and pandas say: see tests/vectors/overfitting.py. */
export interface Vectors {
  readonly deflated: readonly {
    readonly returns: number[];
    readonly trials: number;
    readonly sharpes: number[];
    readonly sharpe: number;
    readonly skew: number;
    readonly kurtosis: number;
    readonly expectedMax: number;
    readonly probabilistic: number;
    readonly deflated: number;
  }[];
  readonly overfitting: readonly {
    readonly returns: number[][];
    readonly blocks: number;
    readonly probability: number;
    readonly loss: number;
    readonly logits: number; // their sum
    readonly slope: number;
  }[];
}

const packed = await Deno.open(new URL("../vectors/overfitting.json.gz", import.meta.url));
export const vectors: Vectors = await new Response(
  packed.readable.pipeThrough(new DecompressionStream("gzip")),
).json();
