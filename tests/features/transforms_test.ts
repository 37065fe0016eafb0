import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Params } from "../../lib/features/indicators/mod.ts";
import { transforms } from "../../lib/features/transforms.ts";

fc.configureGlobal({ seed: 20260101 });

function apply(name: string, values: readonly number[], params: Params = {}): { out: number[]; hits: number } {
  const guard = { hits: 0 };
  const given = { ...transforms[name].params, ...params };
  return { out: [...transforms[name].run(Float64Array.from(values), given, guard)], hits: guard.hits };
}

Deno.test("each transform by hand", () => {
  const x = [1, 2, 4, 3];
  const sample: [string, Params, number[]][] = [
    ["return", {}, [NaN, 1, 1, -0.25]],
    ["return", { period: 2 }, [NaN, NaN, 3, 0.5]],
    ["diff", {}, [NaN, 1, 2, -1]],
    ["lag", { period: 3 }, [NaN, NaN, NaN, 1]],
    ["mean", { period: 2 }, [NaN, 1.5, 3, 3.5]],
    ["sum", { period: 3 }, [NaN, NaN, 7, 9]],
    ["std", { period: 2 }, [NaN, 0.5, 1, 0.5]],
    ["min", { period: 2 }, [NaN, 1, 2, 3]],
    ["max", { period: 3 }, [NaN, NaN, 4, 4]],
    ["zscore", { period: 2 }, [NaN, 1, 1, -1]],
    ["rank", { period: 3 }, [NaN, NaN, 1, 0.5]],
    ["abs", {}, x],
    ["sign", {}, [1, 1, 1, 1]],
    ["sqrt", {}, x.map(Math.sqrt)],
    ["log", {}, x.map(Math.log)],
    ["log1p", {}, x.map(Math.log1p)],
    ["tanh", {}, x.map(Math.tanh)],
    ["clip", { low: 1.5, high: 3 }, [1.5, 2, 3, 3]],
    ["fill", {}, x],
  ];
  for (const [name, params, wanted] of sample) assertEquals(apply(name, x, params), { out: wanted, hits: 0 }, name);
  assertAlmostEquals(apply("logreturn", x).out[3], Math.log(0.75), 1e-15);
  assertEquals(new Set(sample.map(([name]) => name).concat("logreturn")), new Set(Object.keys(transforms)));
});

Deno.test("ties share ranks, a window of one says nothing", () => {
  assertEquals(apply("rank", [5, 5, 5], { period: 3 }).out[2], 0.5);
  assertEquals(apply("rank", [5, 1], { period: 1 }).out, [0.5, 0.5]);
  assertEquals(apply("rank", [3, 1, 2, 2], { period: 4 }).out[3], 0.5);
});

Deno.test("dividing by nothing gives 0 and is counted", () => {
  assertEquals(apply("return", [0, 5, 0, 0]), { out: [NaN, 0, -1, 0], hits: 2 });
  assertEquals(apply("logreturn", [0, 5, 0, 0, 1]), { out: [NaN, 0, 0, 0, 0], hits: 4 });
  // Ten times 0.1 has a mean beside 0.1: the spread must be 0 all the same.
  assertEquals(apply("zscore", Array(10).fill(0.1), { period: 10 }), { out: [...Array(9).fill(NaN), 0], hits: 1 });
  assertEquals(apply("std", Array(4).fill(0.1), { period: 4 }).out[3], 0);
});

Deno.test("fill carries the last known value on, and leaves the unknown start", () => {
  assertEquals(apply("fill", [NaN, NaN, 2, NaN, NaN, 3]).out, [NaN, NaN, 2, 2, 2, 3]);
});

Deno.test("rolling values do not drift, nor feel what left the window", () => {
  const values = Float64Array.from({ length: 5000 }, (_, t) => (t < 2500 ? 1e12 : 1) * (1 + 0.001 * Math.sin(t)));
  const late = values.subarray(4000);
  for (const name of ["mean", "std", "sum", "zscore", "min", "max", "rank"]) {
    const all = apply(name, [...values], { period: 50 }).out;
    assertEquals(all.slice(4049), apply(name, [...late], { period: 50 }).out.slice(49), name);
  }
});

const values = fc.array(
  fc.oneof({ weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }, {
    weight: 1,
    arbitrary: fc.constantFrom(NaN, 0, 1, 1),
  }),
  { maxLength: 40 },
);

Deno.test("every transform keeps the prefix law and the length, warms up as it says, and leaves its input alone", () => {
  for (const [name, { params, warmup }] of Object.entries(transforms)) {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 6 }), fc.nat(40), (values, period, cut) => {
        const given = "low" in params ? { low: -1, high: 1 } : "period" in params ? { period } : {};
        const before = values.slice();
        const { out } = apply(name, values, given);
        assertEquals(values, before);
        assertEquals(apply(name, values.slice(0, cut), given).out, out.slice(0, cut), name);
        assert(out.slice(0, warmup(given)).every(Number.isNaN), name);
        if (values.every((x) => x > 0)) assert(out.slice(warmup(given)).every(Number.isFinite), name);
      }),
      { numRuns: 60 },
    );
  }
});

Deno.test("NaN in a window is NaN out, never a number made of the rest", () => {
  for (const [name, { params }] of Object.entries(transforms)) {
    if (name === "fill") continue;
    const given = "low" in params ? { low: -1, high: 1 } : "period" in params ? { period: 3 } : {};
    const { out } = apply(name, [1, 2, 3, NaN, 5, 6, 7, 8], given);
    assert(Number.isNaN(out[3]) || name === "lag", name);
    if (Number.isNaN(params.period)) {
      assert([3, 4, 5].every((t) => Number.isNaN(out[t])) && Number.isFinite(out[6]), name);
    }
  }
});
