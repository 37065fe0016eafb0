import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { suspectColumns } from "../../lib/features/suspects.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const candles = synthetic(3000, rng(1));
const close = candles.$close;
const each = (value: (t: number) => number) => Float64Array.from(close, (_, t) => value(t));
const noise = (seed: number) => {
  const random = rng(seed);
  return each(() => normal(random));
};

/** Columns that know the future, and how many bars ahead the strongest trace lies. */
const knowing: Readonly<Record<string, readonly [Float64Array, number]>> = {
  "the next close": [each((t) => close[t + 1]), 1],
  "the volume of three bars later": [each((t) => candles.$volume[t + 3]), 3],
  "the next return": [each((t) => close[t + 1] / close[t] - 1), 1],
  "the next return under noise": [((e) => each((t) => close[t + 1] / close[t] - 1 + 0.02 * e[t]))(noise(2)), 1],
  "the sign of the return two bars on": [each((t) => Math.sign(close[t + 2] - close[t + 1])), 2],
  "a centred average": [each((t) => (close[t - 1] + close[t] + close[t + 1]) / 3), 1],
  "the close of the day that is not over": [each((t) => close[Math.min(2999, t - (t % 4) + 3)]), 1],
  "a level that adds up next returns": [
    ((sum) => each((t) => (sum += Math.log((close[t + 1] ?? close[t]) / close[t]))))(0),
    1,
  ],
};

const fair: Readonly<Record<string, Float64Array>> = {
  "noise": noise(3),
  "the last return": each((t) => close[t] / close[t - 1] - 1),
  "the close": close,
  "a past average": each((t) => (close[t] + close[t - 1] + close[t - 2]) / 3),
  "one number": each(() => 4),
  "nothing": each(() => NaN),
  "a fair signal": ((e) => each((t) => close[t + 1] / close[t] - 1 + 0.1 * e[t]))(noise(4)), // explains 1 %
};

Deno.test("columns that know the future are suspected, with how far and how much", () => {
  const columns = Object.fromEntries(Object.entries(knowing).map(([name, [column]]) => [name, column]));
  const found = suspectColumns(candles, { columns: { ...fair, ...columns } });
  assertEquals(
    found.suspicions.map(({ column, ahead }) => [column, ahead]),
    Object.entries(knowing).map(([name, [, ahead]]) => [name, ahead]),
  );
  assertEquals([found.passed, found.label], [false, "Suspect columns"]);
  const by = (name: string) => found.suspicions.find(({ column }) => column === name)!;
  assertEquals(by("the next close").reason, "the next close is $close of 1 bar later, at 100 % of bars");
  assert(by("the next return").explained > 0.999 && by("the next return").explainedPast < 0.01);
  assertStringIncludes(by("the next return").reason, "the next return explains 100 % of the next bar's return (and 0.");
  assertStringIncludes(by("the sign of the return two bars on").reason, "of the return of 2 bars later");
  assertStringIncludes(found.verdict, "suspicious, not proof: ");
});

Deno.test("fair columns are not suspected, nor is the absence of columns", () => {
  const found = suspectColumns(candles, { columns: fair });
  assertEquals([found.passed, found.suspicions], [true, []]);
  assertStringIncludes(found.verdict, "none of 7 columns");
  assertEquals(suspectColumns(candles).verdict, "there are no further columns");
});

Deno.test("pure chance is not suspected, whatever the seed and however few the bars", () => {
  for (let seed = 0; seed < 20; seed++) {
    const few = synthetic(60 + 10 * seed, rng(seed));
    const random = rng(seed + 100);
    const columns = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`n${i}`, few.$close.map(() => normal(random))]),
    );
    assertEquals(suspectColumns(few, { columns }).suspicions, []);
  }
});

Deno.test("a column of another length is refused, no bars are no suspicion", () => {
  assertThrows(
    () => suspectColumns(candles, { columns: { x: [1, 2] } }),
    RangeError,
    "must have 3000 values: it has 2",
  );
  assertEquals(suspectColumns(synthetic(0, rng(1)), { columns: { x: [] } }).passed, true);
});
