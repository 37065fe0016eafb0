/** Settings of a run, as text or numbers. Values longer than MLflow keeps are stored as an artifact instead. */
export type RunParams = Readonly<Record<string, string | number | boolean>>;

/** The data a run saw. */
export interface DatasetInput {
  readonly name: string; // "coinbase BTC/USD 1h"
  readonly digest: string; // hash of the candles
  readonly source: string; // where it came from, without secrets or paths of the machine
  readonly context: "training" | "validation" | "test" | "backtest";
}

/** One experiment run. Writes are buffered; disposing flushes. A tracker that is down never stops the work. */
export interface Run extends AsyncDisposable {
  readonly id: string;
  /** Where a person can look at it, or nothing when the tracker has no pages. */
  readonly url: string | undefined;
  params(values: RunParams): void;
  metrics(values: Readonly<Record<string, number>>, step?: number): void;
  tags(values: Readonly<Record<string, string>>): void;
  dataset(input: DatasetInput): void;
  artifact(path: string, body: Uint8Array | string): Promise<void>;
  /** Disposing then marks the run FAILED, or KILLED where somebody ended it; FINISHED without a call. */
  fail(reason: string, status?: "FAILED" | "KILLED"): void;
}
