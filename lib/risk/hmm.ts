/** A hidden Markov model whose states emit normal numbers. S states; state 0 is the one of least variance. */
export interface Hmm {
  readonly start: Float64Array; // [S] probability of each state at the first observation
  readonly transition: Float64Array; // [S, S] from row to column
  readonly mean: Float64Array; // [S]
  readonly variance: Float64Array; // [S]
}

/** A fitted model. */
export interface FittedHmm extends Hmm {
  readonly logLikelihood: number; // of the observations it was fitted to
  readonly iterations: number;
  readonly converged: boolean; // whether the last step gained less than the tolerance
}

/** How to fit. */
export interface HmmOptions {
  readonly states?: number; // 2–4
  readonly iterations?: number; // at the most
  readonly tolerance?: number; // gain in log-likelihood per observation under which it ends
  /** Where to start; by the size of deviations from the mean otherwise. */
  readonly initial?: Hmm;
}

/**
 * Fits by expectation maximisation (Baum–Welch; Rabiner 1989, sec. III), from a start that depends on the observations
 * alone: the same numbers give the same model. States are sorted by variance, unless `initial` is given.
 *
 * @throws {RangeError} if there are not 2–4 states, too few observations for them, or they do not vary
 */
export function fitHmm(x: Float64Array, options: HmmOptions = {}): FittedHmm {
  const { states = 2, iterations = 200, tolerance = 1e-8, initial } = options;
  const S = initial?.start.length ?? states;
  check(x, S);
  const T = x.length;
  let model: Hmm = initial ?? startingPoint(x, S);
  const floor = 1e-8 * spread(x); // a state may not shrink onto one observation
  const emission = new Float64Array(T * S);
  const forward = new Float64Array(T * S);
  const backward = new Float64Array(T * S);
  const scale = new Float64Array(T);
  let [before, used, converged] = [-Infinity, 0, false];
  let logLikelihood = pass(model, x, emission, forward, scale);
  while (used < iterations) {
    converged = logLikelihood - before < tolerance * T;
    if (converged) break;
    before = logLikelihood;
    lookBack(model, emission, scale, backward);
    model = maximise(x, model, emission, forward, backward, scale, floor);
    logLikelihood = pass(model, x, emission, forward, scale);
    used++;
  }
  return { ...(initial ? model : byVariance(model)), logLikelihood, iterations: used, converged };
}

/**
 * Probability of each state at each observation, given the observations up to it and none after: unlike smoothed
 * probabilities, these may be traded on.
 *
 * @returns [T, S], each row adding up to 1
 */
export function filterHmm(model: Hmm, x: Float64Array): Float64Array {
  const S = model.start.length;
  const forward = new Float64Array(x.length * S);
  pass(model, x, new Float64Array(x.length * S), forward, new Float64Array(x.length));
  return forward;
}

/** Forward pass, scaled to add up to 1 at each step. Returns the log-likelihood. */
function pass(
  { start, transition, mean, variance }: Hmm,
  x: Float64Array,
  emission: Float64Array,
  forward: Float64Array,
  scale: Float64Array,
): number {
  const S = start.length;
  let total = 0;
  for (let t = 0; t < x.length; t++) {
    // Densities relative to the largest one, so that an outlier far from all states does not make them all 0.
    let top = -Infinity;
    for (let s = 0; s < S; s++) {
      const d = x[t] - mean[s];
      const log = -0.5 * (Math.log(2 * Math.PI * variance[s]) + d * d / variance[s]);
      emission[t * S + s] = log;
      if (log > top) top = log;
    }
    let sum = 0;
    for (let s = 0; s < S; s++) {
      emission[t * S + s] = Math.exp(emission[t * S + s] - top);
      let prior = start[s];
      if (t > 0) {
        prior = 0;
        for (let from = 0; from < S; from++) prior += forward[(t - 1) * S + from] * transition[from * S + s];
      }
      sum += forward[t * S + s] = prior * emission[t * S + s];
    }
    for (let s = 0; s < S; s++) forward[t * S + s] = sum > 0 ? forward[t * S + s] / sum : 1 / S;
    scale[t] = sum > 0 ? sum : Number.MIN_VALUE;
    total += Math.log(scale[t]) + top;
  }
  return total;
}

