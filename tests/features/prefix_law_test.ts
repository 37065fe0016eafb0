import { assert, assertEquals } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { featureBuilder } from "../../lib/features/build.ts";
import { computeIndicators, indicators, talibIndicators } from "../../lib/features/indicators/mod.ts";
import { asColumns, checkFeatureLeaks, checkLeaks } from "../../lib/features/leaks.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { parseSpec, warmupOf } from "../../lib/features/spec.ts";
import { transforms } from "../../lib/features/transforms.ts";
import { type Candles, newCandles } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const length = 240;

/** Bars as they come: ordinary ones, ones that stand still and do not trade for a while, and those of a tiny price. */
const markets: Readonly<Record<string, Candles>> = {
  ordinary: synthetic(length, rng(1), { volatility: 0.02 }),
  still: still(synthetic(length, rng(2))),
  tiny: synthetic(length, rng(3), { price: 1e-8, volatility: 0.1 }),
};

function still(candles: Candles): Candles {
  const within = (t: number) => (t >= 60 && t < 110) || (t >= 150 && t < 153) || t > 230;
  let [last, volume] = [NaN, 0];
  const closes = candles.$close.map((close, t) => (last = within(t) ? last : close));
  const held = (column: Float64Array) => column.map((x, t) => (within(t) ? closes[t] : x));
  return newCandles({
    ...candles,
    ...{ $open: held(candles.$open), $high: held(candles.$high), $low: held(candles.$low), $close: closes },
    $volume: candles.$volume.map((v, t) => (volume = within(t) ? 0 : v, volume)),
    filled: Uint8Array.from({ length }, (_, t) => Number(within(t))),
  });
}

/** Every output of every indicator, at its defaults and with every period shorter and longer. */
const specs = Object.entries(indicators).flatMap(([name, { params, outputs }]) => {
  const periods = Object.keys(params).filter((param) => /period\d?$/.test(param));
  const calls = [
    `${name}()`,
    ...[3, 11].map((bars) => `${name}(${periods.map((param, i) => `${param}=${bars + i}`).join(", ")})`),
  ];
  return [...new Set(periods.length > 0 ? calls : calls.slice(0, 1))]
    .flatMap((call) => outputs.map((output) => `${call}.${output}`));
});

for (const [kind, candles] of Object.entries(markets)) {
  Deno.test(`every indicator keeps the prefix law through its spec, on ${kind} bars`, () => {
    const found = checkFeatureLeaks(candles, specs, { effort: Infinity });
    assertEquals(found.leaks, []);
    assertEquals([found.passed, found.tested, found.silent, found.refused.runs], [true, length - 1, [], 0]);
  });

  Deno.test(`every indicator keeps the prefix law in all 64 bits, on ${kind} bars`, () => {
    const calls = Object.keys(indicators).map((name) => ({ name }));
    const found = checkLeaks(candles, (candles: Candles) => {
      const columns = computeIndicators(candles, calls).flatMap((outputs, i) =>
        outputs.map((output, k) => [`${calls[i].name}.${indicators[calls[i].name].outputs[k]}`, output])
      );
      return asColumns(Object.fromEntries(columns));
    }, { effort: Infinity });
    assertEquals(found.leaks, []);
    assertEquals([found.passed, found.tested], [true, length - 1]);
  });

  Deno.test(`every set of features keeps the prefix law and is finite, on ${kind} bars`, () => {
    for (const [name, set] of Object.entries(featureSets)) {
      const found = checkFeatureLeaks(candles, set, { effort: Infinity });
      assert(found.passed && found.silent.length === 0, `${name}: ${found.verdict}`);
      assertEquals(found.refused.runs, 0);
    }
  });
}

Deno.test("every transform keeps the prefix law through its spec", () => {
  const texts = Object.entries(transforms).flatMap(([name, { params }]) => {
    const given = "low" in params ? ["(-1, 1)"] : "period" in params ? ["(1)", "(2)", "(17)"] : [""];
    return given.map((list) => `($close - 100)/abs/${name}${list}`);
  });
  const found = checkFeatureLeaks(markets.ordinary, [...texts, "sma(7, macd.hist/zscore(11))"], { effort: Infinity });
  assert(found.passed, found.verdict);
});

Deno.test("every indicator warms up exactly as it says, also when it reads another one", () => {
  for (const spec of specs) {
    const { warmup } = featureBuilder([spec])(markets.ordinary);
    assertEquals(warmup, warmupOf(parseSpec(spec)), spec);
    const [name, output] = [spec.replace(/\(.*/, ""), spec.replace(/^.*\)\./, "")];
    if (indicators[name].inputs.length !== 1) continue;
    const nested = `${name}($close/return(4)/abs).${output}`;
    assertEquals(featureBuilder([nested])(markets.ordinary).warmup, warmupOf(parseSpec(nested)), nested);
  }
});

Deno.test("core44 has every one of TA-Lib's indicators, and nothing in it has the scale of price or volume", () => {
  const text = featureSets.core44.join(" ");
  for (const name of Object.keys(talibIndicators)) assert(new RegExp(`\\b${name}\\b`).test(text), name);
  const { ordinary } = markets;
  const scaled = newCandles({
    ...ordinary,
    ...Object.fromEntries(
      (["$open", "$high", "$low", "$close"] as const).map((name) => [name, ordinary[name].map((x) => x * 1024)]),
    ) as Pick<Candles, "$open" | "$high" | "$low" | "$close">,
    $volume: ordinary.$volume.map((v) => v * 4096),
  });
  for (const [name, set] of Object.entries(featureSets)) {
    const build = featureBuilder(set);
    const [a, b] = [build(ordinary), build(scaled)];
    for (let i = a.warmup * set.length; i < a.values.length; i++) {
      const error = Math.abs(a.values[i] - b.values[i]);
      assert(error <= 1e-4 * (1 + Math.abs(a.values[i])), `${name}: ${set[i % set.length]} at ${i / set.length}`);
    }
  }
});
