import { assert, assertEquals, assertThrows } from "@std/assert";
import { normalCdf } from "../../lib/base/normal.ts";
import { drawdowns, underWater } from "../../lib/backtest/drawdowns.ts";
import { type Metrics, metrics, sharpeRatio } from "../../lib/backtest/metrics.ts";
import { monthlyReturns, rollingSharpe } from "../../lib/backtest/rolling.ts";

interface Vector {
  readonly start: number;
  readonly step: number;
  readonly gaps: readonly [number, number][];
  readonly close: number[];
  readonly annualization: number;
  readonly benchmark?: number[];
  readonly rolling_sharpe_30: readonly number[];
  readonly monthly_returns: readonly [number, number, number][];
  readonly drawdowns: readonly [start: number, trough: number, end: number, depth: number][];
  readonly [library: string]: unknown;
}
const packed = await Deno.open(new URL("../vectors/metrics.json.gz", import.meta.url));
const vectors: Record<string, Vector> = await new Response(
  packed.readable.pipeThrough(new DecompressionStream("gzip")),
).json();

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function close(actual: number, expected: number, name: string): void {
  const near = Math.abs(actual - expected) <= 1e-9 * Math.max(1e-3, Math.abs(expected));
  assert(near, `${name} is ${actual} and should be ${expected}`);
}

function timeOf({ start, step, gaps, close }: Vector): Float64Array {
  const longer = new Map(gaps);
  let at = start;
  return Float64Array.from(close, (_, t) => t === 0 ? at : at += longer.get(t) ?? step);
}

for (const [series, vector] of Object.entries(vectors)) {
  const equity = Float64Array.from(vector.close);
  const time = timeOf(vector);

  for (const library of ["empyrical", "quantstats", "scipy", "drawdown", "against"]) {
    if (vector[library] === undefined) continue;
    Deno.test(`metrics of ${series} equal ${library}'s`, () => {
      const benchmark = vector.benchmark && { benchmark: Float64Array.from(vector.benchmark) };
      const ours = metrics(equity, { barsPerYear: vector.annualization, time, ...benchmark });
      for (const [name, expected] of Object.entries(vector[library] as Record<string, number>)) {
        close(ours[camelCase(name) as keyof Metrics], expected, name);
      }
      close(sharpeRatio(equity, vector.annualization), ours.sharpeRatio, "sharpe in one pass");
    });
  }

  Deno.test(`months, rolling Sharpe ratio and drawdowns of ${series} are pandas'`, () => {
    const n = equity.length - 1;
    vector.rolling_sharpe_30.forEach((expected, i) => {
      const rolling = rollingSharpe(equity, 30, vector.annualization);
      close(rolling[[30, Math.floor(n / 2) + 1, n][i]], expected, `rolling Sharpe ${i}`);
      assert(Number.isNaN(rolling[29]));
    });
    const months = monthlyReturns(time, equity);
    vector.monthly_returns.forEach(([year, month, expected], i) => {
      assertEquals([months[i].year, months[i].month], [year, month]);
      close(months[i].return, expected, `${year}-${month}`);
    });
    const worst = drawdowns(equity).sort((a, b) => a.depth - b.depth);
    vector.drawdowns.forEach(([first, trough, end, depth], i) => {
      assertEquals(worst[i].start, first - 1);
      assertEquals(worst[i].trough, trough);
      assertEquals(worst[i].end, end === equity.length ? -1 : end);
      assertEquals(worst[i].length, end - first);
      close(worst[i].depth, depth, "depth");
    });
  });
}

Deno.test("a year has 365 days, whatever the bar: taken from the times, gaps or not", () => {
  const equity = Float64Array.of(100, 101, 100, 102);
  const hours = Float64Array.of(0, 36e5, 5 * 36e5, 6 * 36e5);
  assertEquals(metrics(equity, { time: hours }), { ...metrics(equity, { barsPerYear: 8760, time: hours }) });
});

Deno.test("a curve that stands still has no Sharpe ratio, no drawdown and no return", () => {
  const flat = metrics(new Float64Array(50).fill(7), { barsPerYear: 365 });
  assertEquals([flat.totalReturn, flat.annualReturn, flat.maxDrawdown, flat.winRate], [0, 0, 0, 0]);
  assertEquals([flat.sharpeRatio, flat.probabilisticSharpeRatio, flat.sortinoRatio], [NaN, NaN, NaN]);
  assertEquals(sharpeRatio(new Float64Array(50).fill(7), 365), NaN);
  const steady = Float64Array.from({ length: 50 }, (_, t) => 1.01 ** t);
  assertEquals([metrics(steady, { barsPerYear: 365 }).sharpeRatio, sharpeRatio(steady, 365)], [NaN, NaN]);
});

Deno.test("nothing and one bar have no return, without an error", () => {
  for (const equity of [new Float64Array(0), Float64Array.of(5)]) {
    const { bars, totalReturn, sharpeRatio, maxDrawdown } = metrics(equity, { barsPerYear: 365 });
    assertEquals([bars, totalReturn, sharpeRatio, maxDrawdown], [0, NaN, NaN, NaN]);
    assertEquals(drawdowns(equity), []);
    assertEquals(rollingSharpe(equity, 2, 365).length, equity.length);
  }
});

Deno.test("ruin is a return of −100 %, and nothing is earned after it", () => {
  const { totalReturn, annualReturn, maxDrawdown, worst, bars } = metrics(Float64Array.of(10, 5, 0, 0, 0), {
    barsPerYear: 365,
  });
  assertEquals([totalReturn, annualReturn, maxDrawdown, worst, bars], [-1, -1, -1, -1, 4]);
  assertEquals([...underWater(Float64Array.of(10, 5, 0, 0))], [0, -0.5, -1, -1]);
});

Deno.test("metrics say what they lack", () => {
  assertThrows(() => metrics(Float64Array.of(1, 2)), RangeError, '"barsPerYear" must be above 0, or "time" given');
  const wrong = { barsPerYear: 365, benchmark: Float64Array.of(1) };
  assertThrows(() => metrics(Float64Array.of(1, 2), wrong), RangeError, '"benchmark" has 1 values');
  assertThrows(() => rollingSharpe(Float64Array.of(1, 2), 1, 365), RangeError, "2 or more");
});

Deno.test("the normal distribution keeps its digits far out", () => {
  // scipy.stats.norm.cdf
  const known = [[-8, 6.22096057427178e-16], [-3, 0.0013498980316300933], [0, 0.5], [1.96, 0.9750021048517795]];
  for (const [x, p] of known) close(normalCdf(x) / p, 1, `Φ(${x})`);
  assertEquals([normalCdf(-Infinity), normalCdf(50), normalCdf(NaN)], [0, 1, NaN]);
});
