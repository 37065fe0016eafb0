import { assert } from "@std/assert";
import { normal, rng } from "../../../lib/base/random.ts";
import { computeIndicators } from "../../../lib/features/indicators/mod.ts";
import { newCandles } from "../../../lib/market/candles.ts";

const length = 1_000_000;
const checked = 400; // bars at the start and at the end

/** A million bars about 1e5 that move little: what rolling sums would lose is what matters. */
function steady(seed: number) {
  const random = rng(seed);
  const column = (make: () => number) => Float64Array.from({ length }, make);
  const $close = column(() => 1e5 + 2 * normal(random));
  const $open = $close.map((x, t) => $close[t - 1] ?? x);
  const $high = $close.map((x, t) => Math.max(x, $open[t]) + random());
  const $low = $close.map((x, t) => Math.min(x, $open[t]) - random());
  const $volume = column(() => 10 * random());
  const time = Float64Array.from({ length }, (_, t) => 60_000 * t);
  return newCandles({ symbol: "STEADY", step: 60_000, time, $open, $high, $low, $close, $volume });
}

/**
 * What the last bit of the price (1.5e-11) comes to where moves are divided by less than 1, or sums as large as
 * n² prices are subtracted: TA-Lib's own error is as large, at the first bars as at the last.
 */
const rounding: Readonly<Record<string, number>> = { cci: 1e-8, linearreg_slope: 1e-8 };

const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const product = (a: readonly number[], b: readonly number[]) => {
  const [meanA, meanB] = [mean(a), mean(b)];
  return sum(a.map((x, i) => (x - meanA) * (b[i] - meanB)));
};
const deviation = (values: readonly number[]) => Math.sqrt(product(values, values) / values.length);
const slope = (values: readonly number[]) => {
  const places = values.map((_, i) => i);
  return product(places, values) / product(places, places);
};

Deno.test("rolling sums do not drift: a million bars at 1e5 against two passes over each window", () => {
  const candles = steady(1);
  const { $high, $low, $close, $volume } = candles;
  const typical = $close.map((close, t) => ($high[t] + $low[t] + close) / 3);
  const pressure = (t: number) => $close[t] - Math.min($low[t], $close[t - 1]);
  const range = (t: number) => Math.max($high[t], $close[t - 1]) - Math.min($low[t], $close[t - 1]);
  const window = (column: Float64Array, t: number, period: number) => [...column.subarray(t - period + 1, t + 1)];
  const bars = (t: number, period: number) => Array.from({ length: period }, (_, i) => t - period + 1 + i);
  const money = (t: number, sign: number) =>
    sum(bars(t, 14).map((i) => (sign * (typical[i] - typical[i - 1]) > 0 ? typical[i] * $volume[i] : 0)));

  const references: Record<string, (t: number) => number[]> = {
    sma: (t) => [mean(window($close, t, 20))],
    wma: (t) => [sum(window($close, t, 20).map((x, i) => (i + 1) * x)) / 210],
    trima: (t) => [mean(bars(t, 11).map((i) => mean(window($close, i, 10))))],
    stddev: (t) => [deviation(window($close, t, 20))],
    bbands: (t) => {
      const [middle, spread] = [mean(window($close, t, 20)), 2 * deviation(window($close, t, 20))];
      return [middle + spread, middle, middle - spread];
    },
    linearreg_slope: (t) => [slope(window($close, t, 14))],
    tsf: (t) => [mean(window($close, t, 14)) + slope(window($close, t, 14)) * 7.5],
    correl: (t) => {
      const [a, b] = [window($high, t, 30), window($low, t, 30)];
      return [product(a, b) / Math.sqrt(product(a, a) * product(b, b))];
    },
    cci: (t) => {
      const values = window(typical, t, 14);
      const middle = mean(values);
      return [(typical[t] - middle) / (0.015 * mean(values.map((x) => Math.abs(x - middle))))];
    },
    mfi: (t) => [100 * money(t, 1) / (money(t, 1) + money(t, -1))],
    ultosc: (t) => {
      const share = (period: number) => sum(bars(t, period).map(pressure)) / sum(bars(t, period).map(range));
      return [100 * (4 * share(7) + 2 * share(14) + share(28)) / 7];
    },
  };

  const names = Object.keys(references);
  const results = computeIndicators(candles, names.map((name) => ({ name })));
  for (const first of [1000, length - checked]) {
    names.forEach((name, i) => {
      const wanted = Array.from({ length: checked }, (_, j) => references[name](first + j));
      results[i].forEach((output, k) => {
        const floor = 1e-3 * Math.max(...wanted.map((values) => Math.abs(values[k])));
        wanted.forEach((values, j) => {
          const found = output[first + j];
          const allowed = 1e-9 * Math.max(Math.abs(values[k]), floor) + (rounding[name] ?? 0);
          assert(
            Math.abs(found - values[k]) <= allowed,
            `${name}, output ${k} at ${first + j}: ${found}, not ${values[k]}`,
          );
        });
      });
    });
  }
});

