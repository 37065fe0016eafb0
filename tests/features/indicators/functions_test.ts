import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  ad,
  adosc,
  adx,
  adxr,
  apo,
  aroon,
  aroonosc,
  atr,
  bbands,
  bop,
  cci,
  cmo,
  correl,
  dema,
  dx,
  ema,
  htDcperiod,
  kama,
  linearregSlope,
  macd,
  mfi,
  midprice,
  minusDi,
  mom,
  natr,
  obv,
  plusDi,
  ppo,
  roc,
  rsi,
  sar,
  sma,
  stddev,
  stoch,
  stochrsi,
  t3,
  tema,
  trange,
  trima,
  trix,
  tsf,
  ultosc,
  willr,
  wma,
} from "../../../lib/features/indicators/mod.ts";

const of = (...values: number[]) => Float64Array.of(...values);
const filled = (length: number, value: (t: number) => number) => Float64Array.from({ length }, (_, t) => value(t));

function assertValues(found: Float64Array, wanted: readonly number[], label = ""): void {
  assertEquals(found.length, wanted.length, label);
  found.forEach((x, t) => assertAlmostEquals(x, wanted[t], 1e-12, `${label} at ${t}`));
}

/** Equal to the reference from its first value on. */
function assertFollows(found: Float64Array, wanted: (t: number) => number, tolerance = 1e-11): void {
  const first = found.findIndex((x) => !Number.isNaN(x));
  assert(first >= 0, "there are values");
  found.subarray(first).forEach((x, i) => assertAlmostEquals(x, wanted(first + i), tolerance, `at ${first + i}`));
}

Deno.test("averages that a pencil can check", () => {
  assertValues(sma(of(1, 2, 3, 4), 2), [NaN, 1.5, 2.5, 3.5]);
  assertValues(wma(of(1, 2, 3, 9), 2), [NaN, 5 / 3, 8 / 3, 7]);
  assertValues(ema(of(1, 2, 3, 6), 3), [NaN, NaN, 2, 4]); // begun with the mean, then half of the way
  assertValues(trima(of(1, 2, 3, 4, 9), 3), [NaN, NaN, 2, 3, 5]); // weights 1, 2, 1
  assertValues(midprice(of(3, 5, 4), of(1, 2, 0), 2), [NaN, 3, 2.5]);
  assertValues(kama(of(5, 5, 6, 7), 2).subarray(0, 3), [NaN, NaN, 5 + 4 / 9]); // all in one direction: (2 / 3)²
});

Deno.test("averages of a straight line lag behind it by as much as they should, and some not at all", () => {
  const line = filled(200, (t) => 10 + 3 * t);
  assertFollows(sma(line, 9), (t) => line[t] - 3 * 4);
  assertFollows(ema(line, 9), (t) => line[t] - 3 * 4);
  assertFollows(trima(line, 9), (t) => line[t] - 3 * 4);
  assertFollows(wma(line, 10), (t) => line[t] - 3 * 3);
  for (const straight of [dema(line, 9), tema(line, 9), tsf(line, 9).map((x) => x - 3)]) {
    assertFollows(straight, (t) => line[t]);
  }
  assertFollows(t3(line, 5, 0), (t) => line[t] - 3 * 2 * 3, 1e-10); // three averages in turn
  assertFollows(linearregSlope(line, 9), () => 3, 1e-12);
  assertFollows(mom(line, 4), () => 12);
});

Deno.test("spreads that a pencil can check", () => {
  assertValues(stddev(of(1, 3, 3), 2), [NaN, 1, 0]);
  assertValues(stddev(of(1, 3, 3), 2, 2.5), [NaN, 2.5, 0]);
  const { upper, middle, lower } = bbands(of(1, 3, 3), 2, 2, 1);
  assertEquals([[...upper], [...middle], [...lower]], [[NaN, 4, 3], [NaN, 2, 3], [NaN, 1, 3]]);
  const high = of(10, 12, 15, 14);
  const low = of(8, 11, 13, 9);
  const close = of(9, 12, 14, 10);
  assertValues(trange(high, low, close), [NaN, 3, 3, 5]); // drawn out to the closes at 9 and 12
  assertValues(atr(high, low, close, 2), [NaN, NaN, 3, 4]);
  assertValues(natr(high, low, close, 2), [NaN, NaN, 300 / 14, 40]);
  assertValues(correl(of(1, 2, 3), of(2, 4, 6), 3), [NaN, NaN, 1]);
  assertValues(correl(of(1, 2, 3), of(9, 4, -1), 3), [NaN, NaN, -1]);
});

Deno.test("changes that a pencil can check", () => {
  assertValues(mom(of(1, 4, 9), 1), [NaN, 3, 5]);
  assertValues(roc(of(100, 110, 0, 5), 1), [NaN, 10, -100, 0]); // from 0 nothing can be said: 0
  assertValues(bop(of(1, 2), of(4, 2), of(0, 2), of(3, 2)), [0.5, 0]);
  assertValues(rsi(of(1, 2, 1, 4), 2), [NaN, NaN, 50, 100 * 1.75 / 2]); // gains 1/2 and losses 1/2, then 7/4 and 1/4
  assertValues(cmo(of(1, 2, 1, 4), 2), [NaN, NaN, 0, 75]);
  assertValues(cci(of(1, 2, 3), of(1, 2, 3), of(1, 2, 3), 3), [NaN, NaN, 100]); // 1 / (0.015 · 2/3)
  assertValues(apo(of(1, 2, 3, 7), 2, 3), [NaN, NaN, 0.5, 1]);
  assertValues(ppo(of(1, 2, 3, 7), 2, 3), [NaN, NaN, 25, 25]);
  const { macd: line, signal, hist } = macd(of(1, 2, 3, 7), 2, 3, 1);
  assertValues(line, [NaN, NaN, 0.5, 1]); // 5/2 - 2, then 11/2 - 9/2: both begin at the bar of the slow one
  assertValues(signal, [NaN, NaN, 0.5, 1]);
  assertValues(hist, [NaN, NaN, 0, 0]);
});

