import { assertEquals } from "@std/assert";
import { compareNumbers } from "../../lib/pipeline/verify.ts";

Deno.test("numbers are the same to the last bit, NaN and infinities by their text, and none may be missing or new", () => {
  const recorded = { a: 0.1 + 0.2, b: "NaN", c: "Infinity", d: 1, gone: 2, zero: 0 };
  const again = { a: 0.3, b: "NaN", c: "Infinity", d: 1, extra: 3, zero: -0 };
  assertEquals(compareNumbers(recorded, again), [
    { name: "a", recorded: 0.1 + 0.2, again: 0.3, same: false },
    { name: "b", recorded: NaN, again: NaN, same: true },
    { name: "c", recorded: Infinity, again: Infinity, same: true },
    { name: "d", recorded: 1, again: 1, same: true },
    { name: "gone", recorded: 2, again: NaN, same: false },
    { name: "zero", recorded: 0, again: -0, same: false },
    { name: "extra", recorded: NaN, again: 3, same: false },
  ]);
});
