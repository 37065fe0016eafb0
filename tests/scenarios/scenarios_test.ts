import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { correlation, std } from "../../lib/base/stats.ts";
import { newCandles } from "../../lib/market/candles.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import {
  correlate,
  correlatedAssets,
  extremeVolatility,
  fitGarch,
  flashCrash,
  gap,
  historicalReplay,
  lowLiquidity,
  parseScenario,
  trendReversal,
} from "../../lib/scenarios/mod.ts";
import { minimise } from "../../lib/base/minimise.ts";
import { buyAndHold, makeStrategy } from "../../lib/strategies/mod.ts";

const HOUR = 3_600_000;
const costs = { transactionFee: 10, makerFee: 2, spread: 4, participation: 0.1 };
const of = (...assets: Market["assets"]): Market => ({ assets, length: assets[0].length, costs });
const here = { earliest: 0.5, latest: 0.5 };

/** Bars that stand still at 100. */
function still(length: number, step = HOUR): Market {
  const flat = () => new Float64Array(length).fill(100);
  return of(newCandles({
    symbol: "X/USD",
    step,
    time: Float64Array.from({ length }, (_, t) => t * step),
    ...{ $open: flat(), $high: flat(), $low: flat(), $close: flat(), $volume: flat() },
  }));
}

/** Assets that share a part of their moves. */
function tied(K: number, length: number, share: number, seed = 1): Market {
  const random = rng(seed);
  const common = Float64Array.from({ length }, () => normal(random));
  return of(...Array.from({ length: K }, (_, k) => {
    let price = 100;
    const open = new Float64Array(length);
    const close = common.map((x, t) => {
      open[t] = price;
      return price *= Math.exp(0.01 * (share * x + Math.sqrt(1 - share * share) * normal(random)));
    });
    const [high, low] = [open.map((o, t) => Math.max(o, close[t])), open.map((o, t) => Math.min(o, close[t]))];
    return newCandles({
      symbol: `A${k}/USD`,
      step: HOUR,
      time: Float64Array.from({ length }, (_, t) => t * HOUR),
      ...{ $open: open, $high: high, $low: low, $close: close, $volume: close },
    });
  }));
}

const moves = ($close: Float64Array) => $close.map((p, t) => (t > 0 ? Math.log(p / $close[t - 1]) : 0)).subarray(1);

Deno.test("a flash crash falls by its depth in its bars and wins its share back, no more", () => {
  const crash = flashCrash({ depth: 0.4, bars: 4, recovery: 0.5, recovery_bars: 10, volume: 6, spread: 10, ...here });
  const [{ $close, $volume, $spread, $low }] = crash(still(100), rng(1)).assets;
  assertEquals($close[49], 100);
  assertAlmostEquals($close[53], 60, 1e-9);
  assertAlmostEquals($close[63], 80, 1e-9);
  assertAlmostEquals($close[99], 80, 1e-9);
  assertAlmostEquals(Math.min(...$close), 60, 1e-9);
  assert($low[50] < $close[50], "some sold below the close");
  assertEquals([$volume[49], $volume[50], $volume[99]], [100, 600, 100]);
  assertEquals([$spread![49], $spread![50], $spread![99]], [4, 40, 4]);
  assert($volume[58] > 100 && $volume[58] < 600, "it calms down with the recovery");
});

Deno.test("a thin market fills a part of what is wanted and costs more", () => {
  const bars = of(synthetic(500, rng(1)));
  const thin = lowLiquidity({ volume: 0.05, spread: 5, noise: 0.5, participation: 0.01 })(bars, rng(2));
  const before = backtest(bars, buyAndHold(), { cash: 1000 });
  const after = backtest(thin, buyAndHold(), { cash: 1000 });
  assertEquals(before.filledVolume / before.wantedVolume, 1);
  assert(after.filledVolume / after.wantedVolume < 0.5);
  assertAlmostEquals(after.spreadPaid / after.traded, 5 * before.spreadPaid / before.traded, 1e-9);
  assert(std(moves(thin.assets[0].$close)) > std(moves(bars.assets[0].$close)));
  assertEquals(thin.costs.participation, 0.01);
});

Deno.test("an outage trades nothing, and opens again where the world is, and a jump further", () => {
  const bars = of(synthetic(100, rng(1)));
  const out = gap({ bars: 5, jump: 0.2, direction: "down", ...here })(bars, rng(1));
  const [{ $open, $close, $volume, filled }] = out.assets;
  assertEquals(Array.from(filled.subarray(49, 56)), [0, 1, 1, 1, 1, 1, 0]);
  assertEquals(Array.from($close.subarray(50, 55)), Array(5).fill(bars.assets[0].$close[49]));
  assertEquals(Math.max(...$volume.subarray(50, 55)), 0);
  assertAlmostEquals($open[55], 0.8 * bars.assets[0].$open[55], 1e-9);
  assertAlmostEquals(
    gap({ bars: 5, jump: 0.2, direction: "up", ...here })(bars, rng(1)).assets[0].$open[55],
    1.2 * bars.assets[0].$open[55],
    1e-9,
  );
});

