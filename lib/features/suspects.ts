import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";
import { quantile, ranks } from "../base/stats.ts";
import { type Candles, columns as ownColumns } from "../market/candles.ts";

/** Why a column that came with the data looks as if it knew the future. */
export interface Suspicion {
  readonly column: string;
  /** Bars ahead of which it seems to know. */
  readonly ahead: number;
  /** Share of that bar's return that it explains: the square of Spearman's rank correlation. 1 for a copy. */
  readonly explained: number;
  /** The same for the return of the bar before, which it may know. */
  readonly explainedPast: number;
  /** In words. */
  readonly reason: string;
}

/** What was found; `label`, `verdict` and `passed` make it a report's badge. */
export interface SuspicionVerdict {
  readonly label: string;
  readonly verdict: string;
  readonly passed: boolean;
  readonly suspicions: readonly Suspicion[];
  readonly columns: readonly string[];
}

export interface SuspectOptions {
  /** Columns to look at [T] each; the data's own further columns unless given. */
  readonly columns?: Readonly<Record<string, ArrayLike<number>>>;
  /** Share of a later bar's return from which on a column is suspect. A fair signal explains well under 1 %. */
  readonly threshold?: number;
  /** Bars ahead to look. */
  readonly leads?: number;
}

/**
 * Looks for columns that know the future, where that can only be guessed: numbers that came with the data cannot be
 * computed again without the later bars, as `checkLeaks` does.
 *
 * A column is *suspect*, which is no proof, when it repeats a price or volume of a later bar, or when its value, its
 * change, or its ratio to the close explains more of a later bar's return than any fair signal does. Not found: what
 * knows the future and says nothing of returns (a z-score over all the data, the next bar's volume rescaled).
 *
 * @throws {RangeError} if a column's length is not the candles'
 */
export function suspectColumns(candles: Candles, options: SuspectOptions = {}): SuspicionVerdict & Displayable {
  const { columns = candles.extra, threshold = 0.05, leads = 5 } = options;
  const names = Object.keys(columns);
  const returns = rankedAroundZero(candles.$close.map((close, t) => Math.log(close / candles.$close[t - 1])));
  const suspicions = names.flatMap((name) => {
    if (columns[name].length !== candles.length) {
      throw new RangeError(
        `Cannot look into the column "${name}" as it must have ${candles.length} values: it has ${
          columns[name].length
        }`,
      );
    }
    return copyOf(candles, name, columns[name], leads) ??
      foreknowledge(candles, name, columns[name], returns, threshold, leads) ?? [];
  });
  return conclude(suspicions, names);
}

/** A column of the candles, some bars later. */
function copyOf(candles: Candles, name: string, x: ArrayLike<number>, leads: number): Suspicion | undefined {
  for (let lead = 1; lead <= leads; lead++) {
    for (const own of ownColumns) {
      const later = candles[own];
      let [same, told] = [0, 0];
      for (let t = 0; t + lead < candles.length; t++) {
        // Nothing is told where the column stands still, nor by an open that is the close before it.
        const known = later[t] === later[t + lead] ||
          (own === "$open" && later[t + lead] === candles.$close[t + lead - 1]);
        if (known || Number.isNaN(x[t])) continue;
        told++;
        if (x[t] === later[t + lead]) same++;
      }
      if (told < 30 || same < 0.9 * told) continue;
      const reason = `${name} is ${own} of ${bars(lead)} later, at ${percent(same / told)} of bars`;
      return { column: name, ahead: lead, explained: 1, explainedPast: 0, reason };
    }
  }
}

function foreknowledge(
  candles: Candles,
  name: string,
  x: ArrayLike<number>,
  returns: Float64Array, // ranked
  threshold: number,
  leads: number,
): Suspicion | undefined {
  let worst: Suspicion | undefined;
  for (const [form, values] of forms(candles, x)) {
    const ranked = rankedAroundZero(values);
    for (let lead = 1; lead <= leads; lead++) {
      const [ic, pairs] = correlationAt(ranked, returns, lead);
      const explained = ic * ic;
      // Five standard errors: dozens of columns, forms and leads are tried.
      if (!(explained >= threshold && Math.abs(ic) * Math.sqrt(pairs) > 5)) continue;
      if (worst && worst.explained >= explained) continue;
      const past = correlationAt(ranked, returns, 0)[0] ** 2;
      const which = lead === 1 ? "the next bar's return" : `the return of ${bars(lead)} later`;
      const reason = `${form} explains ${percent(explained)} of ${which} (and ${percent(past)} of the bar's own)`;
      worst = { column: name, ahead: lead, explained, explainedPast: past, reason: reason.replace("it", name) };
    }
  }
  return worst;
}

/** What of a column may tell of a return: a level does so by its change, a price by how far it is from the close. */
function forms(candles: Candles, x: ArrayLike<number>): [string, Float64Array][] {
  const value = Float64Array.from(x);
  const change = value.map((now, t) => now - value[t - 1]);
  const ratio = value.map((now, t) => now / candles.$close[t]);
  const known = ratio.filter((r) => Number.isFinite(r));
  const pricelike = known.length > 0 && quantile(known, 0.05) > 0.2 && quantile(known, 0.95) < 5;
  const found: [string, Float64Array][] = [["it", value], ["the change of it", change]];
  return pricelike ? [...found, ["the ratio of it to the close", ratio]] : found;
}

/** Ranks of the finite values, moved to have mean 0; NaN for the others. */
function rankedAroundZero(values: Float64Array): Float64Array {
  const finite = ranks(values.filter(Number.isFinite));
  let next = 0;
  return values.map((x) => (Number.isFinite(x) ? finite[next++] - (finite.length + 1) / 2 : NaN));
}

/** Pearson's correlation of x[t] with y[t + lead] where both are known, and of how many pairs; NaN without variation. */
function correlationAt(x: Float64Array, y: Float64Array, lead: number): [number, number] {
  let [pairs, sumX, sumY, xx, xy, yy] = [0, 0, 0, 0, 0, 0];
  for (let t = 0; t + lead < x.length; t++) {
    const [a, b] = [x[t], y[t + lead]];
    if (a !== a || b !== b) continue;
    pairs++;
    sumX += a;
    sumY += b;
    xx += a * a;
    xy += a * b;
    yy += b * b;
  }
  const [varX, varY] = [xx - sumX * sumX / pairs, yy - sumY * sumY / pairs];
  return [varX > 0 && varY > 0 ? (xy - sumX * sumY / pairs) / Math.sqrt(varX * varY) : NaN, pairs];
}

const bars = (count: number) => `${count} bar${count === 1 ? "" : "s"}`;
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

function conclude(suspicions: readonly Suspicion[], columns: readonly string[]): SuspicionVerdict & Displayable {
  const passed = suspicions.length === 0;
  const list = suspicions.slice(0, 3).map(({ reason }) => reason).join("; ");
  const verdict = columns.length === 0
    ? "there are no further columns"
    : passed
    ? `none of ${bars(columns.length).replace("bar", "column")} explains later returns suspiciously well`
    : `suspicious, not proof: ${list}${suspicions.length > 3 ? "; …" : ""}`;
  const label = passed ? "No suspect columns" : "Suspect columns";
  const content: SuspicionVerdict = { label, verdict, passed, suspicions, columns };
  return displayed(content, () => ({
    "text/plain": `${label}: ${verdict}`,
    "text/html": `<p><strong>${passed ? "✓" : "?"} ${label}.</strong> ${escapeHtml(verdict)}</p>`,
  }));
}
