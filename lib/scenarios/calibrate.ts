import type { Settings } from "../base/setting.ts";
import { correlation, mean, quantile, std } from "../base/stats.ts";
import { formatTimeframe } from "../base/time.ts";
import type { Candles } from "../market/candles.ts";

/** Settings of scenarios taken from data, and what they were taken from. */
export interface Calibration {
  readonly weeks: number; // N: as bad as the worst 1 in N weeks
  readonly of: number; // weeks that there were
  readonly settings: Readonly<Record<string, Settings>>; // by the scenario's name
}

/** How a calibration fares on bars it has not seen. */
export interface CalibrationCheck {
  readonly scenario: string;
  readonly measure: string; // "largest fall within 6 bars"
  readonly fitted: number;
  readonly weeks: number; // of unseen bars
  readonly worse: number; // of them that were worse than what was fitted
  readonly expected: number; // weeks / N
}

const HOUR = 3_600_000;
const WEEK = 168 * HOUR;

/** What is measured of a week; all "larger is worse". */
interface Week {
  readonly fall: number; // largest within six hours (or one bar), log
  readonly joint: number; // largest of all assets' mean within a day, log
  readonly move: number; // largest in either direction over an outage of six hours, log
  readonly volatility: number; // deviation of bars' returns
  readonly volume: number; // median, base units
  readonly correlation: number; // mean over pairs; NaN of one asset
  readonly trough: number; // bar at which the fall ended
}

/**
 * Settings that make scenarios as bad as the worst 1 in `weeks` weeks of these candles: depth of a crash, what came back
 * of such falls within a day, the volume and (by the bars' range, as there are no quotes) the spread at their bottom,
 * volatility, a drought of volume, moves across an outage, and how closely assets moved together. Spread in a drought is
 * put at one over the root of the volume, the square-root law of impact read backwards.
 *
 * @param assets candles [K] with equal times: those of the training period
 * @param weeks N; the most that the candles allow, up to 52, without it
 * @throws {RangeError} if there are less than 4 weeks, or fewer than `weeks`: what has not been seen cannot be measured
 */
export function calibrate(assets: readonly Candles[], weeks?: number): Calibration {
  const seen = weeksOf(assets);
  const N = weeks ?? Math.min(52, seen.length);
  if (seen.length < 4) {
    throw new RangeError(
      `Cannot take severity from these candles as they must have at least 4 whole weeks: they have ${seen.length}; ` +
        `take more, or set severity by hand (scenarios.calibrate=false)`,
    );
  }
  if (!(N >= 2 && N <= seen.length)) {
    throw new RangeError(
      `Cannot calibrate to the worst 1 in ${N} weeks as it must be 2 or more and no more than there are: the candles ` +
        `have ${seen.length} whole weeks`,
    );
  }
  const worst = (key: "fall" | "joint" | "move" | "volatility" | "correlation") =>
    quantile(seen.map((week) => week[key]), 1 - 1 / N);
  const [first] = assets;
  const hours = (n: number) => Math.max(1, Math.round(n * HOUR / first.step));
  const falls = [...seen].sort((a, b) => b.fall - a.fall).slice(0, Math.max(3, Math.ceil(seen.length / 10)));
  const volumes = seen.map(({ volume }) => volume).filter((volume) => volume > 0);
  const drought = volumes.length === 0 ? 1 : Math.min(1, quantile(volumes, 1 / N) / quantile(volumes, 0.5));
  const bottom = falls.map((week) => bottomOf(first, week, hours(6), hours(24)));
  const middle = (values: number[], low: number, high: number) =>
    Math.min(high, Math.max(low, quantile(values.filter(Number.isFinite), 0.5) || low));
  const share = (log: number) => round(Math.min(0.95, 1 - Math.exp(-log)));
  return {
    weeks: N,
    of: seen.length,
    settings: {
      flash_crash: {
        depth: share(worst("fall")),
        bars: hours(6),
        recovery: round(middle(bottom.map(({ recovery }) => recovery), 0, 1)),
        recovery_bars: hours(24),
        volume: round(middle(bottom.map(({ volume }) => volume), 1, 100)),
        spread: round(middle(bottom.map(({ range }) => range), 1, 100)),
      },
      low_liquidity: { volume: round(drought), spread: round(1 / Math.sqrt(Math.max(1e-4, drought))) },
      extreme_volatility: {
        factor: round(
          Math.min(10, Math.max(1, worst("volatility") / quantile(seen.map(({ volatility }) => volatility), 0.5)) || 1),
        ),
        bars: hours(168),
      },
      gap: { bars: hours(6), jump: share(worst("move")) },
      ...(assets.length < 2 ? {} : {
        correlated_assets: {
          correlation: round(Math.min(0.99, Math.max(0, worst("correlation")))),
          depth: share(worst("joint")),
          bars: Math.max(8, hours(72)),
          fall_bars: hours(24),
        },
      }),
    },
  };
}

