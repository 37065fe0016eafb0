import { quantile } from "../base/stats.ts";

/** When a fall of throughput is told. */
export interface AlertRule {
  readonly share?: number; // fall that is told, 0..1 of the baseline; 0.3
  readonly baseline?: number; // minutes that the baseline is the median of; 2
  readonly recent?: number; // seconds that are compared with it; 30
}

/** What changed: the alert went on or off. */
export interface ThroughputAlert {
  readonly on: boolean;
  readonly text: string;
}

/**
 * Watches a run's throughput against its own first minutes: tells when the median of the last seconds falls by `share`
 * below theirs, and again when it is back above half of that. Medians, so that one slow update means nothing.
 *
 * @returns takes a value with its time in seconds, which must not go back; gives what changed, mostly nothing
 */
export function throughputAlert({ share = 0.3, baseline = 2, recent = 30 }: AlertRule = {}): (
  seconds: number,
  throughput: number,
) => ThroughputAlert | undefined {
  if (!(share > 0 && share < 1 && baseline > 0 && recent > 0)) {
    throw new RangeError(
      `Cannot watch throughput as share must be between 0 and 1, baseline and recent above 0: ` +
        `current values are ${share}, ${baseline}, ${recent}`,
    );
  }
  const first: number[] = [];
  const last: { readonly at: number; readonly value: number }[] = [];
  let began = NaN;
  let usual = NaN;
  let on = false;
  return (seconds, throughput) => {
    if (!(throughput >= 0)) return undefined;
    if (Number.isNaN(began)) began = seconds;
    if (seconds - began < 60 * baseline || first.length < 5) {
      first.push(throughput);
      return undefined;
    }
    if (Number.isNaN(usual)) usual = quantile(first, 0.5);
    last.push({ at: seconds, value: throughput });
    while (last.length > 3 && last[0].at < seconds - recent) last.shift();
    if (last.length < 3) return undefined;
    const now = quantile(last.map(({ value }) => value), 0.5);
    const fall = 1 - now / usual;
    if (on ? fall > share / 2 : fall < share) return undefined;
    on = !on;
    const speeds = `${now.toPrecision(3)} steps/s, and ${usual.toPrecision(3)} in its first minutes`;
    return {
      on,
      text: on ? `throughput fell by ${(100 * fall).toFixed(0)} %: ${speeds}` : `throughput is back: ${speeds}`,
    };
  };
}
