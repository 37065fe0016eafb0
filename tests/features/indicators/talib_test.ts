import { assert, assertEquals } from "@std/assert";
import * as functions from "../../../lib/features/indicators/mod.ts";
import { computeIndicators, indicators, type Params, talibIndicators } from "../../../lib/features/indicators/mod.ts";
import { readSample, sampleCatalogue } from "../../../lib/data/sample.ts";
import type { Candles } from "../../../lib/market/candles.ts";
import { largestError, talibLong, talibSeries, talibVectors } from "./talib_vectors.ts";

const names = Object.keys(talibIndicators);

Deno.test("the 44 are the ones of the vectors, with TA-Lib's defaults", () => {
  const defaults = Object.fromEntries(
    talibVectors.filter(({ label }) => label.includes("default")).map(({ name, params }) => [name, params]),
  );
  assertEquals(
    Object.fromEntries(names.map((name) => [name, talibIndicators[name].params])),
    Object.fromEntries(names.map((name) => [name, defaults[name]])),
  );
  assertEquals([names.length, Object.keys(defaults).length], [44, 44]);
});

for (const [symbol, candles] of Object.entries(talibSeries)) {
  const vectors = talibVectors.filter((vector) => vector.candles === candles);

  Deno.test(`every indicator equals TA-Lib's to 1e-9 with the same NaN, each alone: ${symbol}`, () => {
    for (const { label, name, params, expected } of vectors) {
      assertAsTalib(indicators[name].run(candles, params), expected, label);
    }
  });

  Deno.test(`every indicator equals TA-Lib's to 1e-9 with the same NaN, all 44 at once: ${symbol}`, () => {
    for (const same of Map.groupBy(vectors, ({ label }) => label.split(", ")[1]).values()) {
      const together = computeIndicators(candles, same);
      same.forEach(({ label, expected }, i) => assertAsTalib(together[i], expected, label));
    }
  });

  Deno.test(`an indicator is the same in all 64 bits alone, together with others and as a function: ${symbol}`, () => {
    const together = computeIndicators(candles, vectors);
    const backwards = computeIndicators(candles, vectors.toReversed()).reverse();
    vectors.forEach(({ label, name, params }, i) => {
      const alone = indicators[name].run(candles, params);
      assertSameBits(together[i], alone, label);
      assertSameBits(backwards[i], alone, label);
      assertSameBits(byFunction(name, candles, params), alone, label);
    });
  });
}

for (const { sample, every, expected } of talibLong) {
  Deno.test(`every indicator equals TA-Lib's to 1e-9 all along ${sample}`, async () => {
    const candles = await readSample(sampleCatalogue().find(({ name }) => name === sample)!);
    const together = computeIndicators(candles, names.map((name) => ({ name })));
    names.forEach((name, i) => {
      const at = together[i].map((output) => output.filter((_, t) => t % every === 0));
      assertAsTalib(at, expected[name], name);
    });
  });
}

/** What the plain function of an indicator gives: its columns, then its parameters, in the table's order. */
function byFunction(name: string, candles: Candles, params: Params): Float64Array[] {
  const { inputs, outputs, params: defaults } = indicators[name];
  const columns = inputs.map((input) => candles[input as "$close"]);
  const ordered = Object.keys(defaults).map((key) => params[key]);
  const call = Reflect.get(functions, name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()));
  const result = name === "stoch" ? call(...columns, params) : call(...columns, ...ordered);
  return result instanceof Float64Array ? [result] : outputs.map((output) => result[output]);
}

function assertAsTalib(actual: readonly Float64Array[], expected: readonly Float64Array[], label: string): void {
  const places = (columns: readonly Float64Array[]) =>
    columns.map((column) => [...column].flatMap((x, t) => Number.isNaN(x) ? [t] : []).join());
  assertEquals(places(actual), places(expected), `${label}: bars without a value`);
  const error = largestError(actual, expected);
  assert(error <= 1e-9, `${label}: largest relative error is ${error}`);
}

function assertSameBits(actual: readonly Float64Array[], expected: readonly Float64Array[], label: string): void {
  const bits = (columns: readonly Float64Array[]) => columns.map((column) => new BigUint64Array(column.slice().buffer));
  assertEquals(bits(actual), bits(expected), label);
}
