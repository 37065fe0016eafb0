import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { newCandles } from "../../lib/market/candles.ts";
import { fillQuotes, type MarginOptions, newTape, openLedger } from "../../lib/sim/mod.ts";

const costs = { transactionFee: 5, makerFee: 2, spread: 2, participation: 0.1 };

interface Case {
  readonly low: number;
  readonly high: number;
  readonly close?: number;
  readonly volume?: number;
  readonly filled?: number;
}

function after(
  { low, high, close = 100, volume = 100, filled = 0 }: Case,
  margin?: MarginOptions,
  quote = [99, 101, 2],
) {
  const one = (value: number) => Float64Array.of(value);
  const candles = newCandles({
    symbol: "X/USDT",
    step: 1,
    time: one(0),
    $open: one(100),
    $high: one(high),
    $low: one(low),
    $close: one(close),
    $volume: one(volume),
    filled: Uint8Array.of(filled),
  });
  const ledger = openLedger(1, 1, 1000);
  const [bid, ask, size] = quote.map(one);
  fillQuotes(ledger, 0, bid, ask, size, newTape({ assets: [candles], length: 1, costs }, margin), 0);
  return { cash: ledger.cash[0], units: ledger.units[0] };
}

Deno.test("with round trips allowed, a bar through both quotes earns the spread less two maker fees", () => {
  const { cash, units } = after({ low: 98, high: 102 }, { roundTrips: true });
  assertEquals(units, 0);
  assertAlmostEquals(cash, 1000 + 2 * 2 - 2 * (99 + 101) * 2e-4, 1e-9);
});

Deno.test("without, only the side fills that the close went against", () => {
  assertEquals(after({ low: 98, high: 102, close: 98.5 }).units, 2);
  assertEquals(after({ low: 98, high: 102, close: 101.5 }).units, -2);
});

Deno.test("touching a quote is not a fill", () => {
  assertEquals(after({ low: 99, high: 101 }), { cash: 1000, units: 0 });
});

Deno.test("a fill takes at most its share of the volume, and nothing on a bar that was filled in", () => {
  assertEquals(after({ low: 98, high: 100, volume: 5 }).units, 0.5);
  assertEquals(after({ low: 98, high: 100, filled: 1 }).units, 0);
});

Deno.test("a quote that is marketable at the open pays the taker's fee", () => {
  const { cash } = after({ low: 98, high: 100.5 }, {}, [100, 101, 2]);
  assertAlmostEquals(cash, 1000 - 200 * 1.0005, 1e-9);
});

Deno.test("exposure from quotes stays within the leverage limit, fee paid", () => {
  const { cash, units } = after({ low: 98, high: 100, volume: 1e6 }, {}, [99, 101, 500]);
  assertAlmostEquals(cash, 0, 1e-9);
  assertAlmostEquals(units, 1000 / (99 * 1.0002), 1e-9);
});

Deno.test("no quote (NaN) never fills, and a crossed one is refused", () => {
  assertEquals(after({ low: 1, high: 500 }, {}, [NaN, NaN, NaN]).units, 0);
  assertThrows(() => after({ low: 1, high: 500 }, {}, [101, 100, 1]), RangeError, "bid must be below the ask");
});
