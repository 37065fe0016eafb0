import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as ti from "technicalindicators";
import { rng } from "../../../lib/base/random.ts";
import { computeIndicators, indicators, midprice, type Params } from "../../../lib/features/indicators/mod.ts";
import { type Candles, mapColumns, newCandles } from "../../../lib/market/candles.ts";
import { synthetic } from "../../../lib/market/synthetic.ts";

type Bar = readonly [open: number, high: number, low: number, close: number, volume?: number];

function candlesOf(bars: readonly Bar[]): Candles {
  const column = (k: number) => Float64Array.from(bars, (bar) => bar[k] ?? 1);
  const time = Float64Array.from(bars, (_, t) => 60_000 * t);
  const prices = { $open: column(0), $high: column(1), $low: column(2), $close: column(3), $volume: column(4) };
  return newCandles({ symbol: "HAND", step: 60_000, time, ...prices });
}

const run = (name: string, candles: Candles, params: Params = {}) =>
  indicators[name].run(candles, params).map((output) => [...output]);

const last = (name: string, bars: readonly Bar[]) => run(name, candlesOf(bars))[0].at(-1);

const candles = synthetic(300, rng(7), { volatility: 0.02 });
const lists = {
  ...{ open: [...candles.$open], high: [...candles.$high], low: [...candles.$low], close: [...candles.$close] },
  ...{ volume: [...candles.$volume], values: [...candles.$close] },
};

Deno.test("what comes from the package is what its own functions give, aligned to the bars", () => {
  const kst = { ROCPer1: 10, ROCPer2: 15, ROCPer3: 20, ROCPer4: 30 };
  const smooth = { SMAROCPer1: 10, SMAROCPer2: 10, SMAROCPer3: 10, SMAROCPer4: 15, signalPeriod: 9 };
  const keltner = { ...lists, maPeriod: 20, atrPeriod: 10, multiplier: 1, useSMA: false };
  const ichimoku = { ...lists, conversionPeriod: 9, basePeriod: 26, spanPeriod: 52, displacement: 26 };
  const ha = ti.heikinashi(lists);
  const all: Record<string, Record<string, readonly unknown[]>> = {
    "ti.awesomeoscillator": {
      awesomeoscillator: ti.awesomeoscillator({ ...lists, fastPeriod: 5, slowPeriod: 34 }),
    },
    "ti.chandelierexit": byOutput(ti.chandelierexit({ ...lists, period: 22, multiplier: 3 })),
    "ti.forceindex": { forceindex: ti.forceindex({ ...lists, period: 13 }) },
    "ti.heikinashi": { open: ha.open!, high: ha.high!, low: ha.low!, close: ha.close! },
    "ti.highest": { highest: ti.highest({ values: lists.high, period: 20 }) },
    "ti.lowest": { lowest: ti.lowest({ values: lists.low, period: 20 }) },
    "ti.ichimokucloud": byOutput(ti.ichimokucloud(ichimoku)),
    "ti.keltnerchannels": byOutput(ti.keltnerchannels(keltner)),
    "ti.kst": byOutput(ti.kst({ ...lists, ...kst, ...smooth }).slice(8)),
    "ti.averagegain": { averagegain: ti.averagegain({ ...lists, period: 14 }) },
    "ti.averageloss": { averageloss: ti.averageloss({ ...lists, period: 14 }) },
    "ti.wema": { wema: ti.wema({ ...lists, period: 14 }) },
    "ti.vwap": { vwap: ti.vwap(lists) },
  };
  for (const [name, wanted] of Object.entries(all)) {
    const { outputs, params, warmup } = indicators[name];
    const found = Object.fromEntries(
      run(name, candles).map((output, k) => [outputs[k], output.slice(warmup(params))]),
    );
    assertEquals(Object.keys(found).sort(), Object.keys(wanted).sort(), name);
    for (const [output, values] of Object.entries(found)) {
      assertEquals(values.length, wanted[output].length, name);
      values.forEach((x, t) => assertAlmostEquals(x, Number(wanted[output][t]), 1e-11, `${name}, ${output} at ${t}`));
    }
  }
  const others = Object.keys(indicators).filter((name) => name.startsWith("ti.") && !(name in all));
  assert(others.every((name) => indicators[name].inputs[0] === "$open"), "all else are patterns");
});

