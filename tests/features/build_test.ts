import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { buildFeatures, featureBuilder } from "../../lib/features/build.ts";
import { computeIndicators, rsi, sma } from "../../lib/features/indicators/mod.ts";
import { columnOf } from "../../lib/features/matrix.ts";
import { type Candles, newCandles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const plain = synthetic(300, rng(5));
const candles = newCandles({
  ...plain,
  extra: {
    funding: Float64Array.from({ length: 300 }, (_, t) => (t < 30 ? NaN : Math.sin(t))), // begins late
    gappy: Float64Array.from({ length: 300 }, (_, t) => (t === 150 ? NaN : t)),
    rsi: new Float64Array(300).fill(50),
  },
});
const column = (spec: string, of: Candles = candles) => columnOf(buildFeatures(of, [spec]), 0);
const close = candles.$close;

/** Asserts that a feature is `wanted` as 32-bit floats, NaN where it is not known. */
function assertColumn(spec: string, wanted: ArrayLike<number>): void {
  // One NaN for all: arithmetic makes others, which equal it in all but their bits.
  assertEquals(column(spec), Float32Array.from(wanted, (x) => (Number.isNaN(x) ? NaN : x)), spec);
}

Deno.test("features are what their text says", () => {
  const [average, volume] = [sma(close, 20), sma(candles.$volume, 20)];
  assertColumn("$close", close);
  assertColumn("sma(20)", average);
  assertColumn("sma(20)/$close - 1", average.map((x, t) => x / close[t] - 1));
  assertColumn("sma(20, $volume)", volume);
  assertColumn("$close/return", close.map((x, t) => x / close[t - 1] - 1));
  assertColumn("-$close*2 + $open/4", close.map((x, t) => -x * 2 + candles.$open[t] / 4));
  assertColumn("($high - $low)/$close", close.map((x, t) => (candles.$high[t] - candles.$low[t]) / x));
  assertColumn("rsi()", rsi(close, 14));
  assertColumn("`rsi`", candles.extra.rsi);
  assertColumn("funding", candles.extra.funding);
  assertColumn("filled", new Float64Array(300));
  const [bands] = computeIndicators(candles, [{ name: "bbands", params: { timeperiod: 20 } }]);
  assertColumn("bbands(20).upper", bands[0]);
  assertColumn("bbands(20).lower", bands[2]);
});

Deno.test("an indicator reads another feature in place of its column, from that one's first value on", () => {
  const strength = rsi(close, 14);
  const nested = sma(strength.subarray(14), 10);
  assertColumn("sma(10, rsi(14))", Float64Array.from({ length: 300 }, (_, t) => (t < 14 ? NaN : nested[t - 14])));
  const late = sma(candles.extra.funding.subarray(30), 5);
  assertColumn("sma(5, funding)", Float64Array.from({ length: 300 }, (_, t) => (t < 30 ? NaN : late[t - 30])));
  const [[both]] = computeIndicators({ ...candles, $high: close, $low: candles.$volume }, [{ name: "correl" }]);
  assertColumn("correl(30, $close, $volume)", both);
  assertEquals(buildFeatures(candles, ["sma(3, sma(3, sma(3, funding)))"]).warmup, 36);
});

Deno.test("a feature is the same to the last bit alone and in any company", () => {
  const specs = [
    "rsi()",
    "sma(20)/$close - 1",
    "sma(10, rsi(7))",
    "$close/zscore(9)",
    "atr",
    "natr",
    "adx",
    "macd.hist",
  ];
  const together = buildFeatures(candles, specs);
  for (const [f, spec] of specs.entries()) {
    assertEquals(columnOf(together, f).subarray(together.warmup), column(spec).subarray(together.warmup), spec);
  }
});

Deno.test("names are as written, specs canonical, and every value before the warm-up NaN", () => {
  const matrix = buildFeatures(candles, [" sma( 20 ) ", "$close/return"]);
  assertEquals(matrix.names, ["sma( 20 )", "$close/return"]);
  assertEquals(matrix.specs, ["sma(20)", "$close/return(1)"]);
  assertEquals(matrix.warmup, 19);
  assert(matrix.values.subarray(0, 38).every(Number.isNaN) && matrix.values.subarray(38).every(Number.isFinite));
  assert(matrix.time === candles.time);
});

Deno.test("dividing by zero gives 0 and says how often", () => {
  const still = newCandles({ ...plain, $volume: plain.$volume.map((v, t) => (t >= 100 && t < 160 ? 0 : v)) });
  const matrix = buildFeatures(still, ["$volume/sma(20, $volume)", "$volume/return", "rsi"]);
  assertEquals(matrix.guarded["rsi"], undefined);
  assertEquals(matrix.guarded["$volume/sma(20, $volume)"] >= 40, true);
  assertEquals(matrix.guarded["$volume/return"], 60);
  assertEquals(columnOf(matrix, 0)[150], 0);
});

Deno.test("flat prices, no volume and a single price are numbers, not NaN", () => {
  const flat = (value: number, volume: number) => {
    const same = new Float64Array(200).fill(value);
    return newCandles({
      ...plain,
      time: plain.time.subarray(0, 200),
      ...{ $open: same, $high: same, $low: same, $close: same, $volume: new Float64Array(200).fill(volume) },
      filled: new Uint8Array(200),
    });
  };
  for (const [value, volume] of [[1, 0], [1e-8, 5], [123456.789, 0]]) {
    const matrix = buildFeatures(flat(value, volume), [
      "$close/zscore(20)",
      "$close/return",
      "ad/diff/sma(20, $volume)",
    ]);
    assert(matrix.values.subarray(matrix.warmup * 3).every((x) => x === 0));
  }
});

Deno.test("what is not finite is told with feature, cause, bar and time", () => {
  const fails = (spec: string, ...parts: string[]) => {
    const { message } = assertThrows(() => buildFeatures(candles, [spec]), RangeError);
    for (const part of parts) assert(message.includes(part), message);
  };
  fails("gappy", 'the feature "gappy" of SYN/USDT', "NaN at bar 150 (2017-07-20 08:40 UTC)", "write gappy/fill");
  fails("gappy/diff/abs", "gappy is NaN at bar 150");
  fails("sma(5, gappy/diff)", 'Cannot build "sma(5, gappy/diff(1))"', "gappy is NaN at bar 150", "write gappy/fill");
  fails("filled/log", "it is -Infinity at bar 0", "log1p takes 0 too");
  fails("-$close/log", "it is NaN at bar 0", "more than 0");
  fails("$close*1e300", "at bar 0", "more than a 32-bit float can hold");
  const poisoned = newCandles({ ...plain, $close: plain.$close.map((x, t) => (t === 7 ? Infinity : x)) });
  assertThrows(() => buildFeatures(poisoned, ["rsi"]), RangeError, "$close must be finite: it is Infinity at bar 7");
  assertEquals(column("gappy/fill")[150], 149);
});

Deno.test("the same feature twice, none at all, too few bars and unknown columns are refused", () => {
  assertThrows(() => buildFeatures(candles, ["sma(20)", "sma(timeperiod=20)"]), RangeError, "both say sma(20)");
  assertThrows(() => buildFeatures(candles, []), RangeError, "the list of specs is empty");
  assertThrows(() => buildFeatures(slice(candles, 0, 19), ["sma(5)", "sma(20)"]), RangeError, '"sma(20)" needs 20');
  assertThrows(() => buildFeatures(slice(candles, 0, 0), ["$close"]), RangeError, "needs 1 for its first value");
  assertThrows(() => buildFeatures(plain, ["funding"]), SyntaxError, '"funding" is neither a column nor an indicator');
  assertThrows(() => buildFeatures(candles, ["rsi"]), SyntaxError, "an indicator and a column of the data");
});

Deno.test("one bar is enough for what looks at one bar", () => {
  assertEquals(buildFeatures(slice(candles, 4, 5), ["$close/$open - 1"]).warmup, 0);
});

Deno.test("a builder takes any number of bars, none too, and gives the same as building at once", () => {
  const specs = ["sma(20)/$close", "sma(4, funding)"];
  const build = featureBuilder(specs, Object.keys(candles.extra));
  assertEquals(build(candles), buildFeatures(candles, specs));
  for (const bars of [0, 1, 19, 33]) {
    const { values, warmup } = build(slice(candles, 0, bars));
    assertEquals([values.length, warmup, values.every(Number.isNaN)], [2 * bars, bars, true]);
  }
});

Deno.test("the candles are left as they were", () => {
  const before = structuredClone(candles);
  buildFeatures(candles, ["sma(20)/$close - 1", "gappy/fill", "funding/zscore(5)", "-$volume"]);
  assertEquals(candles, before);
});

Deno.test("the matrix holds 32-bit floats of what was computed in 64 bits", () => {
  const sum = buildFeatures(candles, ["$close*1e12 - $close*1e12 + $close"]);
  assertAlmostEquals(columnOf(sum, 0)[5], close[5], 1e-3);
});