Deno.test("a reversal turns every move over, and twice is none", () => {
  const bars = of(synthetic(100, rng(1)));
  const turned = trendReversal(here)(bars, rng(1));
  const [a, b] = [moves(bars.assets[0].$close), moves(turned.assets[0].$close)];
  for (let t = 0; t < 99; t++) assertAlmostEquals(b[t], t < 49 ? a[t] : -a[t], 1e-12);
  const back = trendReversal(here)(turned, rng(1));
  for (let t = 0; t < 100; t++) assertAlmostEquals(back.assets[0].$high[t], bars.assets[0].$high[t], 1e-9);
});

Deno.test("January 2018 is replayed as it went, by the hour and by the day", () => {
  const hourly = historicalReplay({ episode: "january_2018", ...here })(still(1000), rng(1)).assets[0];
  assertAlmostEquals(hourly.$close[999] / 100, 0.6, 0.02);
  const daily = historicalReplay({ episode: "january_2018", ...here })(still(60, 24 * HOUR), rng(1)).assets[0];
  assertAlmostEquals(daily.$close[59], hourly.$close[999], 1e-9);
  assertAlmostEquals(Math.min(...daily.$low), Math.min(...hourly.$low), 1e-9);
  assertThrows(() => historicalReplay()(still(100, 7 * 60_000), rng(1)), RangeError, "must divide into whole bars");
});

Deno.test("a replay on shorter bars opens, closes and reaches hour by hour as it did, by a way that is drawn", () => {
  const hourly = historicalReplay(here)(still(1000), rng(1)).assets[0];
  const first = hourly.$close.findIndex((close) => close !== 100);
  for (const [n, length] of [[4, 2000], [60, 9000]]) {
    const fine = historicalReplay(here)(still(length, HOUR / n), rng(1)).assets[0];
    const begin = fine.$close.findIndex((close) => close !== 100);
    for (let hour = 0; begin + (hour + 1) * n <= length && hour < 264; hour++) {
      const [from, to] = [begin + hour * n, begin + (hour + 1) * n];
      const close = (a: number, b: number) => assertAlmostEquals(a / b, 1, 1e-9, `${n} bars, hour ${hour}`);
      close(fine.$close[to - 1], hourly.$close[first + hour]);
      close(Math.max(...fine.$high.subarray(from, to)), hourly.$high[first + hour]);
      close(Math.min(...fine.$low.subarray(from, to)), hourly.$low[first + hour]);
    }
    const other = historicalReplay(here)(still(length, HOUR / n), rng(2)).assets[0];
    assert(other.$close.some((price, t) => price !== fine.$close[t]), "another seed goes another way");
  }
});

Deno.test("volatility grows by the factor, in clusters, and the drift stays", () => {
  // Clusters of calm and wild moves, as markets have them.
  const random = rng(8);
  let [h, price] = [1e-4, 100];
  const length = 6000;
  const open = new Float64Array(length);
  const close = open.map((_, t) => {
    open[t] = price;
    const r = Math.sqrt(h) * normal(random);
    h = 2e-6 + 0.1 * r * r + 0.88 * h;
    return price *= Math.exp(r);
  });
  const bars = of(newCandles({
    symbol: "X/USD",
    step: HOUR,
    time: Float64Array.from({ length }, (_, t) => t * HOUR),
    $open: open,
    $high: open.map((o, t) => Math.max(o, close[t])),
    $low: open.map((o, t) => Math.min(o, close[t])),
    $close: close,
    $volume: close,
  }));
  const usual = moves(close);
  const clustering = (r: Float64Array) => correlation(r.subarray(1).map(Math.abs), r.subarray(0, -1).map(Math.abs));
  for (const method of ["garch", "bootstrap", "scale"]) {
    const wild = moves(
      extremeVolatility({ method, factor: 3, bars: 0, earliest: 0, latest: 0 })(bars, rng(1)).assets[0].$close,
    );
    assert(Math.abs(std(wild) / std(usual) - 3) < 0.6, `${method}: ${std(wild) / std(usual)} times`);
    assert(clustering(wild) > 0.6 * clustering(usual), `${method}: ${clustering(wild)} of ${clustering(usual)}`);
  }
  const { alpha, beta, variance } = fitGarch(usual);
  assertAlmostEquals(alpha, 0.1, 0.03);
  assertAlmostEquals(beta, 0.88, 0.04);
  assertAlmostEquals(variance / 1e-4, 1, 0.35);
});

