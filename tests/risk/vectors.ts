interface Model {
  readonly start: number[];
  readonly transition: number[];
  readonly mean: number[];
  readonly variance: number[];
}

/** What scipy, pandas, scikit-learn and hmmlearn say: see tests/vectors/risk.py. */
export interface Vectors {
  readonly series: Record<string, number[]>;
  readonly tails: Record<string, Record<string, Record<string, [number, number, boolean?]>>>;
  readonly hits: Record<string, number[]>;
  readonly tests: Record<string, Record<"kupiec" | "independence" | "christoffersen", [number, number]>>;
  readonly returns: number[][];
  readonly ledoitWolf: { readonly covariance: number[]; readonly shrinkage: number };
  readonly minimumVariance: number[];
  readonly riskParity: number[];
  readonly hmm: (Model & {
    readonly initial: Model;
    readonly iterations: number;
    readonly logLikelihood: number;
    readonly every: number;
    readonly filtered: number[][];
  })[];
}

const packed = await Deno.open(new URL("../vectors/risk.json.gz", import.meta.url));
export const vectors: Vectors = await new Response(
  packed.readable.pipeThrough(new DecompressionStream("gzip")),
).json();
