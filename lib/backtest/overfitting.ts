import { ranks } from "../base/stats.ts";

/** What becomes of the best in one half of the bars in the other half. */
export interface Overfitting {
  /** Share of the splits in which the best of one half is no better than the median in the other: PBO, 0..1. */
  readonly probability: number;
  /** Share of the splits in which it loses money there. */
  readonly loss: number;
  /** By split: log odds of its rank there; at most 0 where it is no better than the median. */
  readonly logits: Float64Array;
  /** By split: Sharpe ratio per bar of the one chosen, where it was chosen and where it was not. */
  readonly inSample: Float64Array;
  readonly outOfSample: Float64Array;
  /** What a Sharpe ratio that is higher by 1 in one half goes with in the other, by least squares. */
  readonly slope: number;
  readonly trials: number;
  readonly blocks: number;
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado and
 * Zhu 2015, "The probability of backtest overfitting", sec. 3): bars are cut into `blocks`; for every way to take half
 * of the blocks, the trial that is best there by its Sharpe ratio is ranked among all in the other half. A trial whose returns
 * never vary has a Sharpe ratio of 0.
 *
 * @param returns of each trial, over the same bars; what does not fit `blocks` equal ones is left out at the start
 * @param blocks even, 2..20; 16 make 12 870 splits
 * @throws {RangeError} if there are fewer than two trials, lengths differ, or a block would have fewer than 2 bars
 */
export function overfitting(returns: readonly ArrayLike<number>[], blocks = 16): Overfitting {
  const [N, T] = [returns.length, returns[0]?.length ?? 0];
  const fail = (wanted: string, found: number | string) => {
    throw new RangeError(`Cannot measure overfitting as ${wanted}: current value is ${found}`);
  };
  if (N < 2) fail("there must be 2 trials or more", N);
  if (!(Number.isInteger(blocks) && blocks % 2 === 0 && blocks >= 2 && blocks <= 20)) {
    fail("the number of blocks must be even, from 2 to 20", blocks);
  }
  const other = returns.find(({ length }) => length !== T);
  if (other) fail(`all trials must have the same ${T} bars`, other.length);
  const length = Math.floor(T / blocks);
  if (length < 2) fail(`there must be ${2 * blocks} bars or more for ${blocks} blocks`, T);
  const { sums, squares } = blockSums(returns, blocks, length);
  const splits = halves(blocks);
  const [inside, outside] = [new Float64Array(N), new Float64Array(N)];
  const [logits, inSample, outOfSample] = [0, 0, 0].map(() => new Float64Array(splits.length));
  for (const [split, mask] of splits.entries()) {
    for (let n = 0; n < N; n++) {
      let [sum, square, otherSum, otherSquare] = [0, 0, 0, 0];
      for (let block = 0; block < blocks; block++) {
        const at = n * blocks + block;
        if (mask >> block & 1) {
          sum += sums[at];
          square += squares[at];
        } else {
          otherSum += sums[at];
          otherSquare += squares[at];
        }
      }
      const bars = length * blocks / 2;
      inside[n] = sharpe(sum, square, bars);
      outside[n] = sharpe(otherSum, otherSquare, bars);
    }
    const best = inside.indexOf(Math.max(...inside));
    const rank = ranks(outside)[best] / (N + 1);
    logits[split] = Math.log(rank / (1 - rank));
    inSample[split] = inside[best];
    outOfSample[split] = outside[best];
  }
  const share = (values: Float64Array, is: (x: number) => boolean) => values.filter(is).length / values.length;
  return {
    probability: share(logits, (logit) => logit <= 0),
    loss: share(outOfSample, (value) => value < 0),
    logits,
    inSample,
    outOfSample,
    slope: slope(inSample, outOfSample),
    trials: N,
    blocks,
  };
}

/** Sums and sums of squares of the returns, by trial and block. [N, blocks] */
function blockSums(returns: readonly ArrayLike<number>[], blocks: number, length: number) {
  const [sums, squares] = [0, 0].map(() => new Float64Array(returns.length * blocks));
  for (const [n, values] of returns.entries()) {
    for (let i = 0, t = values.length - blocks * length; t < values.length; i++, t++) {
      const at = n * blocks + Math.floor(i / length);
      sums[at] += values[t];
      squares[at] += values[t] ** 2;
    }
  }
  return { sums, squares };
}

function sharpe(sum: number, square: number, bars: number): number {
  const variance = (square - sum * sum / bars) / (bars - 1);
  return variance > 1e-14 * square ? sum / bars / Math.sqrt(variance) : 0;
}

/** Every way to take half of the blocks, as bits: of a split and its mirror both are there. */
function halves(blocks: number): number[] {
  const ones = (mask: number) => {
    let count = 0;
    for (let rest = mask; rest > 0; rest &= rest - 1) count++;
    return count;
  };
  return Array.from({ length: 2 ** blocks }, (_, mask) => mask).filter((mask) => ones(mask) === blocks / 2);
}

function slope(x: Float64Array, y: Float64Array): number {
  const [meanX, meanY] = [x, y].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  let [xy, xx] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - meanX) * (y[i] - meanY);
    xx += (x[i] - meanX) ** 2;
  }
  return xx > 0 ? xy / xx : NaN;
}
