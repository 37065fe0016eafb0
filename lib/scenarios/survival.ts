/** A share with the interval it may really be in. */
export interface Rate {
  readonly share: number; // 0..1
  readonly low: number;
  readonly high: number;
}

/**
 * `successes` of `n` as a share, with Wilson's interval (1927, "Probable inference, the law of succession"): it stays
 * within 0..1, and none of 200 is not certainty. NaN of nothing.
 *
 * @param z deviations that the interval reaches out: 1.96 for 95 %
 */
export function wilson(successes: number, n: number, z = 1.959963984540054): Rate {
  const share = successes / n;
  const scale = 1 + z * z / n;
  const centre = (share + z * z / (2 * n)) / scale;
  const half = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale;
  const [low, high] = [centre - half, centre + half];
  return { share, low: successes === 0 ? 0 : Math.max(0, low), high: successes === n ? 1 : Math.min(1, high) };
}

/** A step curve of what has not happened yet. Steps are at `time`, in ascending order; before the first it is 1. */
export interface SurvivalCurve {
  readonly time: Float64Array;
  readonly share: Float64Array; // from `time[i]` on
  readonly low: Float64Array; // 95 % interval
  readonly high: Float64Array;
  readonly atRisk: Float64Array; // just before `time[i]`
  readonly n: number;
  readonly events: number;
  readonly censored: number; // watched until some time without it happening
}

/**
 * The share that something has not happened to by each time, where some were watched for a shorter time than others
 * (Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations"). The interval is Greenwood's, on the
 * log-minus-log scale, which keeps it within 0..1.
 *
 * @param time when it happened, or until when it was watched
 * @param happened 1 where it happened, 0 where watching ended
 */
export function kaplanMeier(
  time: ArrayLike<number>,
  happened: ArrayLike<number>,
  z = 1.959963984540054,
): SurvivalCurve {
  const n = time.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => time[a] - time[b]);
  const steps: { time: number; share: number; low: number; high: number; atRisk: number }[] = [];
  let [share, greenwood, events] = [1, 0, 0];
  for (let i = 0; i < n;) {
    const now = time[order[i]];
    const atRisk = n - i;
    let here = 0;
    for (; i < n && time[order[i]] === now; i++) here += happened[order[i]];
    if (here === 0) continue;
    events += here;
    share = Number((share * (1 - here / atRisk)).toPrecision(13)); // so that 121 of 200 is 0.605 by any way there
    greenwood += here / (atRisk * (atRisk - here));
    let [low, high] = [0, 0];
    if (share > 0) {
      const width = z * Math.sqrt(greenwood) / Math.log(share);
      [low, high] = [share ** Math.exp(-width), share ** Math.exp(width)];
    }
    steps.push({ time: now, share, low: Math.min(low, high), high: Math.max(low, high), atRisk });
  }
  const column = (key: "time" | "share" | "low" | "high" | "atRisk") => Float64Array.from(steps, (step) => step[key]);
  return {
    time: column("time"),
    share: column("share"),
    low: column("low"),
    high: column("high"),
    atRisk: column("atRisk"),
    n,
    events,
    censored: n - events,
  };
}

/** First time at which the curve is at `share` or below, 0.5 the median; NaN where it does not come down that far. */
export function timeTo(curve: SurvivalCurve, share = 0.5): number {
  const i = curve.share.findIndex((value) => value <= share + 1e-12);
  return i === -1 ? NaN : curve.time[i];
}
