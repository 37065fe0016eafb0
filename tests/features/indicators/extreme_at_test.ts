import { assertEquals } from "@std/assert";
import { rng } from "../../../lib/base/random.ts";
import { extremeStep, slotOf } from "../../../lib/features/indicators/extreme_at.ts";
import { blockLength, walk } from "../../../lib/features/indicators/step.ts";

/** Where each window's extreme is, of equal ones the latest; −1 before the first whole window. */
function places(values: Float64Array, sign: 1 | -1, period: number): number[] {
  const at = new Int32Array(blockLength);
  const found = new Array(values.length).fill(-1);
  const step = extremeStep(values, sign, period, at);
  walk(values.length, [step, (from, to) => {
    for (let t = Math.max(from, period - 1); t < to; t++) found[t] = at[t & slotOf];
  }]);
  return found;
}

function search(values: Float64Array, sign: 1 | -1, period: number): number[] {
  return Array.from(values, (_, t) => {
    if (t < period - 1) return -1;
    let best = t;
    for (let i = t - 1; i > t - period; i--) if (sign * (values[i] - values[best]) > 0) best = i;
    return best;
  });
}

const random = rng(1);

function walked(length: number): Float64Array {
  let level = 0;
  return Float64Array.from({ length }, () => level += random() - 0.5);
}

const series: Readonly<Record<string, Float64Array>> = {
  "a walk": walked(3000),
  "few different values": Float64Array.from({ length: 2500 }, () => Math.floor(4 * random())),
  "only up": Float64Array.from({ length: 2100 }, (_, t) => t),
  "only down": Float64Array.from({ length: 2100 }, (_, t) => -t),
  "flat": new Float64Array(2100).fill(7),
  "tiny": Float64Array.from({ length: 1100 }, () => 1e-308 * random()),
  "huge, of both signs": Float64Array.from({ length: 1100 }, () => 1.7e308 * (2 * random() - 1)),
};

for (const [name, values] of Object.entries(series)) {
  Deno.test(`the extreme of every window is where a search finds it, of equal ones the latest: ${name}`, () => {
    for (const period of [1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 33, 100, 1023, 1024, 1025]) {
      for (const sign of [1, -1] as const) {
        assertEquals(places(values, sign, period), search(values, sign, period), `${period} bars, ${sign}`);
      }
    }
  });
}

Deno.test("the highest of 3 1 2 2 over two bars is at 0, 2, 3 and the lowest at 1, 1, 3", () => {
  const values = Float64Array.of(3, 1, 2, 2);
  assertEquals(places(values, 1, 2), [-1, 0, 2, 3]);
  assertEquals(places(values, -1, 2), [-1, 1, 1, 3]);
});