/** Backward pass with the forward pass's scale. */
function lookBack(
  { start, transition }: Hmm,
  emission: Float64Array,
  scale: Float64Array,
  backward: Float64Array,
): void {
  const S = start.length;
  const T = scale.length;
  backward.fill(1, (T - 1) * S);
  for (let t = T - 2; t >= 0; t--) {
    for (let s = 0; s < S; s++) {
      let sum = 0;
      for (let to = 0; to < S; to++) {
        sum += transition[s * S + to] * emission[(t + 1) * S + to] * backward[(t + 1) * S + to];
      }
      backward[t * S + s] = sum / scale[t + 1];
    }
  }
}

/** The model that fits best, given how likely each state was at each observation. */
function maximise(
  x: Float64Array,
  { start, transition }: Hmm,
  emission: Float64Array,
  forward: Float64Array,
  backward: Float64Array,
  scale: Float64Array,
  floor: number,
): Hmm {
  const S = start.length;
  const T = x.length;
  const column = () => new Float64Array(S);
  const [weight, sum, squares] = [column(), column(), column()];
  const next = { start: column(), transition: new Float64Array(S * S), mean: column(), variance: column() };
  for (let t = 0; t < T; t++) {
    for (let s = 0; s < S; s++) {
      const share = forward[t * S + s] * backward[t * S + s];
      if (t === 0) next.start[s] = share;
      weight[s] += share;
      sum[s] += share * x[t];
      if (t + 1 === T) continue;
      for (let to = 0; to < S; to++) {
        next.transition[s * S + to] += forward[t * S + s] * transition[s * S + to] * emission[(t + 1) * S + to] *
          backward[(t + 1) * S + to] / scale[t + 1];
      }
    }
  }
  for (let s = 0; s < S; s++) {
    next.mean[s] = sum[s] / weight[s];
    let row = 0;
    for (let to = 0; to < S; to++) row += next.transition[s * S + to];
    for (let to = 0; to < S; to++) {
      next.transition[s * S + to] = row > 0 ? next.transition[s * S + to] / row : transition[s * S + to];
    }
  }
  for (let t = 0; t < T; t++) {
    for (let s = 0; s < S; s++) {
      squares[s] += forward[t * S + s] * backward[t * S + s] * (x[t] - next.mean[s]) ** 2;
    }
  }
  for (let s = 0; s < S; s++) next.variance[s] = Math.max(floor, squares[s] / weight[s]);
  return next;
}

/** States by how far observations lie from the mean: equal counts from calm to wild, which seldom change. */
function startingPoint(x: Float64Array, S: number): Hmm {
  const centre = x.reduce((sum, value) => sum + value, 0) / x.length;
  const squares = x.map((value) => (value - centre) ** 2).sort();
  const group = x.length / S;
  const variance = Float64Array.from({ length: S }, (_, s) => {
    const part = squares.subarray(Math.floor(s * group), Math.floor((s + 1) * group));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const top = variance[S - 1];
  return {
    start: new Float64Array(S).fill(1 / S),
    transition: Float64Array.from({ length: S * S }, (_, i) => i % (S + 1) === 0 ? 0.95 : 0.05 / (S - 1)),
    mean: new Float64Array(S).fill(centre),
    variance: variance.map((value) => Math.max(value, 1e-4 * top)),
  };
}

/** The same model with its states from calm to wild. */
export function byVariance({ start, transition, mean, variance }: Hmm): Hmm {
  const S = start.length;
  const order = Array.from(variance.keys()).sort((a, b) => variance[a] - variance[b]);
  const pick = (values: Float64Array) => Float64Array.from(order, (s) => values[s]);
  return {
    start: pick(start),
    transition: Float64Array.from({ length: S * S }, (_, i) => transition[order[Math.floor(i / S)] * S + order[i % S]]),
    mean: pick(mean),
    variance: pick(variance),
  };
}

function spread(x: Float64Array): number {
  const centre = x.reduce((sum, value) => sum + value, 0) / x.length;
  return x.reduce((sum, value) => sum + (value - centre) ** 2, 0) / x.length;
}

function check(x: Float64Array, S: number): void {
  if (!(Number.isInteger(S) && S >= 2 && S <= 4)) {
    throw new RangeError(`Cannot fit a hidden Markov model as it must have 2 to 4 states: current value is ${S}`);
  }
  if (x.length < 10 * S) {
    throw new RangeError(
      `Cannot fit ${S} states as there must be at least ${10 * S} observations: current value is ${x.length}`,
    );
  }
  const bad = x.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw new RangeError(`Cannot fit states as observations must be numbers: the one at ${bad} is ${x[bad]}`);
  }
  if (!x.some((value) => value !== x[0])) {
    throw new RangeError(`Cannot fit states as observations must vary: all are ${x[0]}`);
  }
}
