import { assert, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../../lib/base/random.ts";
import {
  averageTypes,
  type Call,
  computeIndicators,
  indicators,
  type Params,
} from "../../../lib/features/indicators/mod.ts";
import { type Candles, mapColumns, newCandles, slice } from "../../../lib/market/candles.ts";
import { synthetic } from "../../../lib/market/synthetic.ts";

const names = Object.keys(indicators);

/** Every indicator at its defaults, with other periods, and with every kind of moving average it may use. */
const calls: readonly { readonly name: string; readonly params: Params }[] = names.flatMap((name) => {
  const defaults = Object.entries(indicators[name].params);
  const periods = (bars: number) =>
    Object.fromEntries(defaults.map(([key, value], i) => [key, /period\d?$/.test(key) ? bars + i : value]));
  const averages = averageTypes.flatMap((kind, type) =>
    kind && defaults.some(([key]) => key.endsWith("matype"))
      ? [Object.fromEntries(defaults.map(([key, value]) => [key, key.endsWith("matype") ? type : value]))]
      : []
  );
  const sets: Params[] = [indicators[name].params, periods(2), periods(7), ...averages];
  const distinct = new Map(sets.map((params) => [JSON.stringify(params), params]));
  return [...distinct.values()].map((params) => ({ name, params }));
});

const bits = (column: Float64Array) => new BigUint64Array(column.slice().buffer);
const said = ({ name, params }: Call) => `${name} ${JSON.stringify(params)}`;

function assertPrefixes(candles: Candles, cuts: readonly number[], chosen: readonly Call[]): void {
  const whole = computeIndicators(candles, chosen);
  for (const bars of cuts) {
    const part = computeIndicators(slice(candles, 0, bars), chosen);
    chosen.forEach((call, i) =>
      part[i].forEach((output, k) => {
        const same = bits(whole[i][k].subarray(0, bars));
        const differs = bits(output).findIndex((x, t) => x !== same[t]);
        assertEquals(differs, -1, `${said(call)}, output ${k}: bar ${differs} differs when bars end at ${bars}`);
      })
    );
  }
}

Deno.test("no bar changes when more follow, wherever the bars end", () => {
  for (const options of [{ volatility: 0.02 }, { volatility: 0.1, price: 1e-8 }]) {
    const candles = synthetic(110, rng(1), options);
    assertPrefixes(candles, Array.from({ length: 109 }, (_, t) => t + 1), calls);
  }
});

Deno.test("no bar changes when more follow, at the edges of the blocks that are computed at once", () => {
  const candles = synthetic(2100, rng(2), { volatility: 0.1 });
  assertPrefixes(candles, [1023, 1024, 1025, 1027, 1500, 2047, 2048, 2049, 2050], calls);
});

Deno.test("no bar changes when more follow, where rolling sums are made afresh", () => {
  const candles = synthetic(2 ** 16 + 40, rng(3), { volatility: 0.002 });
  const cuts = [2 ** 15 - 1, 2 ** 15, 2 ** 15 + 1, 2 ** 15 + 21, 2 ** 16 + 3];
  assertPrefixes(candles, cuts, names.filter((name) => !name.startsWith("ti.")).map((name) => ({ name })));
});

Deno.test("every output has a number for every bar, NaN before the declared warm-up, finite values from there on", () => {
  for (
    const candles of [synthetic(300, rng(4)), flat(300), { ...synthetic(300, rng(5)), $volume: new Float64Array(300) }]
  ) {
    const results = computeIndicators(candles, calls);
    calls.forEach((call, i) => {
      const { outputs, warmup } = indicators[call.name];
      assertEquals(results[i].length, outputs.length, said(call));
      for (const output of results[i]) {
        assertEquals(output.length, 300);
        const first = output.findIndex((x) => !Number.isNaN(x));
        assertEquals(first, warmup(call.params), `${said(call)}: first value`);
        assert(output.subarray(first).every(Number.isFinite), `${said(call)}: a value that is not finite`);
      }
    });
  }
});

function flat(length: number): Candles {
  return mapColumns(synthetic(length, rng(6)), (column) => column.map((x) => x > 1e9 ? x : 5) as typeof column);
}

Deno.test("bars fewer than the warm-up give NaN, and none give nothing", () => {
  const candles = synthetic(200, rng(7));
  for (const call of calls) {
    const { outputs, warmup, run } = indicators[call.name];
    for (const bars of new Set([0, 1, 2, warmup(call.params), warmup(call.params) + 1])) {
      const results = run(slice(candles, 0, bars), call.params);
      assertEquals(results.map(({ length }) => length), outputs.map(() => bars), said(call));
      const known = results.map((output) => output.filter((x) => !Number.isNaN(x)).length);
      assertEquals(known, outputs.map(() => Math.max(0, bars - warmup(call.params))), said(call));
    }
  }
});

Deno.test("what an indicator reads it leaves as it was, and what it gives is its own", () => {
  const candles = synthetic(200, rng(8));
  const before = mapColumns(candles, (column) => column.slice() as typeof column);
  const first = computeIndicators(candles, calls);
  assertEquals(candles, before);
  const kept = first.map((outputs) => outputs.map((output) => output.slice()));
  computeIndicators(synthetic(200, rng(9)), calls);
  assertEquals(first, kept);
});

Deno.test("a start of NaN is an unknown past: values are those of the bars after it, moved", () => {
  const candles = synthetic(260, rng(10));
  const late = mapColumns(candles, (column) => {
    const changed = column.slice();
    if (changed instanceof Float64Array && changed[0] < 1e9) changed.fill(NaN, 0, 9);
    return changed as typeof column;
  });
  const shorter = computeIndicators(slice(candles, 9, 260), calls);
  computeIndicators(late, calls).forEach((outputs, i) =>
    outputs.forEach((output, k) => {
      assertEquals(bits(output.subarray(9)), bits(shorter[i][k]), said(calls[i]));
      assert(output.subarray(0, 9).every(Number.isNaN), said(calls[i]));
    })
  );
  const never = { ...candles, $close: new Float64Array(260).fill(NaN) };
  for (const outputs of computeIndicators(never, [{ name: "rsi" }, { name: "ti.kst" }])) {
    for (const output of outputs) assert(output.every(Number.isNaN));
  }
});

Deno.test("NaN and infinity after the first value are refused, with the bar and the column", () => {
  for (const wrong of [NaN, Infinity, -Infinity]) {
    for (const { name } of calls) {
      for (const column of indicators[name].inputs) {
        const candles = synthetic(80, rng(11));
        candles[column as "$close"][70] = wrong;
        const message = `must be finite: current value at bar 70 is ${wrong}`;
        const error = assertThrows(() => indicators[name].run(candles, {}), RangeError, message);
        assert(error.message.startsWith(`Cannot compute ${name} of ${column}`), error.message);
      }
    }
  }
});

Deno.test("unknown names and parameters out of range are refused, and said how they should be", () => {
  const candles = synthetic(50, rng(12));
  assertThrows(() => computeIndicators(candles, [{ name: "rssi" }]), RangeError, "rsi");
  assertThrows(() => computeIndicators(candles, [{ name: "ti.dojji" }]), RangeError, "ti.doji");
  assertThrows(() => computeIndicators(candles, [{ name: "rsi", input: "$clos" }]), RangeError, "$close");
  assertThrows(() => computeIndicators(candles, [{ name: "rsi", input: new Float64Array(3) }]), RangeError, "length");
  for (const name of names) {
    const { run, params } = indicators[name];
    assertThrows(() => run(candles, { priod: 3 }), RangeError, `Cannot compute ${name} with "priod"`);
    for (const key of Object.keys(params)) {
      const wrong = key.endsWith("matype") ? [-1, 7, 9, 0.5, NaN] : [NaN, Infinity];
      if (/period\d?$/.test(key)) wrong.push(0, -1, 2.5, 1e6);
      for (const value of wrong) {
        const error = assertThrows(() => run(candles, { ...params, [key]: value }), RangeError, `${key} must be`);
        assert(error.message.endsWith(`current value is ${value}`), error.message);
      }
    }
  }
});

Deno.test("a replaced column is read in place of the first one", () => {
  const candles = synthetic(120, rng(13));
  const withExtra = newCandles({ ...candles, extra: { signal: candles.$open } });
  const [byName, bySeries, byExtra] = computeIndicators(withExtra, [
    { name: "sma", input: "$open" },
    { name: "sma", input: candles.$open },
    { name: "sma", input: "signal" },
  ]);
  assertEquals(byName, indicators.sma.run({ ...candles, $close: candles.$open }, {}));
  assertEquals([bySeries, byExtra], [byName, byName]);
});
