import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { filterHmm, fitHmm, type Hmm } from "../../lib/risk/hmm.ts";
import { vectors } from "./vectors.ts";

const columns = (model: Record<keyof Hmm, number[]>): Hmm => ({
  start: Float64Array.from(model.start),
  transition: Float64Array.from(model.transition),
  mean: Float64Array.from(model.mean),
  variance: Float64Array.from(model.variance),
});

for (const [i, vector] of vectors.hmm.entries()) {
  const x = Float64Array.from(vectors.series[i === 0 ? "two volatilities" : "heavy tails"]);
  const fitted = fitHmm(x, { initial: columns(vector.initial), iterations: vector.iterations, tolerance: -Infinity });

  Deno.test(`${vector.start.length} states fitted by ${vector.iterations} steps are hmmlearn's`, () => {
    for (const name of ["start", "transition", "mean", "variance"] as const) {
      fitted[name].forEach((value, s) => assertAlmostEquals(value, vector[name][s], 1e-8, `${name} ${s}`));
    }
    assertAlmostEquals(fitted.logLikelihood, vector.logLikelihood, 1e-6);
    assertEquals(fitted.iterations, vector.iterations);
  });

  Deno.test(`filtered probabilities of ${vector.start.length} states are what hmmlearn says of each prefix`, () => {
    const S = vector.start.length;
    const filtered = filterHmm(fitted, x);
    vector.filtered.forEach((row, n) =>
      row.forEach((share, s) => assertAlmostEquals(filtered[n * vector.every * S + s], share, 1e-7))
    );
  });
}

Deno.test("two volatilities are found, sorted from calm to wild, without a start", () => {
  const random = rng(4);
  const x = Float64Array.from({ length: 2000 }, (_, t) => (t % 400 < 200 ? 0.01 : 0.04) * normal(random));
  const { variance, transition, converged, ...model } = fitHmm(x);
  assert(converged);
  assert(Math.abs(Math.sqrt(variance[0]) - 0.01) < 1e-3 && Math.abs(Math.sqrt(variance[1]) - 0.04) < 3e-3);
  assert(transition[0] > 0.98 && transition[3] > 0.98);
  const filtered = filterHmm({ variance, transition, ...model }, x);
  let right = 0;
  for (let t = 0; t < 2000; t++) right += Number((filtered[2 * t + 1] > 0.5) === (t % 400 >= 200));
  assert(right > 1900, `${right} of 2000`);
});

Deno.test("each step of a fit gains likelihood", () => {
  const x = Float64Array.from(vectors.series["heavy tails"]);
  let before = -Infinity;
  for (let iterations = 0; iterations < 12; iterations++) {
    const { logLikelihood } = fitHmm(x, { states: 3, iterations, tolerance: -Infinity });
    assert(logLikelihood >= before - 1e-9);
    before = logLikelihood;
  }
});

Deno.test("an outlier no state expects does not make probabilities NaN; what has no states is refused", () => {
  const x = Float64Array.from(vectors.series["heavy tails"]);
  const model = fitHmm(x);
  x[50] = 1e6;
  assert(filterHmm(model, x).every((share) => share >= 0 && share <= 1));
  assertThrows(() => fitHmm(new Float64Array(100).fill(2)), RangeError, "must vary");
  assertThrows(() => fitHmm(new Float64Array(10)), RangeError, "at least 20 observations");
  assertThrows(() => fitHmm(x, { states: 5 }), RangeError, "2 to 4 states");
  assertThrows(() => fitHmm(x.fill(NaN, 3, 4)), RangeError, "the one at 3 is NaN");
});
