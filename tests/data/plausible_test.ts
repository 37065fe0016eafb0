import { assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { columns } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { checkPlausible } from "../../lib/data/plausible.ts";
import { bars } from "./bars.ts";

Deno.test("a volume in the place of any price is found and named", () => {
  const candles = synthetic(300, rng(1), { price: 9000 });
  for (const name of columns.filter((name) => name !== "$volume")) {
    const swapped = { ...candles, [name]: candles.$volume, $volume: candles[name] };
    assertThrows(() => checkPlausible(swapped, "my.csv"), RangeError, `columns ${name} and $volume look swapped`);
  }
});

Deno.test("prices in each other's place are found", () => {
  const candles = synthetic(300, rng(2));
  assertThrows(
    () => checkPlausible({ ...candles, $high: candles.$low, $low: candles.$high }, "my.csv"),
    RangeError,
    "named rightly",
  );
});

Deno.test("right columns pass: flat prices equal to the volume, tiny prices, no volume, a wild coin, few faults", () => {
  checkPlausible(bars(Array(50).fill(10)), "flat");
  checkPlausible(synthetic(300, rng(3), { price: 1e-8 }), "tiny");
  checkPlausible({ ...synthetic(300, rng(4)), $volume: new Float64Array(300) }, "no volume");
  checkPlausible(synthetic(300, rng(5), { volatility: 0.8 }), "wild");
  const some = synthetic(300, rng(6));
  some.$high.fill(1, 0, 30);
  checkPlausible(some, "few faults");
  checkPlausible(bars([]), "empty");
});
