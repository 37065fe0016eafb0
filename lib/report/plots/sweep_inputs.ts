/** What a sweep searched for one setting: a range or a choice, as a space has it. */
export type Searched =
  | { readonly kind: "float" | "int"; readonly min: number; readonly max: number; readonly log: boolean }
  | { readonly kind: "choice"; readonly values: readonly (number | string | boolean)[] };

/** A trial of a sweep, as figures show it. */
export interface SweepTrial {
  readonly trial: number;
  readonly state: "running" | "finished" | "pruned" | "failed";
  readonly value: number | null; // objective, higher is better; of one that was given up the last it came to
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly reports: readonly { readonly step: number; readonly value: number }[];
}

/** The finished trial of the highest value, the first of equals. */
export function bestTrial<T extends SweepTrial>(trials: readonly T[]): T | undefined {
  return trials.reduce<T | undefined>(
    (best, one) => one.state === "finished" && Number(one.value) > (best?.value ?? -Infinity) ? one : best,
    undefined,
  );
}

/** Trials with a value, at most `most`: the best tenth of those, and the others evenly. In the order of their numbers. */
export function shownTrials<T extends SweepTrial>(trials: readonly T[], most: number): T[] {
  const valued = trials.filter(({ value }) => value !== null && Number.isFinite(value));
  if (valued.length <= most) return [...valued];
  const ranked = valued.toSorted((a, b) => b.value! - a.value!);
  const top = Math.floor(most / 10);
  const step = (ranked.length - top) / (most - top);
  const kept = new Set(
    Array.from({ length: most }, (_, i) => ranked[i < top ? i : top + Math.floor((i - top) * step)]),
  );
  return valued.filter((one) => kept.has(one));
}

/** Where a value lies on the axis of its setting, 0..1; nothing for one that was not there. */
export function placeOf(searched: Searched, value: number | string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (searched.kind === "choice") {
    return searched.values.length === 1 ? 0.5 : searched.values.indexOf(value) / (searched.values.length - 1);
  }
  const { min, max, log } = searched;
  if (max === min) return 0.5;
  return log ? Math.log(Number(value) / min) / Math.log(max / min) : (Number(value) - min) / (max - min);
}

/** `learning_rate` of `ppo.learning_rate`: the section only where two settings would be called the same. */
export function shortNames(names: readonly string[]): Map<string, string> {
  const last = (name: string) => name.slice(name.indexOf(".") + 1);
  const twice = (short: string) => names.filter((name) => last(name) === short).length > 1;
  return new Map(names.map((name) => [name, twice(last(name)) ? name : last(name)]));
}

/** Throws unless there is a trial with a value. */
export function checkTrials(what: string, trials: readonly SweepTrial[]): void {
  if (trials.some(({ value }) => value !== null && Number.isFinite(value))) return;
  throw new RangeError(
    `Cannot draw ${what} as there must be a trial with a value: there are ${trials.length} trials and none has`,
  );
}