/** How many weeks of bars that it has not seen were worse than a calibration, and how many should have been. */
export function checkCalibration({ weeks: N, settings }: Calibration, unseen: readonly Candles[]): CalibrationCheck[] {
  const seen = weeksOf(unseen);
  const line = (scenario: string, measure: string, fitted: number, worse: (week: Week) => boolean) => ({
    scenario,
    measure,
    fitted,
    weeks: seen.length,
    worse: seen.filter(worse).length,
    expected: seen.length / N,
  });
  const depth = Number(settings.flash_crash.depth);
  const jump = Number(settings.gap.jump);
  const bars = settings.gap.bars;
  return [
    line("flash_crash", `largest fall within ${bars} bars`, depth, ({ fall }) => 1 - Math.exp(-fall) > depth),
    line("gap", `largest move across ${bars} bars`, jump, ({ move }) => 1 - Math.exp(-move) > jump),
  ];
}

function weeksOf(assets: readonly Candles[]): Week[] {
  const [{ step, length }] = assets;
  const perWeek = Math.round(WEEK / step);
  if (perWeek < 2) {
    throw new RangeError(
      `Cannot take severity from these candles as there must be two bars a week or more: they are of ${
        formatTimeframe(step)
      }; take shorter ones, or set severity by hand (scenarios.calibrate=false)`,
    );
  }
  const logs = assets.map(({ $close }) => $close.map(Math.log));
  const together = logs[0].map((_, t) => mean(logs.map((log) => log[t])));
  const bars = (hours: number) => Math.max(1, Math.round(hours * HOUR / step));
  const out: Week[] = [];
  for (let from = 0; from + perWeek <= length; from += perWeek) {
    const to = from + perWeek;
    const own = logs.map((log) =>
      Float64Array.from({ length: perWeek - 1 }, (_, i) => log[from + i + 1] - log[from + i])
    );
    const { fall, trough } = fallWithin(logs[0], from, to, bars(6));
    let move = 0;
    for (let t = Math.max(from, bars(6)); t < to; t++) {
      move = Math.max(move, Math.abs(logs[0][t] - logs[0][t - bars(6)]));
    }
    const pairs = own.flatMap((a, i) => own.slice(0, i).map((b) => correlation(a, b))).filter(Number.isFinite);
    out.push({
      fall,
      trough,
      joint: fallWithin(together, from, to, bars(24)).fall,
      move,
      volatility: std(own[0]),
      volume: quantile(assets[0].$volume.subarray(from, to), 0.5),
      correlation: mean(pairs),
    });
  }
  return out;
}

/** Largest fall from a close to one of the `bars` after it, that ends within the week. */
function fallWithin(log: Float64Array, from: number, to: number, bars: number): { fall: number; trough: number } {
  let [fall, trough] = [0, from];
  for (let t = from; t < to; t++) {
    for (let s = Math.max(0, t - bars); s < t; s++) {
      if (log[s] - log[t] > fall) [fall, trough] = [log[s] - log[t], t];
    }
  }
  return { fall, trough };
}

/** What a fall was like: what came back within a day, and its largest volume and range beside those of the week before. */
function bottomOf({ $close, $high, $low, $volume }: Candles, { trough, fall }: Week, bars: number, day: number) {
  const back = $close.subarray(trough, trough + day + 1).reduce((top, price) => Math.max(top, price), 0);
  const before = Math.max(0, trough - 7 * day);
  const range = (t: number) => Math.log($high[t] / $low[t]);
  const usual = Array.from({ length: trough - before }, (_, i) => range(before + i));
  const during = Array.from({ length: Math.min(bars, trough + 1) }, (_, i) => trough - i);
  return {
    recovery: Math.log(back / $close[trough]) / fall,
    volume: Math.max(...during.map((t) => $volume[t])) / quantile($volume.subarray(before, trough), 0.5),
    range: Math.max(...during.map(range)) / quantile(usual, 0.5),
  };
}

const round = (value: number) => Number(value.toPrecision(3));
