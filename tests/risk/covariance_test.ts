import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  ledoitWolf,
  minimumVariance,
  portfolioVariance,
  riskContributions,
  riskParity,
} from "../../lib/risk/covariance.ts";
import { vectors } from "./vectors.ts";

const series = vectors.returns.map((one) => Float64Array.from(one));

Deno.test("the shrunk covariance is scikit-learn's", () => {
  const { values, shrinkage } = ledoitWolf(series);
  assertAlmostEquals(shrinkage, vectors.ledoitWolf.shrinkage, 1e-12);
  values.forEach((value, i) => assertAlmostEquals(value, vectors.ledoitWolf.covariance[i], 1e-16));
});

Deno.test("weights of least variance and of equal risk are scipy's", () => {
  const { values } = ledoitWolf(series);
  minimumVariance(values).forEach((weight, k) => assertAlmostEquals(weight, vectors.minimumVariance[k], 1e-6));
  const parity = riskParity(values);
  parity.forEach((weight, k) => assertAlmostEquals(weight, vectors.riskParity[k], 1e-9));
  riskContributions(parity, values).forEach((share) => assertAlmostEquals(share, 1 / 3, 1e-12));
});

Deno.test("by hand: two assets without correlation, and one that only harms", () => {
  const apart = Float64Array.of(1, 0, 0, 4);
  assertAlmostEquals(minimumVariance(apart)[0], 0.8, 1e-12);
  assertAlmostEquals(riskParity(apart)[0], 2 / 3, 1e-12);
  assertAlmostEquals(portfolioVariance([0.8, 0.2], apart), 0.8, 1e-12);
  assertEquals([...minimumVariance(Float64Array.of(1, 1.5, 1.5, 4))], [1, 0]); // held short where that is allowed
});

Deno.test("one asset gets everything; what has no inverse is refused", () => {
  assertEquals([[...minimumVariance(Float64Array.of(3))], [...riskParity(Float64Array.of(3))]], [[1], [1]]);
  assertThrows(() => riskParity(Float64Array.of(1, 1, 1, 1)), RangeError, "covariance is singular");
  assertThrows(() => minimumVariance(Float64Array.of(1, 0, 0, 0)), RangeError, "asset 1 does not vary");
  assertThrows(() => minimumVariance(new Float64Array(3)), RangeError, "must be square");
  assertThrows(() => ledoitWolf([]), RangeError, "there are no assets");
  assertThrows(() => ledoitWolf([new Float64Array(5), new Float64Array(6)]), RangeError, "5, 6");
  assert(riskContributions([0, 0], Float64Array.of(1, 0, 0, 1)).every(Number.isNaN));
});

Deno.test("a copy of an asset makes the sample singular, and the shrunk covariance not", () => {
  const { values, shrinkage } = ledoitWolf([series[0], series[0], series[1]]);
  assert(shrinkage > 0);
  assertAlmostEquals(riskParity(values).reduce((sum, weight) => sum + weight, 0), 1, 1e-12);
});
