import { quantileSorted } from "../base/stats.ts";
import type { Sample } from "./metrics.ts";

/** A part of the work and what it took. */
export interface Part {
  readonly part: string;
  readonly seconds: number;
  readonly share: number; // 0..1 of all
}

/**
 * Where time went, the largest part first; `other` is what no part says, and left out when it is below a thousandth.
 *
 * @param parts seconds by name; they must not overlap
 * @param seconds all of it
 */
export function whereTimeGoes(parts: Readonly<Record<string, number>>, seconds: number): Part[] {
  const named = Object.entries(parts);
  const other = seconds - named.reduce((sum, [, spent]) => sum + spent, 0);
  const all = other > 1e-3 * seconds ? [...named, ["other", other] as const] : named;
  return all.map(([part, spent]) => ({ part, seconds: spent, share: spent / seconds }))
    .toSorted((a, b) => b.seconds - a.seconds);
}

/** Sum of the parts over samples. */
export function partsOf(samples: readonly Sample[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { parts } of samples) {
    for (const [part, seconds] of Object.entries(parts)) sums[part] = (sums[part] ?? 0) + seconds;
  }
  return sums;
}

/** A straight line that outliers don't move. */
export interface RobustLine {
  readonly slope: number; // of y per x
  readonly low: number; // 95 % interval of the slope
  readonly high: number;
  readonly middle: number; // median of y
}

/**
 * Theil's and Sen's line: the median of the slopes between all pairs of points, with Sen's interval from Kendall's tau
 * (Sen 1968, "Estimates of the regression coefficient based on Kendall's tau"). At most 300 points are taken, blocks of
 * more by their medians. NaN of fewer than 3.
 */
export function theilSen(x: ArrayLike<number>, y: ArrayLike<number>): RobustLine {
  const points = thinned(x, y);
  const n = points.length;
  if (n < 3) return { slope: NaN, low: NaN, high: NaN, middle: NaN };
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const [run, rise] = [points[j][0] - points[i][0], points[j][1] - points[i][1]];
      if (run !== 0) slopes.push(rise / run);
    }
  }
  const sorted = Float64Array.from(slopes).sort();
  const reach = 1.96 * Math.sqrt(n * (n - 1) * (2 * n + 5) / 18) / 2; // half of z × sd of Kendall's sum, in pairs
  const at = (place: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(place)))];
  return {
    slope: quantileSorted(sorted, 0.5),
    low: at(sorted.length / 2 - reach),
    high: at(sorted.length / 2 + reach),
    middle: quantileSorted(Float64Array.from(points, ([, value]) => value).sort(), 0.5),
  };
}

function thinned(x: ArrayLike<number>, y: ArrayLike<number>): (readonly [number, number])[] {
  const all = Array.from(x, (value, i) => [value, y[i]] as const).filter(([a, b]) => Number.isFinite(a + b));
  const size = Math.ceil(all.length / 300);
  if (size <= 1) return all;
  const median = (values: readonly number[]) => quantileSorted(Float64Array.from(values).sort(), 0.5);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => {
    const block = all.slice(i * size, (i + 1) * size);
    return [median(block.map(([a]) => a)), median(block.map(([, b]) => b))] as const;
  });
}

/** Whether memory grows, and how fast. */
export interface MemoryTrend {
  readonly verdict: "grows" | "steady" | "shrinks" | "too short to say";
  readonly perMinute: number; // bytes
  readonly text: string;
}

const WARM_UP = 0.25; // share of the time in which memory may grow as it likes: code, buffers, caches
const LEAST = 60_000; // ms: in less all programs grow
const NOTICEABLE = 0.02; // growth over the rest, as share of the level

/**
 * Whether memory grows after a warm-up of a quarter of the time: a robust slope that is surely not 0 and comes to more
 * than 2 % of the level over the time seen.
 *
 * @param times ms
 * @param bytes resident memory then
 * @param free bytes that are left, to say when they will be gone
 */