Deno.test("assets in a joint fall correlate as wanted, and each keeps its own moves", () => {
  const bars = tied(3, 800, 0.4);
  const returns = bars.assets.map(({ $close }) => moves($close));
  for (const target of [0.9, 0, -0.3]) {
    const matrix = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : target)));
    const joint = correlate(returns, matrix);
    for (let i = 0; i < 3; i++) {
      assertEquals(joint[i].slice().sort(), returns[i].slice().sort(), "the marginal is kept");
      for (let j = 0; j < i; j++) assertAlmostEquals(correlation(joint[i], joint[j]), target, 0.03);
    }
  }
  const fallen = correlatedAssets({ depth: 0.3, bars: 200, ...here })(bars, rng(1));
  for (const [k, { $close }] of fallen.assets.entries()) {
    const drop = $close[599] / bars.assets[k].$close[599];
    assertAlmostEquals(drop, 0.7, 1e-9, "over the whole, the moves add up to what they did, and the fall");
  }
});

Deno.test("correlations that cannot be are refused, and the nearest that can is named", () => {
  assertThrows(() => correlatedAssets()(still(100), rng(1)), RangeError, "at least two: current value is 1");
  const three = tied(3, 100, 0.5);
  assertThrows(
    () => correlatedAssets({ correlation: -0.8 })(three, rng(1)),
    RangeError,
    "the nearest to -0.8 for 3 of them is -0.49",
  );
  assertThrows(() => correlatedAssets({ correlation: 1 })(three, rng(1)), RangeError, "must be positive definite");
  const same = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4)];
  assertEquals(
    correlate(same, [[1, 0.5], [0.5, 1]]).map((s) => s.slice().sort()),
    same,
    "singular data is no obstacle",
  );
});

Deno.test("a GARCH says how much it needs, and finds the top that scipy finds", () => {
  assertThrows(() => fitGarch(new Float64Array(50)), RangeError, "at least 100 returns that vary");
  assertThrows(() => fitGarch(new Float64Array(500)), RangeError, "at least 100 returns that vary");
  const { returns, ...scipy } = JSON.parse(
    Deno.readTextFileSync(new URL("../vectors/garch.json", import.meta.url)),
  );
  const own = fitGarch(returns);
  assert(own.logLikelihood > scipy.logLikelihood - 1e-6, `${own.logLikelihood} is not the top`);
  assertAlmostEquals(own.alpha, scipy.alpha, 1e-3);
  assertAlmostEquals(own.beta, scipy.beta, 1e-3);
  assertAlmostEquals(own.omega / scipy.omega, 1, 1e-2);
  const { at } = minimise(([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-1.2, 1], { tolerance: 1e-14 });
  assertAlmostEquals(at[0], 1, 1e-5);
});

Deno.test("scenarios are read as a person writes them", () => {
  const [crash, thin] = parseScenario("flash_crash(0.4, recovery=0.2) + low_liquidity");
  assertEquals([crash.name, crash.settings.depth, crash.settings.recovery], ["flash_crash", 0.4, 0.2]);
  assertEquals([thin.name, thin.settings.volume], ["low_liquidity", 0.02]);
  assertThrows(() => parseScenario("flash_crash(0.4"), SyntaxError, "^");
  assertThrows(() => parseScenario("flsh_crash"), RangeError, 'nearest is "flash_crash"');
  assertThrows(() => parseScenario("gap(sideways=1)"), RangeError, '"sideways"');
});

Deno.test("a crash costs a holder its depth, through the books", () => {
  const crash = flashCrash({ depth: 0.4, recovery: 0, ...here })(still(100), rng(1));
  const { equity } = backtest(crash, makeStrategy("buy_and_hold"), { cash: 1000 });
  assertAlmostEquals(equity[99] / equity[40], 0.6, 1e-9);
});

Deno.test("a scenario's name or setting that is wrong is pointed at", () => {
  const faults: [string, string, number, number][] = [
    ["flash_crash(0.4) + gp", 'nearest is "gap"', 19, 2],
    ["gap + flash_crash(depth=2)", "a number from 0 to 0.95", 24, 1],
    ["gap(jmp=0.2)", 'nearest is "jump"', 4, 3],
    ["historical_replay(january_2019)", "january_2018", 18, 12],
  ];
  for (const [text, reason, at, length] of faults) {
    const { message } = assertThrows(() => parseScenario(text), RangeError, reason);
    assert(message.endsWith(`\n  ${text}\n  ${" ".repeat(at)}${"^".repeat(length)}`), message);
  }
});