function byOutput(results: readonly unknown[]): Record<string, unknown[]> {
  const names = Object.keys(Object(results[0]));
  return Object.fromEntries(names.map((name) => [name, results.map((result) => Reflect.get(Object(result), name))]));
}

Deno.test("every pattern of the package is 1 where the package finds it", () => {
  const wide = synthetic(400, rng(5), { volatility: 0.003 });
  const gaps = mapColumns(wide, (column) => column.map((x) => (x > 1e9 ? x : x * 100)) as typeof column);
  for (const market of [wide, gaps, jagged(1500)]) {
    for (const [name, { inputs, warmup }] of Object.entries(indicators)) {
      const has = Reflect.get(ti, name.slice(3));
      if (inputs[0] !== "$open" || name === "ti.heikinashi" || !name.startsWith("ti.") || warmup({}) === 4) continue;
      const first = warmup({});
      const [found] = run(name, market);
      for (let t = first; t < market.length; t++) {
        const [open, high, low, close] = [market.$open, market.$high, market.$low, market.$close]
          .map((column) => [...column.subarray(t - first, t + 1)]);
        assertEquals(found[t], has({ open, high, low, close }) ? 1 : 0, `${name} at ${t}`);
      }
    }
  }
});

/** Bars with gaps, on a coarse grid of prices, so that rare patterns come. */
function jagged(length: number): Candles {
  const random = rng(11);
  const bars: Bar[] = [];
  let level = 60;
  for (let t = 0; t < length; t++) {
    level = Math.min(90, Math.max(30, level + Math.round(20 * random() - 10)));
    const [open, close] = [level + Math.round(6 * random()), level + Math.round(6 * random())];
    const [up, down] = [Math.floor(3 * random()), Math.floor(3 * random())];
    bars.push([open, Math.max(open, close) + up, Math.min(open, close) - down, close]);
  }
  return candlesOf(bars);
}

Deno.test("every pattern comes somewhere", () => {
  const market = jagged(20_000);
  const names = Object.keys(indicators).filter((name) =>
    name.startsWith("ti.") && indicators[name].inputs[0] === "$open"
  );
  const patterns = names.filter((name) => name !== "ti.heikinashi");
  const found = computeIndicators(market, patterns.map((name) => ({ name })));
  patterns.forEach((name, i) => assert(found[i][0].includes(1), name));
  assertEquals(patterns.length, 37);
});

Deno.test("a hammer after a fall, its confirmation, and none after a rise", () => {
  const fall: Bar[] = [[110, 111, 107, 108], [108, 109, 104, 105], [105, 106, 101, 102]];
  const hammer: Bar = [100, 101, 92, 101];
  const rise: Bar[] = [[94, 96, 93, 95], [95, 97, 94, 96], [96, 99, 95, 98]];
  assertEquals(last("ti.hammerpattern", [...fall, hammer, [101, 105, 100, 104]]), 1);
  assertEquals(last("ti.hammerpattern", [...fall, hammer, [101, 102, 97, 98]]), 0);
  assertEquals(last("ti.hammerpattern", [...rise, hammer, [101, 105, 100, 104]]), 0);
  assertEquals(last("ti.hammerpatternunconfirmed", [[112, 113, 109, 110], ...fall, hammer]), 1);
  assertEquals(last("ti.hangingman", [...rise, hammer, [100, 101, 96, 97]]), 1);
});

