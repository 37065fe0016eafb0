/** An exchange's clock, as far as it is known. */
export interface ServerClock {
  /** ms UTC by the exchange. */
  now(): number;
  /** Compares the clocks. @throws what asking throws */
  compare(): Promise<void>;
  /** Compares them when that is due, or this machine's clock has jumped. */
  check(): void;
}

/** How clocks are compared. */
export interface ServerClockOptions {
  /** Asks the exchange, ms UTC; nothing when it does not tell. */
  ask(): Promise<number | undefined>;
  readonly now: () => number; // this machine's clock
  readonly maxSkew: number; // ms; Infinity: clocks are not compared
  readonly every: number; // ms
  /** Told once when the clocks lie too far apart, again after they were close. */
  onSkew(note: string): void;
}

/** Follows an exchange's clock by asking it now and then; half of what an answer takes is taken off. */
export function serverClock({ ask, now, maxSkew, every, onSkew }: ServerClockOptions): ServerClock {
  let offset = 0; // of the exchange's clock against ours, ms
  let skewed = false;
  let due = 0; // performance.now()
  let seen = { at: performance.now(), now: now() };
  const compare = async () => {
    if (maxSkew === Infinity) return;
    due = performance.now() + every;
    const sent = now();
    const told = await ask();
    if (told === undefined) return;
    offset = told - (sent + now()) / 2;
    const far = Math.abs(offset) > maxSkew;
    const way = offset > 0 ? "behind" : "ahead of";
    if (far && !skewed) {
      onSkew(`this clock is ${(Math.abs(offset) / 1000).toFixed(1)} s ${way} the exchange's, which counts`);
    }
    skewed = far;
  };
  return {
    compare,
    now: () => now() + offset,
    check() {
      const [at, ours] = [performance.now(), now()];
      const jump = Math.abs(ours - seen.now - (at - seen.at)) > maxSkew;
      seen = { at, now: ours };
      if (!jump && at < due) return;
      compare().catch(() => due = performance.now() + Math.min(every, 10_000));
    },
  };
}
