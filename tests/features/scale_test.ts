import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { buildFeatures } from "../../lib/features/build.ts";
import { columnOf, newMatrix } from "../../lib/features/matrix.ts";
import { fitScaler, parseScaler, scale, type ScalerKind } from "../../lib/features/scale.ts";
import { slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const time = (length: number) => Float64Array.from({ length }, (_, t) => 1000 * t);
const kinds: ScalerKind[] = ["standard", "robust", "minmax", "none"];

const small = newMatrix(["a", "b"], time(6), [[NaN, 1, 2, 3, 6, 100], [5, 5, 5, 5, 5, 7]]);

Deno.test("each kind by hand, on training rows alone", () => {
  const fit = (kind: ScalerKind) => fitScaler(small, 0, 5, { kind });
  assertEquals([fit("standard").centre[0], fit("standard").spread[0]], [3, Math.sqrt(3.5)]);
  assertEquals([fit("robust").centre[0], fit("robust").spread[0]], [2.5, 3.75 - 1.75]);
  assertEquals([fit("minmax").centre[0], fit("minmax").spread[0]], [1, 5]);
  assertEquals([fit("none").centre[0], fit("none").spread[0]], [0, 1]);
  for (const kind of kinds) {
    const scaler = fit(kind);
    assertEquals([scaler.constant, scaler.fitted], [["b"], { from: 1000, to: 4000, bars: 4 }]);
    assertEquals(scaler.spread[1], 1);
  }
  const scaled = scale(small, fit("minmax"));
  assertEquals(columnOf(scaled, "a").subarray(1), Float32Array.from([0, 0.2, 0.4, 1, 19.8]));
  assertEquals(columnOf(scaled, "b").subarray(1), Float32Array.from([0, 0, 0, 0, 2]));
  assert(Number.isNaN(scaled.values[0]) && scaled.warmup === 1);
});

Deno.test("a scaled training span has mean 0 and deviation 1, or lies in 0..1", () => {
  const matrix = buildFeatures(synthetic(500, rng(1)), ["rsi", "sma(20)/$close - 1", "$volume"]);
  const standard = scale(matrix, fitScaler(matrix, 0, 400, { kind: "standard" }));
  const minmax = scale(matrix, fitScaler(matrix, 0, 400, { kind: "minmax" }));
  for (const name of matrix.names) {
    const z = columnOf(standard, name).subarray(matrix.warmup, 400);
    const mean = z.reduce((a, b) => a + b, 0) / z.length;
    assertAlmostEquals(mean, 0, 1e-6);
    assertAlmostEquals(Math.sqrt(z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length), 1, 1e-6);
    const unit = columnOf(minmax, name).subarray(matrix.warmup, 400);
    assertEquals([Math.min(...unit), Math.max(...unit)], [0, 1]);
  }
});

Deno.test("what comes after the training rows changes nothing in the scaler", () => {
  const candles = synthetic(400, rng(2));
  const specs = ["rsi", "$close/zscore(20)"];
  const [all, past] = [buildFeatures(candles, specs), buildFeatures(slice(candles, 0, 300), specs)];
  for (const kind of kinds) assertEquals(fitScaler(all, 0, 300, { kind }), fitScaler(past, 0, 300, { kind }));
});

Deno.test("a scaler survives JSON to the last bit and is checked when it is read", () => {
  const matrix = buildFeatures(synthetic(200, rng(3)), ["rsi", "natr"]);
  for (const kind of kinds) {
    const scaler = fitScaler(matrix, 0, 150, { kind, clip: 5 });
    const read = parseScaler(JSON.parse(JSON.stringify(scaler)));
    assertEquals(read, scaler);
    assertEquals(scale(matrix, read).values, scale(matrix, scaler).values);
  }
  const good = fitScaler(matrix, 0, 150);
  const bad = [null, 3, {}, { ...good, kind: "magic" }, { ...good, spread: [1, 0] }, { ...good, centre: [1] }, {
    ...good,
    names: [1, 2],
  }];
  for (const value of bad) assertThrows(() => parseScaler(value), TypeError, "Cannot read a scaler");
});

Deno.test("clip cuts both ends off and leaves NaN", () => {
  const scaled = scale(small, fitScaler(small, 0, 5, { kind: "standard", clip: 1 }));
  const a = columnOf(scaled, "a");
  assertEquals([a[1], a[5], Number.isNaN(a[0])], [-1, 1, true]);
});

Deno.test("a rare signal, whose quartiles are equal, is scaled by its deviation", () => {
  const rare = Array.from({ length: 100 }, (_, t) => Number(t % 10 === 0));
  const { centre, spread, constant } = fitScaler(newMatrix(["rare"], time(100), [rare]), 0, 100, { kind: "robust" });
  assertEquals([centre[0], constant], [0, []]);
  assertAlmostEquals(spread[0], 0.3, 1e-12);
});

Deno.test("a scaler of other features, or in another order, is refused by name", () => {
  const scaler = fitScaler(small, 0, 5);
  const named = (names: string[]) => newMatrix(names, time(3), names.map(() => [1, 2, 3]));
  assertThrows(() => scale(named(["a", "c"]), scaler), RangeError, 'it lacks "b" and it has "c" besides');
  assertThrows(() => scale(named(["a"]), scaler), RangeError, 'it lacks "b"');
  assertThrows(() => scale(named(["a", "b", "c"]), scaler), RangeError, 'it has "c" besides');
  assertThrows(() => scale(named(["b", "a"]), scaler), RangeError, '"a" is number 1 there, "b" here');
});

Deno.test("rows that cannot be fitted on are refused", () => {
  assertThrows(() => fitScaler(small, 0, 2), RangeError, "two rows after the warm-up (1)");
  assertThrows(() => fitScaler(small, 3, 3), RangeError, "two rows");
  assertThrows(() => fitScaler(small, 0, 7), RangeError, "rows 0 to 6");
  assertThrows(() => fitScaler(small, -1, 5), RangeError, "rows 0 to 6");
  assertThrows(
    () => fitScaler(small, 0, 5, { kind: "quantile" as ScalerKind }),
    RangeError,
    "standard, robust, minmax, none",
  );
  assertThrows(() => fitScaler(small, 0, 5, { clip: 0 }), RangeError, "clip must be more than 0");
  const holed = { ...small, values: small.values.map((x, i) => (i === 6 ? NaN : x)) };
  assertThrows(() => fitScaler(holed, 0, 5), RangeError, '"a" must be finite');
});
