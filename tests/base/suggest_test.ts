import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { didYouMean, nearest } from "../../lib/base/suggest.ts";

fc.configureGlobal({ seed: 20260101 });

Deno.test("nearest finds a swapped, missing, doubled or foreign letter, and an abbreviation", () => {
  const names = ["rsi", "sma", "macd", "bbands", "stochrsi"];
  for (
    const [word, wanted] of [["ris", "rsi"], ["mac", "macd"], ["bband", "bbands"], ["smma", "sma"], ["MACD", "macd"]]
  ) {
    assertEquals(nearest(word, names), wanted);
  }
});

Deno.test("nearest says nothing when all are far off or there is nothing", () => {
  assertEquals(nearest("ichimoku", ["rsi", "sma"]), undefined);
  assertEquals(nearest("rsi", []), undefined);
  assertEquals(nearest("", ["momentum"]), undefined);
});

Deno.test("a word that is among the options is its own nearest, whatever stands before it", () => {
  assertEquals(nearest("sma", ["smartmoney", "sma"]), "sma");
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), {
        minLength: 1,
        selector: (s) => s.toLowerCase(),
      }),
      (names) => {
        for (const name of names) assertEquals(nearest(name, names), name);
      },
    ),
  );
});

Deno.test("didYouMean lists what is known, and only counts it when that would be a wall of text", () => {
  assertEquals(didYouMean("rsj", ["rsi", "sma"]), 'nearest is "rsi"; known: rsi, sma');
  assertEquals(didYouMean("zzzzzz", ["rsi"]), "known: rsi");
  assert(didYouMean("x1", Array.from({ length: 99 }, (_, i) => `name${i}`)).endsWith("99 are known"));
});
