/** Bars `from` (inclusive) to `to` (exclusive). */
export interface BarRange {
  readonly from: number;
  readonly to: number;
}

/** Three spans of time, in order, with nothing of one to be seen from the next. */
export interface Split {
  readonly train: BarRange;
  readonly validation: BarRange; // empty (`from === to`) when no share was given to it
  readonly test: BarRange;
}

/** How to divide bars. Shares are of the bars that remain when warm-up and gaps are taken off; they add up to 1. */
export interface SplitOptions {
  readonly train?: number;
  readonly validation?: number;
  readonly test?: number;
  /** Bars left out between two spans: at least the longest look-back of features or label, so that none straddles. */
  readonly embargo?: number;
  /** First usable bar: a feature matrix's `warmup`. */
  readonly warmup?: number;
}

/**
 * Divides bars by time: train, a gap, validation, a gap, test. The last bar of each span is older than every bar of the
 * next, always; nothing is shuffled.
 *
 * @throws {RangeError} if the shares are not of 0..1 adding up to 1, or a span would be empty
 */
export function split(length: number, options: SplitOptions = {}): Split {
  const { train = 0.7, validation = 0.15, test = 0.15, embargo = 0, warmup = 0 } = options;
  const shares = { train, validation, test };
  for (const [name, share] of Object.entries(shares)) {
    if (share >= 0 && share <= 1) continue;
    throw new RangeError(`Cannot split the bars as ${name} must be a share in 0..1: current value is ${share}`);
  }
  if (Math.abs(train + validation + test - 1) > 1e-9) {
    throw new RangeError(
      `Cannot split the bars as train, validation and test must add up to 1: ${train} + ${validation} + ${test} = ${
        Number((train + validation + test).toPrecision(12))
      }`,
    );
  }
  whole("split the bars", { length, embargo, warmup });
  const gaps = Math.max(0, Object.values(shares).filter((share) => share > 0).length - 1) * embargo;
  const usable = length - warmup - gaps;
  const sizes = {
    train: Math.floor(usable * train + 1e-9),
    validation: Math.floor(usable * validation + 1e-9),
    test: 0,
  };
  // What rounding leaves over belongs to the last span that has a share.
  if (test > 0) sizes.test = usable - sizes.train - sizes.validation;
  else if (validation > 0) sizes.validation = usable - sizes.train;
  for (const name of ["train", "validation", "test"] as const) {
    if (shares[name] === 0 || sizes[name] >= 1) continue;
    throw new RangeError(
      `Cannot split ${length} bars as nothing is left for ${name}: ${warmup} of warm-up and ${gaps} of embargo leave ` +
        `${Math.max(0, usable)}, of which ${name} gets ${shares[name]}`,
    );
  }
  let next = warmup;
  const take = (bars: number): BarRange => {
    const range = { from: next, to: next + bars };
    if (bars > 0) next = range.to + embargo;
    return range;
  };
  return { train: take(sizes.train), validation: take(sizes.validation), test: lastOf(take(sizes.test), length) };
}

/** An empty span sits at the end, not behind a gap that nothing needs. */
const lastOf = (range: BarRange, length: number): BarRange =>
  range.from === range.to ? { from: length, to: length } : range;

/** One step of a walk-forward: fit on `train`, choose on `validation` (may be empty), report `test`. */
export interface Fold extends Split {
  readonly index: number;
}

/** Lengths in bars. */
export interface WalkForwardOptions {
  readonly train: number;
  /** Bars of each test span. Instead of it, `folds` says how many tests shall fill the bars that remain. */
  readonly test?: number;
  readonly folds?: number;
  readonly validation?: number;
  /** Bars from one fold to the next; default `test`, so that the tests tile time and can be joined. */
  readonly step?: number;
  /** Bars cut from the end of train and validation, whose labels reach into the next span: the label's horizon. */
  readonly purge?: number;
  /** Further bars left out after that cut. */
  readonly embargo?: number;
  /** Train always begins at the first usable bar and grows, instead of moving along. */
  readonly anchored?: boolean;
  /** First usable bar. */
  readonly warmup?: number;
}

/**
 * Walks through time: each fold fits on older bars than it is tested on, purged and embargoed (López de Prado 2018,
 * Advances in Financial Machine Learning, ch. 7). Only whole test spans are used; `train` counts the bars before the
 * purge takes its share.
 *
 * @throws {RangeError} if not even one fold fits, or the purge leaves nothing to train on
 */
export function walkForward(length: number, options: WalkForwardOptions): Fold[] {
  const { train, validation = 0, purge = 0, embargo = 0, anchored = false, warmup = 0 } = options;
  if ((options.test === undefined) === (options.folds === undefined)) {
    throw new RangeError("Cannot walk forward as either test (bars) or folds (a count) must be given, and not both");
  }
  const head = train + embargo + (validation > 0 ? validation + embargo : 0);
  const test = options.test ?? Math.floor((length - warmup - head) / Math.max(1, options.folds ?? 1));
  const step = options.step ?? test;
  whole("walk forward", { length, train, validation, purge, embargo, warmup });
  if (options.folds !== undefined) positive("walk forward", { folds: options.folds });
  if (test < 1 || warmup + head + test > length) {
    throw new RangeError(
      `Cannot walk forward over ${length} bars as one fold needs ${head} before its test, ${Math.max(1, test)} for it` +
        `${warmup > 0 ? ` and ${warmup} of warm-up` : ""}: take shorter spans or more bars`,
    );
  }
  positive("walk forward", { train, test, step });
  if (purge >= train || (validation > 0 && purge >= validation)) {
    throw new RangeError(`Cannot walk forward as a purge of ${purge} bars leaves nothing to fit on`);
  }
  const folds: Fold[] = [];
  for (let at = warmup; at + head + test <= length; at += step) {
    if (options.folds !== undefined && folds.length === options.folds) break;
    const trained = at + train;
    const tested = at + head;
    folds.push({
      index: folds.length,
      train: { from: anchored ? warmup : at, to: trained - purge },
      validation: validation > 0
        ? { from: trained + embargo, to: trained + embargo + validation - purge }
        : { from: tested, to: tested },
      test: { from: tested, to: tested + test },
    });
  }
  return folds;
}

function whole(what: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new RangeError(`Cannot ${what} as ${name} must be a whole number of bars: current value is ${value}`);
  }
}

function positive(what: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new RangeError(`Cannot ${what} as ${name} must be a positive whole number: current value is ${value}`);
  }
}
