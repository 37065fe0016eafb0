import { assert, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { buildFeatures } from "../../lib/features/build.ts";
import { growingFeatures } from "../../lib/features/growing.ts";
import { indicators } from "../../lib/features/indicators/mod.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { transforms } from "../../lib/features/transforms.ts";
import { type Candles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

/** Rows of features worked out bar by bar, or in the steps given. */
function grown(candles: Candles, specs: readonly string[], steps: () => number, room?: number): Float32Array {
  const features = growingFeatures(specs, room);
  const F = specs.length;
  const rows = new Float32Array(candles.length * F).fill(NaN);
  for (let t = 0; t < candles.length;) {
    t = Math.min(candles.length, t + steps());
    features.update(slice(candles, 0, t), rows, (t - 1) * F);
  }
  return rows;
}

/** Bars at which two tables of F columns differ in a bit, by column. */
function apart(a: Float32Array, b: Float32Array, specs: readonly string[], rows: (t: number) => boolean): string[] {
  const [x, y] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)];
  const found = new Map<string, number>();
  for (let i = 0; i < x.length; i++) {
    const t = Math.floor(i / specs.length);
    const same = x[i] === y[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]));
    const spec = specs[i % specs.length];
    if (!same && rows(t) && !found.has(spec)) found.set(spec, t);
  }
  return [...found].map(([spec, t]) => `${spec} from bar ${t}`);
}

const every = Object.entries(indicators).flatMap(([name, { outputs }]) =>
  outputs.length === 1 ? [name] : outputs.map((output) => `${name}.${output}`)
);
const one = () => 1;

Deno.test("every indicator bar by bar gives the bits of all bars at once, over the renewal of rolling sums too", () => {
  const candles = synthetic(2 ** 15 + 3000, rng(5));
  assertEquals(apart(buildFeatures(candles, every).values, grown(candles, every, one), every, () => true), []);
});

Deno.test("every transform and set of features does, in steps of any size and with room that runs out", () => {
  const candles = synthetic(5000, rng(6));
  const parameters: Record<string, string> = { clip: "(0, 30000)" };
  const own = Object.entries(transforms).map(([name, { params }]) =>
    `$close/${name}${parameters[name] ?? (Object.values(params).some(Number.isNaN) ? "(20)" : "")}`
  );
  const nested = ["sma(10, rsi(14))/zscore(30)", "correl(30, $close/diff, $volume)", "-ema(5, ema(9))*2 + 1", "filled"];
  const specs = [...featureSets.core44, ...featureSets.quick, ...own, ...nested]
    .filter((spec, i, all) => all.indexOf(spec) === i && spec !== "rsi(14)/50 - 1");
  const random = rng(7);
  const ends = new Set<number>();
  let at = 0;
  const steps = () => {
    const n = 1 + Math.floor(40 * random());
    ends.add((at += n) - 1);
    return n;
  };
  const all = buildFeatures(candles, specs).values;
  assertEquals(apart(all, grown(candles, specs, steps, 64), specs, (t) => ends.has(t)), []);
  assertEquals(apart(all, grown(candles, specs, one, 64), specs, () => true), []);
});

Deno.test("other features computed in between do not get into a growing one's memory", () => {
  const candles = synthetic(600, rng(8));
  const specs = [...featureSets.core44];
  const features = growingFeatures(specs);
  const row = new Float32Array(specs.length);
  for (let t = 1; t <= candles.length; t++) {
    features.update(slice(candles, 0, t), row);
    buildFeatures(slice(candles, 0, 200), specs);
  }
  assertEquals(row, buildFeatures(candles, specs).values.subarray(-specs.length));
});

Deno.test("a value that is not finite after the warm-up is refused, with the bar named", () => {
  const candles = synthetic(50, rng(9));
  candles.$volume[30] = 0;
  const features = growingFeatures(["$volume/log"]);
  const error = assertThrows(() => features.update(candles, new Float32Array(1)), RangeError);
  assert(/"\$volume\/log" of SYN.*-Infinity at/.test(error.message), error.message);
});
