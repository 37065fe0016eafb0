import { assert, assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DISPLAY } from "../../lib/base/display.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { describeFeatures, featureCorrelation, informationCoefficient } from "../../lib/features/analyse.ts";
import { newMatrix } from "../../lib/features/matrix.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const candles = synthetic(2000, rng(1));
const open = candles.$open;
const close = candles.$close;
const later = (h: number) => close.map((_, t) => (t + h < 2000 ? Math.log(close[t + h] / open[t + 1]) : 0));
const noise = (seed: number) => {
  const random = rng(seed);
  return close.map(() => normal(random));
};

Deno.test("a feature that is the return that follows has coefficient 1, its negative -1", () => {
  const matrix = newMatrix(["knows", "against"], candles.time, [later(1), later(1).map((x) => -x)]);
  const [knows, against] = informationCoefficient(matrix, candles, [1]);
  assertAlmostEquals(knows.ic, 1, 1e-12);
  assertAlmostEquals(against.ic, -1, 1e-12);
  assertEquals([knows.feature, knows.horizon, knows.bars], ["knows", 1, 1999]);
});

Deno.test("the band holds zero for 95 of 100 useless features, overlapping returns or not", () => {
  for (const smooth of [0, 0.98]) {
    const columns = Array.from({ length: 100 }, (_, seed) => {
      let last = 0;
      return noise(seed + 10).map((x) => (last = smooth * last + x));
    });
    const matrix = newMatrix(columns.map((_, i) => `f${i}`), candles.time, columns);
    for (const horizon of [1, 24]) {
      const held = informationCoefficient(matrix, candles, [horizon]).filter(({ low, high }) => low <= 0 && high >= 0);
      assert(held.length >= 88 && held.length <= 100, `${smooth} ${horizon}: ${held.length}`);
    }
  }
});

Deno.test("overlapping returns are worth fewer pairs for a slow feature, and as many for a fast one", () => {
  let level = 0;
  const matrix = newMatrix(["fast", "slow"], candles.time, [noise(3), noise(4).map((x) => (level = 0.99 * level + x))]);
  const [fast, fast24, slow, slow24] = informationCoefficient(matrix, candles, [1, 24]);
  assertEquals([fast.effective, slow.effective], [fast.bars, slow.bars]);
  assert(fast24.effective > 0.5 * fast24.bars);
  assert(slow24.effective < slow24.bars / 15 && slow24.effective >= slow24.bars / 24);
  assert(slow24.high - slow24.low > 3 * (fast24.high - fast24.low));
});

Deno.test("only pairs whose return ends inside the range are compared", () => {
  const column = later(4).map((x, t) => (t < 996 ? x : NaN)); // would fail if looked at
  const matrix = { ...newMatrix(["x"], candles.time, [later(4)]), values: Float32Array.from(column) };
  const [{ ic, bars }] = informationCoefficient(matrix, candles, [4], { range: { from: 0, to: 1000 } });
  assertEquals(bars, 996);
  assertAlmostEquals(ic, 1, 1e-9);
});

Deno.test("a feature that does not vary has no coefficient, and odd horizons and too few bars are refused", () => {
  const matrix = newMatrix(["flat"], candles.time, [close.map(() => 2)]);
  assertEquals(informationCoefficient(matrix, candles, [1, 5]).map(({ ic }) => ic), [NaN, NaN]);
  for (const horizon of [0, -1, 1.5]) {
    assertThrows(() => informationCoefficient(matrix, candles, [horizon]), RangeError, "a positive whole number");
  }
  assertThrows(() => informationCoefficient(matrix, candles, [1995]), RangeError, "at least 10 pairs");
  assertThrows(
    () => informationCoefficient(newMatrix(["x"], close.slice(5), [close.slice(5)]), candles),
    RangeError,
    "the same bars",
  );
});

Deno.test("correlations are symmetric, 1 with oneself, by ranks or by values", () => {
  const [a, b] = [noise(1), noise(2)];
  const matrix = newMatrix(["a", "exp a", "-a", "b", "flat"], candles.time, [
    a,
    a.map(Math.exp),
    a.map((x) => -x),
    b,
    b.map(() => 1),
  ]);
  const { values } = featureCorrelation(matrix);
  const at = (i: number, j: number) => values[i * 5 + j];
  assertEquals([at(0, 0), at(3, 3)], [1, 1]);
  assertAlmostEquals(at(0, 1), 1, 1e-12); // the same order
  assertAlmostEquals(at(0, 2), -1, 1e-12);
  assert(Math.abs(at(0, 3)) < 0.1 && Number.isNaN(at(4, 4)) && Number.isNaN(at(0, 4)));
  for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) assertEquals(at(i, j), at(j, i));
  const pearson = featureCorrelation(matrix, { method: "pearson" }).values;
  assert(pearson[1] > 0.6 && pearson[1] < 0.95);
});

Deno.test("the clustered order puts together what says the same, whatever its sign", () => {
  const [a, b, c] = [noise(1), noise(2), noise(3)];
  const near = (x: Float64Array, seed: number, sign = 1) => {
    const random = rng(seed);
    return x.map((v) => sign * v + 0.3 * normal(random));
  };
  const names = ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3"];
  const matrix = newMatrix(names, candles.time, [
    a,
    b,
    c,
    near(a, 4, -1),
    near(b, 5),
    near(c, 6),
    near(a, 7),
    near(b, 8, -1),
  ]);
  const { order, merges } = featureCorrelation(matrix);
  assertEquals(order.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  const families = order.map((i) => names[i][0]).join("").replace(/(.)\1+/g, "$1");
  assertEquals(families.length, 3);
  assertEquals(merges.length, 7);
  assert(merges.every(({ height }, i) => i === 0 || height >= merges[i - 1].height - 1e-9));
});

Deno.test("one feature and too few rows", () => {
  const matrix = newMatrix(["a"], candles.time, [noise(1)]);
  assertEquals(featureCorrelation(matrix).order, [0]);
  assertThrows(() => featureCorrelation(matrix, { range: { from: 5, to: 6 } }), RangeError, "at least two rows");
});

Deno.test("a summary by hand shows itself", () => {
  const matrix = newMatrix(["x<y", "flat"], Float64Array.of(1, 2, 3, 4, 5), [[NaN, 1, 2, 3, 6], [7, 7, 7, 7, 7]]);
  const rows = describeFeatures(matrix);
  assertEquals(rows[0], {
    ...{ feature: "x<y", bars: 4, mean: 3, std: Math.sqrt(3.5), min: 1, median: 2.5, max: 6, still: 0 },
  });
  assertEquals([rows[1].std, rows[1].still], [0, 1]);
  assertStringIncludes(String(rows[DISPLAY]()["text/html"]), "x&#60;y");
});
