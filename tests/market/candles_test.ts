import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { type Candles, firstBarAt, hashCandles, mapColumns, newCandles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const candles = newCandles({
  ...synthetic(20, rng(1)),
  extra: { funding: Float64Array.from({ length: 20 }, (_, t) => (t < 3 ? NaN : t)) },
});

Deno.test("newCandles keeps columns, adds what may be left out, and takes no bars at all", () => {
  const empty = new Float64Array(0);
  const none = newCandles({
    ...{ symbol: "X", step: 1, time: empty, $open: empty, $high: empty, $low: empty, $close: empty, $volume: empty },
  });
  assertEquals([none.length, none.filled.length, none.extra], [0, 0, {}]);
  assert(candles.$close === newCandles(candles).$close);
});

Deno.test("a column of another length is refused by name, the marks of filled bars too", () => {
  const short = new Float64Array(19);
  assertThrows(() => newCandles({ ...candles, $low: short }), RangeError, "$low has 19 values and time has 20");
  assertThrows(() => newCandles({ ...candles, extra: { mood: short } }), RangeError, "mood has 19");
  assertThrows(() => newCandles({ ...candles, filled: new Uint8Array(3) }), RangeError, "filled has 3");
});

Deno.test("slice views the same memory in every column", () => {
  const part = slice(candles, 5, 9);
  assertEquals([part.length, part.symbol, part.step], [4, candles.symbol, candles.step]);
  assertEquals(part.extra.funding, Float64Array.of(5, 6, 7, 8));
  assert(part.$close.buffer === candles.$close.buffer && part.filled.length === 4);
  assertEquals(slice(candles, 20, 20).length, 0);
});

Deno.test("mapColumns changes every column and nothing else", () => {
  const seen: number[] = [];
  const copy = mapColumns(candles, (column) => {
    seen.push(column.length);
    return column.slice() as typeof column;
  });
  assertEquals(copy, candles);
  assertEquals(seen.length, 8);
  assert(copy.$open !== candles.$open);
});

Deno.test("the hash is the data's: equal for a copy, other for any change, whatever the order of extras", () => {
  const copy = mapColumns(candles, (column) => column.slice() as typeof column);
  const hash = hashCandles(candles);
  assertEquals(hashCandles(copy), hash);
  const two = { a: new Float64Array(20), b: new Float64Array(20).fill(1) };
  assertEquals(hashCandles({ ...candles, extra: two }), hashCandles({ ...candles, extra: { b: two.b, a: two.a } }));
  const otherNaN = Float64Array.from(candles.extra.funding);
  new BigUint64Array(otherNaN.buffer)[0] = 0xfff8_0000_0000_0001n; // NaN, in other bits
  assertEquals(hashCandles({ ...candles, extra: { funding: otherNaN } }), hash);
  const changed = (change: (c: Candles) => void) => {
    const other = mapColumns(candles, (column) => column.slice() as typeof column);
    change(other);
    return hashCandles(other);
  };
  const others = [
    changed((c) => c.$close[19] += 1e-12),
    changed((c) => c.time[0]--),
    changed((c) => c.filled[4] = 1),
    changed((c) => c.extra.funding[3]++),
    hashCandles({ ...candles, symbol: "Y" }),
    hashCandles({ ...candles, step: 1 }),
    hashCandles({ ...candles, extra: { renamed: candles.extra.funding } }),
    hashCandles(slice(candles, 0, 19)),
  ];
  assertEquals(new Set([hash, ...others]).size, others.length + 1);
});

Deno.test("firstBarAt finds the first bar at or after a time", () => {
  const { time, step } = candles;
  for (let t = 0; t < 20; t++) {
    assertEquals([firstBarAt(candles, time[t]), firstBarAt(candles, time[t] - 1), firstBarAt(candles, time[t] + 1)], [
      t,
      t,
      t + 1,
    ]);
  }
  assertEquals(
    [firstBarAt(candles, -Infinity), firstBarAt(candles, Infinity), firstBarAt(slice(candles, 0, 0), step)],
    [0, 20, 0],
  );
});

Deno.test("synthetic bars are valid, seeded and as many as asked", () => {
  const bars = synthetic(500, rng(2), { volatility: 0.05, drift: 0.001, price: 1e-8 });
  for (let t = 0; t < 500; t++) {
    const [o, h, l, c, v] = [bars.$open[t], bars.$high[t], bars.$low[t], bars.$close[t], bars.$volume[t]];
    assert(h >= Math.max(o, c) && l <= Math.min(o, c) && l > 0 && v > 0);
    if (t > 0) assertEquals([bars.time[t] - bars.time[t - 1], o], [bars.step, bars.$close[t - 1]]);
  }
  assertEquals(hashCandles(synthetic(500, rng(2), { volatility: 0.05, drift: 0.001, price: 1e-8 })), hashCandles(bars));
  assertNotEquals(hashCandles(synthetic(50, rng(3))), hashCandles(synthetic(50, rng(4))));
  assertEquals(synthetic(0, rng(1)).length, 0);
});
