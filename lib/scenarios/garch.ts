import { minimise } from "../base/minimise.ts";
import { mean } from "../base/stats.ts";

/** A GARCH(1,1): variance of the next return = omega + alpha · last surprise² + beta · last variance. */
export interface Garch {
  readonly mean: number; // of the returns
  readonly omega: number;
  readonly alpha: number; // how much a surprise stirs it up
  readonly beta: number; // how much of it stays
  readonly variance: number; // in the long run: omega / (1 − alpha − beta)
  readonly logLikelihood: number;
  readonly residuals: Float64Array; // [n] surprises over their own deviation: mean about 0, variance about 1
  readonly lastVariance: number; // forecast for the bar after the last
}

/**
 * Fits a GARCH(1,1) by (Gaussian quasi-) maximum likelihood, the mean taken off first, the variance started at that of the
 * sample (Bollerslev 1986, "Generalized autoregressive conditional heteroskedasticity").
 *
 * @throws {RangeError} if there are fewer than 100 returns, or they do not vary
 */
export function fitGarch(returns: ArrayLike<number>): Garch {
  const n = returns.length;
  const centre = mean(returns);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (returns[i] - centre) ** 2;
  const sample = sum / n;
  if (n < 100 || !(sample > 0 && sample < Infinity)) {
    throw new RangeError(
      `Cannot fit a GARCH as at least 100 returns that vary are needed: there are ${n}${
        n < 100 ? "" : ", which do not"
      }`,
    );
  }
  const squares = Float64Array.from(returns, (r) => (r - centre) ** 2 / sample); // in units of the sample's variance
  const read = (x: ArrayLike<number>) => {
    const persistence = 0.9999 * logistic(x[0]);
    const alpha = persistence * logistic(x[1]);
    const variance = Math.exp(x[2]);
    return { alpha, beta: persistence - alpha, omega: variance * (1 - persistence), variance };
  };
  const cost = (x: ArrayLike<number>) => {
    const { alpha, beta, omega } = read(x);
    let [h, total] = [1, 0];
    for (let i = 0; i < n; i++) {
      total += Math.log(h) + squares[i] / h;
      h = omega + alpha * squares[i] + beta * h;
    }
    return total / n;
  };
  // From calm and from wild beginnings: the likelihood may have a local top.
  const starts = [[3, -2, 0], [1, -1, 0], [5, -3, 0]];
  const best = starts.map((start) => minimise(cost, start, { tolerance: 1e-11 }))
    .reduce((a, b) => (b.value < a.value ? b : a));
  const { alpha, beta, omega, variance } = read(best.at);
  const residuals = new Float64Array(n);
  let h = 1;
  for (let i = 0; i < n; i++) {
    residuals[i] = (returns[i] - centre) / Math.sqrt(h * sample);
    h = omega + alpha * squares[i] + beta * h;
  }
  return {
    mean: centre,
    omega: omega * sample,
    alpha,
    beta,
    variance: variance * sample,
    logLikelihood: -0.5 * n * (best.value + Math.log(2 * Math.PI * sample)),
    residuals,
    lastVariance: h * sample,
  };
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