export function memoryTrend(times: ArrayLike<number>, bytes: ArrayLike<number>, free = NaN): MemoryTrend {
  const n = times.length;
  const from = n > 0 ? times[0] + WARM_UP * (times[n - 1] - times[0]) : 0;
  const rows = Array.from({ length: n }, (_, i) => i).filter((i) => times[i] >= from && bytes[i] > 0);
  const minutes = rows.map((i) => (times[i] - from) / 60_000);
  const { slope, low, high, middle } = theilSen(minutes, rows.map((i) => bytes[i]));
  if (rows.length < 8 || times[n - 1] - times[0] < LEAST) {
    return { verdict: "too short to say", perMinute: slope, text: "too short to say whether memory grows" };
  }
  const grown = slope * (minutes.at(-1)! - minutes[0]);
  const level = `at ${megabytes(middle)}`;
  if (Math.abs(grown) < NOTICEABLE * middle || (low <= 0 && high >= 0)) {
    return { verdict: "steady", perMinute: slope, text: `memory is steady ${level}` };
  }
  const speed = perMinute(Math.abs(slope));
  if (slope < 0) return { verdict: "shrinks", perMinute: slope, text: `memory shrinks ${speed} ${level}` };
  const left = free / slope; // minutes
  const until = left < 24 * 60 ? `: the ${megabytes(free)} that are free are gone in ${spanOf(left)}` : "";
  return { verdict: "grows", perMinute: slope, text: `memory grows ${speed} ${level}${until}` };
}

function perMinute(bytes: number): string {
  const mega = bytes / 1e6;
  return `${mega >= 10 ? mega.toFixed(0) : Number(mega.toPrecision(2))} MB/min`;
}

const megabytes = (bytes: number) =>
  bytes >= 1e10 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(0)} MB`;
const spanOf = (minutes: number) => minutes < 90 ? `${minutes.toFixed(0)} min` : `${(minutes / 60).toFixed(1)} h`;

/** What was seen of a run, for advice. */
export interface Seen {
  readonly samples: readonly Sample[];
  readonly parts: readonly Part[];
  readonly cores: number;
}

/**
 * What to change, in words, most useful first; what is fine is not mentioned. Parts are `update` (learning), `look` (asking
 * the policy), `env` and `validate`.
 */
export function advise({ samples, parts, cores }: Seen): string[] {
  const last = samples.slice(Math.floor(samples.length / 4)); // the start loads code
  if (last.length === 0) return [];
  const median = (of: (sample: Sample) => number) =>
    quantileSorted(Float64Array.from(last, of).filter((value) => !Number.isNaN(value)).sort(), 0.5);
  const share = (part: string) => parts.find((one) => one.part === part)?.share ?? 0;
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
  const advice: string[] = [];

  const trend = memoryTrend(
    last.map(({ time }) => time),
    last.map(({ ownRss, workersRss }) => ownRss + (workersRss || 0)),
    median(({ memory, memoryTotal }) => memoryTotal - memory),
  );
  if (trend.verdict === "grows") advice.push(`${trend.text}. Something is kept that should be let go.`);
  const memory = median((sample) => sample.memory / sample.memoryTotal);
  if (memory > 0.9) {
    advice.push(`${percent(memory)} of the machine's memory is in use: fewer workers, or a limit of bytes per trial.`);
  }
  const used = median(({ ownCpu, workersCpu }) => ownCpu + (workersCpu || 0));
  const others = median(({ cpu }) => cpu) * cores - used;
  if (others > 0.5) {
    advice.push(
      `Other programs use ${
        others.toFixed(1)
      } of the ${cores} cores: what is measured now is less than this machine can do.`,
    );
  } else if (used < 0.6 * cores) {
    advice.push(`${used.toFixed(1)} of ${cores} cores are used: another worker, or more threads, would use the rest.`);
  }
  const gpus = Math.max(0, ...last.at(-1)!.gpus.map(({ gpu }) => gpu + 1));
  for (let gpu = 0; gpu < gpus; gpu++) {
    const busy = median(({ gpus }) => gpus.find((one) => one.gpu === gpu)?.utilization ?? NaN);
    if (busy < 0.5) advice.push(`GPU ${gpu} works ${percent(busy)} of the time: larger batches, or more trials on it.`);
  }
  if (share("look") > 0.35) {
    advice.push(
      `${
        percent(share("look"))
      } of the time asks the policy what to do: more env rows (env.n_envs) ask for more at once.`,
    );
  }
  if (share("env") > 0.35) {
    advice.push(
      `${percent(share("env"))} of the time steps the env, on one core: more workers gain more than more threads.`,
    );
  }
  if (share("validate") > 0.25) {
    advice.push(
      `${
        percent(share("validate"))
      } of the time tries the policy on the validation part: less often (train.eval_freq) ` +
        `leaves more for learning.`,
    );
  }
  if (share("update") > 0.7) {
    advice.push(
      `${
        percent(share("update"))
      } of the time learns: larger batches (ppo.batch_size), fewer epochs or a smaller network.`,
    );
  }
  return advice;
}