Deno.test("where the close lies within the last bars", () => {
  const high = of(10, 8, 9, 12);
  const low = of(4, 5, 3, 6);
  const close = of(7, 6, 4, 12);
  assertValues(willr(high, low, close, 2), [NaN, -400 / 6, -500 / 6, 0]);
  const { k, d } = stoch(high, low, close, { fastk_period: 2, slowk_period: 1, slowd_period: 2 });
  assertValues(k, [NaN, NaN, 100 / 6, 100]);
  assertValues(d, [NaN, NaN, 25, 350 / 6]);
  const { down, up } = aroon(high, low, 2);
  assertValues(up, [NaN, NaN, 0, 100]);
  assertValues(down, [NaN, NaN, 100, 50]);
  assertValues(aroonosc(high, low, 2), [NaN, NaN, -100, 50]);
});

Deno.test("volume that goes with the price", () => {
  const close = of(1, 2, 2, 1);
  assertValues(obv(close, of(5, 3, 9, 4)), [5, 8, 8, 4]);
  assertValues(ad(of(4, 4, 2), of(0, 0, 2), of(4, 1, 2), of(10, 8, 9)), [10, 6, 6]);
  const rising = filled(30, (t) => t + 1);
  assertFollows(mfi(rising, rising, rising, filled(30, () => 2), 5), () => 100);
  assertFollows(adosc(rising, rising, rising, rising), () => 0); // bars without range add nothing
});

Deno.test("a steady rise is as strong as can be, a steady fall as weak", () => {
  const up = filled(120, (t) => 100 + t);
  const [top, bottom] = [up.map((x) => x + 0.5), up.map((x) => x - 0.5)];
  assertFollows(rsi(up), () => 100);
  assertFollows(rsi(up.map((x) => -x)), () => 0);
  assertFollows(cmo(up), () => 100);
  for (const strength of [dx, adx, adxr]) assertFollows(strength(top, bottom, up, 7), () => 100);
  assertFollows(plusDi(top, bottom, up, 7), () => 100 / 1.5, 1e-9); // a rise of 1 in a true range of 1.5
  assertFollows(minusDi(top, bottom, up, 7), () => 0);
  assertFollows(ultosc(up, up, up), () => 100);
  const stops = sar(top, bottom);
  assert(stops.every((stop, t) => t < 2 || stop <= bottom[t - 1]), "the stop stays below the last bars");
  const { k, d } = stochrsi(up);
  for (const output of [k, d]) assertFollows(output, () => 0); // RSI has no range
});

Deno.test("what does not move: no momentum, no spread, and no division by 0", () => {
  const still = filled(150, () => 7);
  const three = [still, still, still] as const;
  for (
    const zero of [
      ...[
        stddev(still),
        linearregSlope(still),
        mom(still),
        roc(still),
        trix(still),
        apo(still),
        ppo(still),
        rsi(still),
      ],
      ...[
        cmo(still),
        correl(still, still),
        trange(...three),
        atr(...three),
        natr(...three),
        adx(...three),
        cci(...three),
      ],
      ...[willr(...three), ultosc(...three), bop(still, ...three), mfi(...three, still), adosc(...three, still)],
      ...[macd(still).hist, stoch(...three).k, stochrsi(still).d],
    ]
  ) {
    assertFollows(zero, () => 0, 0);
  }
  for (const level of [sma, ema, wma, dema, tema, trima, kama, t3, tsf]) assertFollows(level(still), () => 7, 1e-14);
});

Deno.test("the dominant cycle of a sine of 20 bars is 20 bars", () => {
  const found = htDcperiod(filled(400, (t) => 100 + Math.sin(2 * Math.PI * t / 20)));
  assert(found.subarray(200).every((x) => Math.abs(x - 20) < 0.5), String(found[399]));
});

Deno.test("a stop turns when it is touched", () => {
  const high = of(10, 11, 12, 13, 14, 11, 10, 9);
  const low = of(9, 10, 11, 12, 13, 8, 7, 6);
  const found = sar(high, low);
  const close = of(9.5, 10.5, 11.5, 12.5, 13.5, 9, 8, 7);
  assertEquals([...found].map((x, t) => Number.isNaN(x) ? "" : x < close[t] ? "long" : "short"), [
    ...["", "long", "long", "long", "long"],
    ...["short", "short", "short"],
  ]);
  assertEquals(found[5], 14); // the extreme of the trade
});

Deno.test("what is no array of numbers, and columns of different lengths, are refused", () => {
  const values = of(1, 2, 3);
  const message = "Cannot compute rsi as close must be a Float64Array: current value is 1,2,3";
  assertThrows(() => rsi([1, 2, 3] as unknown as Float64Array), TypeError, message);
  assertThrows(() => atr(values, values, of(1)), RangeError, "current lengths are 3 and 1");
  assertThrows(() => sma(values, 0), RangeError, "Cannot compute sma as timeperiod must be a whole number from 1");
  assertThrows(() => sma(of(1, NaN, 3), 2), RangeError, "current value at bar 1 is NaN");
});
