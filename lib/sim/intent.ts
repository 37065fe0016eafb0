/** What is wanted for the next bar. Strategies write it, risk rules edit it, `fill` carries it out. */
export interface Intent {
  readonly weights: Float64Array; // [K] exposure as a fraction of equity; 1 all in, -0.5 half short, NaN leave as is
  readonly bid: Float64Array; // [K] limit quotes, quote currency; NaN none
  readonly ask: Float64Array;
  readonly size: Float64Array; // [K] base units per quote
  readonly stop: Float64Array; // [K] price at which a position is closed at a loss, quote currency; NaN none
  readonly take: Float64Array; // [K] price at which it is closed at a gain; NaN none
}

/** An intent that wants nothing: leave positions, no quotes. */
export function newIntent(assets: number): Intent {
  const column = () => new Float64Array(assets).fill(NaN);
  return { weights: column(), bid: column(), ask: column(), size: column(), stop: column(), take: column() };
}

/** Forgets what was wanted. */
export function clearIntent({ weights, bid, ask, size, stop, take }: Intent): void {
  for (let k = 0; k < weights.length; k++) {
    weights[k] =
      bid[k] =
      ask[k] =
      size[k] =
      stop[k] =
      take[k] =
        NaN;
  }
}

/** The part of an account that a strategy or a risk rule may read, marked at the latest close. */
export interface Account {
  readonly equity: number; // quote currency
  readonly peak: number; // highest equity so far
  readonly weights: Float64Array; // [K] exposure held, fraction of equity
}
