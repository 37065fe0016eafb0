/** How long things took, counted in buckets whose width is 1/16 of their size: flat memory, quantiles within 6 %. */
export interface Latency {
  /** @param ms how long it took */
  add(ms: number): void;
  readonly count: number;
  readonly max: number; // ms
  /** The time that a share `q` of all were within, ms: the upper end of its bucket; NaN without any. */
  quantile(q: number): number;
  /** Buckets that hold something: upper end, ms, and how many. */
  readonly buckets: readonly (readonly [ms: number, count: number])[];
}

const PARTS = 16; // buckets per doubling
const LEAST = 1e-3; // ms: shorter counts as this

/** An empty histogram, from a microsecond to hours. */
export function latency(): Latency {
  const counts = new Uint32Array(36 * PARTS); // 36 doublings of a microsecond are 19 hours
  let [count, max] = [0, 0];
  const end = (i: number) => LEAST * 2 ** Math.floor(i / PARTS) * (1 + (i % PARTS + 1) / PARTS);
  const bucketOf = (ms: number) => {
    const doublings = Math.floor(Math.log2(Math.max(LEAST, ms) / LEAST));
    const within = Math.max(LEAST, ms) / LEAST / 2 ** doublings - 1;
    return Math.min(counts.length - 1, doublings * PARTS + Math.min(PARTS - 1, Math.floor(within * PARTS)));
  };
  return {
    add(ms) {
      counts[bucketOf(ms)]++;
      count++;
      if (ms > max) max = ms;
    },
    get count() {
      return count;
    },
    get max() {
      return max;
    },
    quantile(q) {
      let left = Math.max(1, Math.ceil(q * count));
      for (let i = 0; i < counts.length; i++) if ((left -= counts[i]) <= 0) return Math.min(end(i), max);
      return NaN;
    },
    get buckets() {
      return Array.from(counts.entries()).filter(([, n]) => n > 0).map(([i, n]) => [end(i), n] as const);
    },
  };
}

/** "p50 1.2 ms, p99 3.4 ms, longest 8.1 ms" */
export function latencyText(times: Latency): string {
  if (times.count === 0) return "no decisions yet";
  const ms = (value: number) => `${Number(value.toPrecision(2))} ms`;
  return `p50 ${ms(times.quantile(0.5))}, p99 ${ms(times.quantile(0.99))}, longest ${ms(times.max)}`;
}