Deno.test("sums of all bars stay exact to 1e-12 over a million bars", () => {
  const candles = steady(2);
  const { $high, $low, $close, $volume } = candles;
  const [[obv], [ad], [vwap]] = computeIndicators(candles, [{ name: "obv" }, { name: "ad" }, { name: "ti.vwap" }]);
  const balance = exactSum((t) => t === 0 ? $volume[0] : Math.sign($close[t] - $close[t - 1]) * $volume[t]);
  const gathered = exactSum((t) => (2 * $close[t] - $low[t] - $high[t]) / ($high[t] - $low[t]) * $volume[t]);
  const traded = exactSum((t) => ($high[t] + $low[t] + $close[t]) / 3 * $volume[t]);
  const volume = exactSum((t) => $volume[t]);
  for (
    const [found, wanted, scale] of [[obv, balance, volume], [ad, gathered, volume], [
      vwap,
      traded / volume,
      1e5,
    ]] as const
  ) {
    assert(Math.abs(found[length - 1] - wanted) <= 1e-12 * scale, `${found[length - 1]}, not ${wanted}`);
  }
});

/** Sum over all bars with what rounding takes away added in the end. Source: Neumaier 1974. */
function exactSum(term: (t: number) => number): number {
  let [total, lost] = [0, 0];
  for (let t = 0; t < length; t++) {
    const x = term(t);
    const next = total + x;
    lost += Math.abs(total) >= Math.abs(x) ? (total - next) + x : (x - next) + total;
    total = next;
  }
  return total + lost;
}

Deno.test("a far outlier that has left the window leaves nothing behind", () => {
  const close = Float64Array.from({ length: 400 }, (_, t) => t === 100 ? 1e6 : 1 + (t % 7) / 7);
  const without = close.map((x, t) => (t === 100 ? 1 : x));
  const candles = (values: Float64Array) => ({ ...steadyShort, $close: values });
  const windowed = ["sma", "wma", "trima", "stddev", "linearreg_slope", "tsf", "bbands"].map((name) => ({ name }));
  const [spiked, plain] = [close, without].map((values) => computeIndicators(candles(values), windowed));
  windowed.forEach(({ name }, i) =>
    spiked[i].forEach((output, k) => {
      const [found, wanted] = [output[399], plain[i][k][399]];
      assert(Math.abs(found - wanted) <= 1e-7 * Math.abs(wanted), `${name}, output ${k}: ${found}, not ${wanted}`);
    })
  );
});

const steadyShort = newCandles({
  ...{ symbol: "SPIKE", step: 60_000, time: Float64Array.from({ length: 400 }, (_, t) => 60_000 * t) },
  ...{
    $open: new Float64Array(400).fill(1),
    $high: new Float64Array(400).fill(1),
    $low: new Float64Array(400).fill(1),
  },
  ...{ $close: new Float64Array(400).fill(1), $volume: new Float64Array(400).fill(1) },
});
