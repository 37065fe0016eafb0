import { assertEquals, assertThrows } from "@std/assert";
import { readCheckpoint, writeCheckpoint } from "../../lib/agent/checkpoint.ts";

const checkpoint = {
  numbers: { steps: 12, rate: 0.1 },
  arrays: {
    weights0: Float32Array.of(1, NaN, -0, 3e38),
    empty: new Uint8Array(0),
    money: Float64Array.of(Math.PI),
    bars: Int32Array.of(-1, 2),
    random: Uint32Array.of(2 ** 32 - 1),
  },
};

Deno.test("a checkpoint is read as it was written, to the last bit", () => {
  const bytes = writeCheckpoint(checkpoint);
  assertEquals(readCheckpoint(bytes), checkpoint);
  assertEquals(writeCheckpoint(readCheckpoint(bytes)), bytes);
});

Deno.test("part of an array is written alone", () => {
  const array = Float64Array.of(1, 2, 3).subarray(1);
  assertEquals(readCheckpoint(writeCheckpoint({ numbers: {}, arrays: { array } })).arrays.array, Float64Array.of(2, 3));
});

Deno.test("a file that is none, or is cut short, is refused", () => {
  const bytes = writeCheckpoint(checkpoint);
  assertThrows(() => readCheckpoint(bytes.subarray(0, bytes.length - 1)), SyntaxError, "cut short");
  assertThrows(() => readCheckpoint(new Uint8Array(0)), SyntaxError, "are not one");
  assertThrows(
    () => readCheckpoint(new TextEncoder().encode("candelabra checkpoint 1\n{")),
    SyntaxError,
    "are not one",
  );
  assertThrows(() => readCheckpoint(new TextEncoder().encode("something else that is long enough\n{}\n")), SyntaxError);
});
