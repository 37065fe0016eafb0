import { mean, std } from "../base/stats.ts";

/** One value of each setting. */
export type Sizes = Readonly<Record<string, number>>;

/** Settings and what each may be, rising. */
export type SizeAxes = Readonly<Record<string, readonly number[]>>;

/** How long it is searched, and what counts as better. */
export interface SizeSearch {
  readonly start?: Sizes; // the middles unless given
  /** Measurements that may be made. */
  readonly budget?: number; // 60
  /** Less than this share of gain is none: then the smaller setting stays. */
  readonly gain?: number; // 0.03
  readonly onMeasured?: (measured: Measured) => void;
}

/** A setting and what was measured of it. */
export interface Measured {
  readonly sizes: Sizes;
  readonly throughput: number; // mean of its measurements, in the unit of `measure`; 0 where it can't run
  readonly error: number; // standard error; NaN of one measurement
  readonly times: number; // measurements
}

/** What came out of a search. */
export interface SizesFound {
  readonly best: Measured;
  /** Everything that was measured, the fastest first. */
  readonly measured: readonly Measured[];
}

/**
 * Finds the sizes that get most done, by measuring: along one axis after the other it climbs from where it stands to
 * neighbours and on while they are faster (throughput along batch size, rows and threads rises and falls once), until a
 * whole round moves nothing; then the best few are measured anew, half of them dropped each time (successive halving,
 * Jamieson & Talwalkar 2016), as the first look favours the lucky.
 *
 * @param measure throughput of a setting, noisy; 0 or less where it can't run
 * @throws {RangeError} if an axis is empty or does not rise, or the start is not on it
 */
export async function findSizes(
  axes: SizeAxes,
  measure: (sizes: Sizes) => number | Promise<number>,
  { start, budget = 60, gain = 0.03, onMeasured = () => {} }: SizeSearch = {},
): Promise<SizesFound> {
  const names = Object.keys(axes);
  for (const name of names) {
    const values = axes[name];
    if (values.length === 0 || values.some((value, i) => i > 0 && value <= values[i - 1])) {
      throw new RangeError(`Cannot search ${name} as its values must rise: current value is ${values.join(", ")}`);
    }
    if (start && !values.includes(start[name])) {
      throw new RangeError(
        `Cannot search ${name} from ${start[name]} as it must be one of ${values.join(", ")}`,
      );
    }
  }
  const seen = new Map<string, { readonly place: readonly number[]; readonly values: number[] }>();
  let left = budget;
  const sizesAt = (place: readonly number[]): Sizes =>
    Object.fromEntries(names.map((name, i) => [name, axes[name][place[i]]]));
  const entry = (place: readonly number[]) => {
    const key = place.join();
    if (!seen.has(key)) seen.set(key, { place, values: [] });
    return seen.get(key)!;
  };
  const measured = ({ place, values }: ReturnType<typeof entry>): Measured => ({
    sizes: sizesAt(place),
    throughput: mean(values),
    error: std(values) / Math.sqrt(values.length),
    times: values.length,
  });
  const look = async (place: readonly number[]): Promise<number> => {
    const one = entry(place);
    one.values.push(Math.max(0, await measure(sizesAt(place))));
    left--;
    onMeasured(measured(one));
    return mean(one.values);
  };
  const fastest = () => Math.max(...Array.from(seen.values(), ({ values }) => mean(values)));
  const known = async (place: readonly number[]): Promise<number> =>
    seen.has(place.join()) ? mean(entry(place).values) : await look(place);

  let place: readonly number[] = names.map((name) => start ? axes[name].indexOf(start[name]) : axes[name].length >> 1);
  await look(place);
  const final = Math.floor(budget / 3); // kept for the halving
  for (let moved = true; moved && left > final;) {
    moved = false;
    for (const [i, name] of names.entries()) {
      for (const step of [1, -1]) {
        for (;;) {
          const at = place[i] + step;
          if (at < 0 || at >= axes[name].length || left <= final) break;
          const next = place.with(i, at);
          // Upwards it must be worth it; downwards as good as the best is enough: smaller sizes learn from fewer steps.
          const reached = await known(next);
          const takes = step > 0 ? reached > (1 + gain) * await known(place) : reached * (1 + gain) >= fastest();
          if (!takes) break;
          place = next;
          moved = true;
        }
      }
    }
  }

  let rest = [...seen.values()].toSorted((a, b) => mean(b.values) - mean(a.values)).slice(0, 8);
  while (rest.length > 1 && left >= rest.length) {
    for (const { place } of rest) await look(place);
    rest = rest.toSorted((a, b) => mean(b.values) - mean(a.values)).slice(0, Math.ceil(rest.length / 2));
  }
  const ranked = [...seen.values()].toSorted((a, b) => mean(b.values) - mean(a.values));
  const again = ranked.filter(({ values }) => values.length > 1);
  const sure = again.length > 0 ? again : ranked;
  const top = mean(rest[0].values);
  const near = sure.filter(({ values }) => mean(values) * (1 + gain) >= top);
  const smallest = near.toSorted((a, b) => a.place.reduce((sum, at, i) => sum + at - b.place[i], 0))[0];
  return { best: measured(smallest), measured: ranked.map(measured) };
}

/** Powers of two from `from` to `to`, both among them if they are such. */
export function powersOfTwo(from: number, to: number): number[] {
  const least = Math.ceil(Math.log2(from));
  const most = Math.floor(Math.log2(to));
  return Array.from({ length: Math.max(0, most - least + 1) }, (_, i) => 2 ** (least + i));
}