Deno.test("a trend is told by its numbers, where the package compares them as text", () => {
  const bars: Bar[] = [[100, 100, 100, 100], [100, 100, 80, 80], [80, 99.5, 80, 99], [99, 99, 90, 95], [
    95,
    96,
    90,
    94,
  ]];
  const [open, high, low, close] = [0, 1, 2, 3].map((k) => bars.map((bar) => Number(bar[k])));
  assertEquals(ti.tweezerbottom({ open, high, low, close }), false); // as "10" comes before "9.5"
  assertEquals(last("ti.tweezerbottom", bars), 1);
});

Deno.test("three white soldiers march, and one that steps back spoils it", () => {
  const soldiers: Bar[] = [[10, 13, 9.5, 12], [11, 15, 10.5, 14], [13, 17, 12.5, 16]];
  assertEquals(last("ti.threewhitesoldiers", soldiers), 1);
  assertEquals(last("ti.bullish", [[10, 11, 9, 10.5], [10.5, 11, 9, 10], ...soldiers]), 1);
  assertEquals(last("ti.threewhitesoldiers", [soldiers[0], soldiers[1], [13, 14.5, 12, 12.5]]), 0);
});

Deno.test("Ichimoku's lines are middles of ranges, known at the bar and not displaced", () => {
  const [conversion, base, spanA, spanB] = run("ti.ichimokucloud", candles);
  // the middle of the range of highs and lows together, which is what midprice is
  const middle = (period: number) => midprice(candles.$high, candles.$low, period);
  for (let t = 51; t < candles.length; t++) {
    assertAlmostEquals(conversion[t], middle(9)[t], 1e-9);
    assertAlmostEquals(base[t], middle(26)[t], 1e-9);
    assertAlmostEquals(spanA[t], (conversion[t] + base[t]) / 2, 1e-9);
    assertAlmostEquals(spanB[t], middle(52)[t], 1e-9);
  }
});

Deno.test("VWAP is the bar's price until something is traded, then the traded ones'", () => {
  const bars: Bar[] = [[9, 9, 9, 9, 0], [6, 6, 6, 6, 0], [4, 4, 4, 4, 2], [8, 8, 8, 8, 2], [50, 50, 50, 50, 0]];
  assertEquals(run("ti.vwap", candlesOf(bars)), [[9, 6, 4, 6, 6]]);
});

Deno.test("what does not move has no momentum and no width", () => {
  const flat = candlesOf(Array.from({ length: 80 }, () => [5, 5, 5, 5, 0] as const));
  for (const name of ["ti.kst", "ti.awesomeoscillator", "ti.forceindex", "ti.averagegain", "ti.averageloss"]) {
    const { warmup, params } = indicators[name];
    for (const output of run(name, flat)) {
      assertEquals(output.slice(warmup(params)).filter((x) => x !== 0), [], name);
    }
  }
  const [upper, middle, lower] = run("ti.keltnerchannels", flat);
  assertEquals([upper[79], middle[79], lower[79]], [5, 5, 5]);
});

Deno.test("the highest and lowest of a window are right where the series is 0 or below, as the package's are not", () => {
  const input = Float64Array.of(0, -2, 0, -1, -3, -1, 0, 4);
  const candles = candlesOf(Array.from({ length: 8 }, () => [5, 5, 5, 5]));
  const params = { timeperiod: 3 };
  const found = computeIndicators(candles, [{ name: "ti.highest", params, input }, {
    name: "ti.lowest",
    params,
    input,
  }]);
  assertEquals(found.map(([output]) => [...output].slice(2)), [[0, 0, 0, -1, 0, 4], [-2, -2, -3, -3, -3, -1]]);
  assertEquals(ti.highest({ values: [...input].slice(3), period: 3 })[0], 0);
});

Deno.test("a rate of change from 0 is 0 in KST, which the package leaves out of its means", () => {
  const input = Float64Array.from({ length: 100 }, (_, t) => t - 50);
  const bars = candlesOf(Array.from({ length: 100 }, () => [5, 5, 5, 5]));
  const [[kst, signal]] = computeIndicators(bars, [{ name: "ti.kst", input }]);
  assert(kst.subarray(52).every(Number.isFinite) && signal.subarray(52).every(Number.isFinite));
});
