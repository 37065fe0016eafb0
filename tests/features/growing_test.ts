import { assert, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { buildFeatures } from "../../lib/features/build.ts";
import { growingFeatures } from "../../lib/features/growing.ts";
import { indicators } from "../../lib/features/indicators/mod.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { transforms } from "../../lib/features/transforms.ts";
import { type Candles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

/** Rows of features worked out bar by bar, or in the steps given; NaN before all are known. */
function grown(candles: Candles, specs: readonly string[], steps: () => number): Float64Array {
  const features = growingFeatures(specs);
  const F = specs.length;
  const rows = new Float64Array(candles.length * F).fill(NaN);
  for (let t = 0; t < candles.length;) {
    t = Math.min(candles.length, t + steps());
    features.update(slice(candles, 0, t), (columns, from, to, origin) => {
      for (let bar = Math.max(from, features.warmup); bar < to; bar++) {
        columns.forEach((column, f) => rows[bar * F + f] = column[bar - origin]);
      }
    });
  }
  return rows;
}

/** Features that differ from all bars at once, and from which bar on. */
function apart(candles: Candles, specs: readonly string[], steps: () => number): string[] {
  const { values } = buildFeatures(candles, specs);
  const bits = new Uint32Array(values.buffer);
  const rows = grown(candles, specs, steps);
  const own = new Uint32Array(Float32Array.from(rows).buffer);
  const found = new Map<string, number>();
  for (let i = 0; i < bits.length; i++) {
    const same = bits[i] === own[i] || (Number.isNaN(values[i]) && Number.isNaN(rows[i]));
    const spec = specs[i % specs.length];
    if (!same && !found.has(spec)) found.set(spec, Math.floor(i / specs.length));
  }
  return [...found].map(([spec, t]) => `${spec} from bar ${t}`);
}

const every = Object.entries(indicators).flatMap(([name, { outputs }]) =>
  outputs.length === 1 ? [name] : outputs.map((output) => `${name}.${output}`)
);
const one = () => 1;

Deno.test("every indicator bar by bar gives the bits of all bars at once, over the renewal of rolling sums too", () => {
  const candles = synthetic(2 ** 15 + 3000, rng(5));
  assertEquals(apart(candles, every, one), []);
});

Deno.test("every transform and set of features does, in steps of any size and for ever", () => {
  const candles = synthetic(20_000, rng(6));
  const parameters: Record<string, string> = { clip: "(0, 30000)" };
  const own = Object.entries(transforms).map(([name, { params }]) =>
    `$close/${name}${parameters[name] ?? (Object.values(params).some(Number.isNaN) ? "(20)" : "")}`
  );
  const nested = ["sma(10, rsi(14))/zscore(30)", "correl(30, $close/diff, $volume)", "-ema(5, ema(9))*2 + 1", "filled"];
  const specs = [...featureSets.core44, ...featureSets.quick, ...own, ...nested]
    .filter((spec, i, all) => all.indexOf(spec) === i && spec !== "rsi(14)/50 - 1");
  const random = rng(7);
  assertEquals(apart(candles, specs, () => 1 + Math.floor(40 * random())), []);
  assertEquals(apart(candles, specs, () => 1 + Math.floor(9000 * random() ** 4)), []);
  assertEquals(apart(candles, specs, one), []);
});

Deno.test("other features computed in between do not get into a growing one's memory", () => {
  const candles = synthetic(600, rng(8));
  const specs = [...featureSets.core44];
  const features = growingFeatures(specs);
  let row = new Float32Array(0);
  for (let t = 1; t <= candles.length; t++) {
    features.update(
      slice(candles, 0, t),
      (columns, _from, to) => row = Float32Array.from(columns, (one) => one[to - 1]),
    );
    buildFeatures(slice(candles, 0, 200), specs);
  }
  assertEquals(row, buildFeatures(candles, specs).values.subarray(-specs.length));
});

Deno.test("a value that is not finite after the warm-up is refused, with the bar named", () => {
  const candles = synthetic(50, rng(9));
  candles.$volume[30] = 0;
  const features = growingFeatures(["$volume/log"]);
  const error = assertThrows(() => features.update(candles, () => {}), RangeError);
  assert(/"\$volume\/log" of SYN.*-Infinity at/.test(error.message), error.message);
});
