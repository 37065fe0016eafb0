import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { rng } from "../../../lib/base/random.ts";
import { computeCalls } from "../../../lib/features/indicators/compute.ts";
import { computeIndicators, indicator, indicators, type Jobs } from "../../../lib/features/indicators/mod.ts";
import { synthetic } from "../../../lib/market/synthetic.ts";

const candles = synthetic(120, rng(1));
const calls = [{ name: "macd" }, { name: "rsi", params: { timeperiod: 9 } }, { name: "ti.doji" }];

Deno.test("columns that are given are filled with the same numbers, whatever was in them", () => {
  const wanted = computeIndicators(candles, calls);
  const into = computeIndicators(synthetic(120, rng(2)), calls);
  const rubbish = into.map((outputs) => outputs.map((output) => output.fill(Infinity)));
  const found = computeIndicators(candles, calls, { into: rubbish });
  assertEquals(found, wanted);
  found.forEach((outputs, i) => outputs.forEach((output, k) => assert(output === rubbish[i][k], "the same array")));
});

Deno.test("columns that do not fit the calls are refused", () => {
  const into = computeIndicators(candles, calls);
  const wanted = "Cannot compute rsi into the columns given as there must be 1 of 120 values";
  for (const wrong of [[into[0], into[0], into[2]], [into[0]], [into[0], [new Float64Array(119)], into[2]]]) {
    assertThrows(() => computeIndicators(candles, calls, { into: wrong }), RangeError, wanted);
  }
});

Deno.test("equal calls give the same arrays, however their defaults are written", () => {
  const [first, second, other] = computeIndicators(candles, [
    { name: "sma" },
    { name: "sma", params: { timeperiod: 20 }, input: "$close" },
    { name: "sma", input: "$open" },
  ]);
  assert(first[0] === second[0]);
  assertNotEquals(first[0], other[0]);
});

Deno.test("indicators of one kernel that agree in what they share are computed by one run of it", () => {
  const runs: string[][] = [];
  const kernel = (_: unknown, shared: readonly number[], jobs: Jobs) => {
    runs.push([...Object.keys(jobs), ...shared.map(String)]);
    return () => {};
  };
  const [one, two] = ["one", "two"].map((name) =>
    indicator({
      name,
      inputs: ["$close"],
      params: { timeperiod: 5 },
      outputs: [name],
      warmup: () => 0,
      kernel,
      shares: ({ timeperiod }) => [timeperiod],
    })
  );
  const call = (which: typeof one, timeperiod: number, input?: string) => ({
    indicator: which,
    params: { timeperiod },
    input,
  });
  computeCalls(candles, [call(one, 5), call(two, 5), call(two, 6), call(one, 6), call(two, 5, "$open"), call(one, 5)]);
  assertEquals(runs, [["one", "two", "5"], ["two", "one", "6"], ["two", "5"]]);
});

Deno.test("nothing asked is nothing given", () => {
  assertEquals(computeIndicators(candles, []), []);
});

Deno.test("a column's name is looked for among the candles' own and the further ones", () => {
  const extra = { sentiment: candles.$close.map((x) => x / 2) };
  const [[found]] = computeIndicators({ ...candles, extra }, [{ name: "mom", input: "sentiment" }]);
  assertEquals(found, indicators.mom.run({ ...candles, $close: extra.sentiment }, {})[0]);
  const wanted = 'Cannot compute mom of "sentimant" as there is no such column: nearest is "sentiment"';
  assertThrows(
    () => computeIndicators({ ...candles, extra }, [{ name: "mom", input: "sentimant" }]),
    RangeError,
    wanted,
  );
  assertThrows(() => computeIndicators(candles, [{ name: "mom", input: "toString" }]), RangeError, "no such column");
});
