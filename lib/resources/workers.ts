import { quantile } from "../base/stats.ts";

/** What some workers got done together over a while in which all of them were busy. */
export interface Window {
  readonly workers: number;
  readonly throughput: number; // units of work a second, all workers together
}

/** How the number of workers is chosen. */
export interface WorkerRule {
  readonly min?: number; // 2
  readonly max?: number; // 8
  /** Another worker stays if it adds this share of what a worker did before it came. */
  readonly up?: number; // 0.4
  /** A worker goes if it adds less than this share. Between the two what is there stays. */
  readonly down?: number; // 0.2
  /** Windows that a number of workers is watched for before it is judged. */
  readonly windows?: number; // 4
  /** Windows after which what was measured is too old to count, and what was turned down is tried again. */
  readonly memory?: number; // 120
}

/** What to do, and why. */
export interface Decision {
  readonly workers: number;
  readonly why: string;
  /** Nothing more is to be tried for now. */
  readonly settled: boolean;
}

/** Defaults of `WorkerRule`. */
export const workerRule: Required<WorkerRule> = { min: 2, max: 8, up: 0.4, down: 0.2, windows: 4, memory: 120 };

/**
 * How many workers should run next, by what those before got done: one more is tried as long as the last one that came
 * paid, and goes again when it did not. The same history gives the same answer.
 *
 * A level is the median of its last windows, its doubt their spread; a worker is judged when what it adds is known to
 * within the gap between `down` and `up`, or has been watched four times as long. So noise alone moves nothing.
 *
 * @param history oldest first; windows of different numbers of workers may alternate
 */
export function decideWorkers(history: readonly Window[], rule: WorkerRule = {}): Decision {
  const { min, max, up, down, windows, memory } = { ...workerRule, ...rule };
  if (!(min >= 1 && max >= min && up > down && down >= 0 && windows >= 1 && memory > 8 * windows)) {
    throw new RangeError(
      `Cannot choose workers as 1 ≤ min ≤ max, 0 ≤ down < up and memory > 8 × windows must hold: ` +
        `current values are ${min}, ${max}, ${down}, ${up}, ${memory}, ${windows}`,
    );
  }
  if (history.length === 0) return { workers: min, why: `begins with ${counted(min)}`, settled: false };
  const now = history.at(-1)!.workers;
  if (now < min || now > max) {
    const workers = Math.min(max, Math.max(min, now));
    return { workers, why: `${min} to ${max} workers are allowed`, settled: false };
  }
  const recent = history.slice(-memory);
  const level = (workers: number) => levelOf(recent, workers, 2 * windows);
  const stay = recent.length - 1 - recent.findLastIndex(({ workers }) => workers !== now);
  const here = level(now);
  const keep = (why: string, settled: boolean): Decision => ({ workers: now, why, settled });
  if (stay < windows) return keep(`${counted(now)}: ${stay} of ${windows} windows seen`, false);

  const gain = marginal(level(now - 1), here);
  if (gain && now > min) {
    const said = `worker ${now} adds ${percent(gain.share)} of a worker's work`;
    const vague = gain.doubt > (up - down) / 2 && stay < 4 * windows;
    if (vague) return keep(`${said}, give or take ${percent(gain.doubt)}: looks longer`, false);
    if (gain.share < down) {
      return { workers: now - 1, why: `${said}: ${counted(now - 1)} do as well`, settled: true };
    }
    if (gain.share < up) return keep(`${said}: it stays, another would add less`, true);
  }
  // What is there pays, or nothing is known of fewer.
  const next = marginal(here, level(now + 1));
  if (next && next.share < up) {
    return keep(`worker ${now + 1} added ${percent(next.share)} of a worker's work: ${counted(now)} are enough`, true);
  }
  if (now > min && !gain && here && sank(recent, now, stay, windows)) {
    return { workers: now - 1, why: `${counted(now)} do less than they did: tries one fewer`, settled: false };
  }
  if (now === max) return keep(`${counted(now)} are the most that are allowed`, true);
  return { workers: now + 1, why: `${counted(now)} pay: tries one more`, settled: false };
}

interface Level extends Window {
  readonly doubt: number; // standard error of the throughput
}

const LEAST_NOISE = 0.01; // of a level: nothing is known better than that

function levelOf(history: readonly Window[], workers: number, most: number): Level | undefined {
  const values = history.filter((window) => window.workers === workers).slice(-most)
    .map(({ throughput }) => throughput);
  if (values.length === 0) return undefined;
  const throughput = quantile(values, 0.5);
  const spread = 1.4826 * quantile(values.map((value) => Math.abs(value - throughput)), 0.5);
  // A median's error is 1.25 times a mean's; of one value alone nothing is known but that windows are noisy.
  const deviation = values.length > 2 ? 1.25 * spread : 0.2 * throughput;
  return { workers, throughput, doubt: Math.max(deviation / Math.sqrt(values.length), LEAST_NOISE * throughput) };
}

/** What the workers that were added add each, as a share of what a worker did before they came. 1: as much; 0: nothing. */
export function marginalShare(before: Window, after: Window): number {
  const each = before.throughput / before.workers;
  return (after.throughput - before.throughput) / (after.workers - before.workers) / each;
}

function marginal(before: Level | undefined, after: Level | undefined): { share: number; doubt: number } | undefined {
  if (!before || !after) return undefined;
  const ratio = after.throughput / before.throughput;
  const error = Math.hypot(after.doubt / after.throughput, before.doubt / before.throughput);
  return { share: marginalShare(before, after), doubt: before.workers * ratio * error };
}

/** Whether the last windows are far below the first ones of the same stay: other programs came. */
function sank(history: readonly Window[], workers: number, stay: number, windows: number): boolean {
  if (stay < 4 * windows) return false;
  const values = history.slice(-stay).filter((window) => window.workers === workers).map(({ throughput }) =>
    throughput
  );
  return quantile(values.slice(-2 * windows), 0.5) < 0.75 * quantile(values.slice(0, 2 * windows), 0.5);
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`.replace("-", "−");
const counted = (workers: number) => workers === 1 ? "1 worker" : `${workers} workers`;
