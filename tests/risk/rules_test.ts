import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { newCandles } from "../../lib/market/candles.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { checkRules, parseRules, type RiskRule } from "../../lib/risk/mod.ts";
import { buyAndHold, type Strategy } from "../../lib/strategies/mod.ts";

/** Bars that open where the last one closed, an hour long, with a wick of `wick` on both sides. */
function walk(closes: readonly (readonly number[])[], { step = 36e5, wick = 0 } = {}): Market {
  const assets = closes.map((close, k) => {
    const open = close.map((_, t) => close[Math.max(0, t - 1)]);
    const column = (of: (t: number) => number) => Float64Array.from(close, (_, t) => of(t));
    return newCandles({
      symbol: `${"ABC"[k]}/USD`,
      step,
      time: column((t) => t * step),
      $open: column((t) => open[t]),
      $high: column((t) => Math.max(open[t], close[t]) * (1 + wick)),
      $low: column((t) => Math.min(open[t], close[t]) * (1 - wick)),
      $close: Float64Array.from(close),
      $volume: column(() => 1000),
    });
  });
  return { assets, length: closes[0].length, costs: noCosts };
}

function random(length: number, volatilities: readonly number[], seed = 1, drift = 0): number[][] {
  const draw = rng(seed);
  return volatilities.map((volatility) => {
    let price = 100;
    return Array.from({ length }, () => price *= Math.exp(drift + volatility * normal(draw)));
  });
}

const rules = (text: string): RiskRule[] => parseRules(text).map(({ rule }) => rule);
const always = (weight: number): Strategy => () => (_t, _account, intent) => void intent.weights.fill(weight);

const once = (weight: number): Strategy => () => (t, _account, intent) =>
  void (intent.weights[0] = t === 0 ? weight : NaN);

Deno.test("rules act in the stated order, whatever order they are written in", () => {
  const parsed = parseRules("limit_leverage(2), limit_drawdown(0.2), trailing_stop(atr=3), volatility_target(0.3)");
  assertEquals(parsed.map(({ name }) => name), [
    "volatility_target",
    "trailing_stop",
    "limit_drawdown",
    "limit_leverage",
  ]);
  assertEquals(parsed.map(({ text }) => text).slice(0, 2), ["volatility_target(target=0.3)", "trailing_stop(atr=3)"]);
  assertEquals(parseRules(" "), []);
  assertEquals(parseRules("volatility_target(0.3), rebalance_calendar(week)")[0].settings.band, 0);
});

Deno.test("what cannot be read is pointed at, and the nearest name is said", () => {
  const fails = (text: string, type: typeof SyntaxError | typeof RangeError, ...parts: string[]) => {
    const { message } = assertThrows(() => parseRules(text), type);
    for (const part of parts) assert(message.includes(part), `${message} lacks ${part}`);
  };
  fails("volatility_traget(0.3)", SyntaxError, 'nearest is "volatility_target"', "\n  ^^^^^^^^^^^^^^^^^");
  fails("stop_loss(0.1), limit_drawdown(0.2", SyntaxError, "\n  stop_loss(0.1), limit_drawdown(0.2\n");
  fails("stop_loss(0.1 0.2)", SyntaxError, "\n                ^^^");
  fails("limit_drawdown(1.5)", RangeError, '"limit" of limit_drawdown', "current value is 1.5");
  fails("limit_drawdown(depth=0.1)", RangeError, '"depth" of limit_drawdown');
  fails("limit_drawdown(0.1, 2, 3)", SyntaxError, "limit_drawdown takes 2 settings and has 3 values");
  fails("fixed_fraction(0.8), limit_leverage(0.5)", RangeError, "at least 0.8", "allows 0.5");
  fails("volatility_target(0.3, least=0.9, most=0.5)", RangeError, '"least" must be from 0 to "most"');
  assertThrows(() => checkRules(parseRules("volatility_target(0.3)"), 20, 1), RangeError, "without history");
  checkRules(parseRules("volatility_target(0.3), stop_loss"), 21, 1);
});

Deno.test("what is out of range is pointed at in the text, wherever it stands", () => {
  const faults: [string, number, string][] = [
    ["stop_loss(0.1), trailing_stop(atr=300)", 34, "300"],
    ["stop_loss(0.1), stop_loss( 0.05 , 200 )", 34, "200"],
    ["stop_loss(atr=2, atrs=3)", 17, "atrs"],
    ["limit_var(0.02, method = foo)", 25, "foo"],
    ["stop_loss, volatility_target(0.3, least=2, most=1)", 11, "volatility_target"],
  ];
  for (const [text, at, found] of faults) {
    const { message } = assertThrows(() => parseRules(text), RangeError);
    assert(message.endsWith(`\n  ${text}\n  ${" ".repeat(at)}${"^".repeat(found.length)}`), message);
  }
});

Deno.test("rules that contradict each other, or undo one another's work, are refused; those that add up are not", () => {
  const fails = (text: string, assets: number, ...parts: string[]) => {
    const { message } = assertThrows(() => checkRules(parseRules(text), 1000, assets), RangeError, "Cannot combine");
    for (const part of parts) assert(message.includes(part), `${message} lacks ${part}`);
  };
  fails("volatility_target(0.3), fixed_fraction(0.5)", 1, "how much is held", "keep one");
  fails("risk_parity, limit_drawdown, minimum_variance", 3, "how it is divided");
  fails("limit_exposure(0.5), fixed_fraction(0.8)", 1, "at least 0.8", "allows 0.5 of one asset");
  fails("limit_exposure(0.3), volatility_target(least=0.8)", 2, "allows 0.6 of 2 assets");
  checkRules(parseRules("limit_exposure(0.5), fixed_fraction(0.8)"), 1000, 2);
  checkRules(parseRules("risk_parity, volatility_target(0.3), stop_loss(0.1), stop_loss(atr=3)"), 1000, 2);
});

Deno.test("a fixed fraction is held of every wish, and left alone within its band", () => {
  const { weights, fills } = backtest(walk(random(200, [0.001])), always(1), { risk: rules("fixed_fraction(0.4)") });
  assert(weights.subarray(1).every((weight) => Math.abs(weight - 0.4) < 0.041));
  assertEquals(fills.length, 1);
});

Deno.test("a volatility target reaches its volatility, of one asset and of three", () => {
  for (const volatilities of [[0.01], [0.01, 0.02, 0.005]]) {
    const market = walk(random(6000, volatilities, 5));
    const risk = rules("volatility_target(0.3, most=10)");
    const { equity, events } = backtest(market, always(1), { risk, margin: { leverage: 10 } });
    let sum = 0;
    for (let t = 200; t < 6000; t++) sum += (equity[t] / equity[t - 1] - 1) ** 2;
    assertAlmostEquals(Math.sqrt(sum / 5800 * 8760), 0.3, 0.012);
    assertMatch(events[0].reason, /Stays out until 20 returns/);
    assertMatch(events[1].reason, /Sized to .* for 30.0 % volatility a year; unsized it would be/);
  }
});

Deno.test("Kelly's bet: near μ/σ² where a long past shows a drift, little by a short one, nothing against it", () => {
  const market = walk(random(20_000, [0.01], 3, 2e-4));
  const at = (text: string, weight: number, t: number) => {
    let plan = NaN;
    const see: RiskRule = () => (_t, _account, intent) => void (plan = intent.weights[0]);
    backtest(market, always(weight), { risk: [...rules(text), see], from: t, to: t + 1, margin: { leverage: 5 } });
    return plan || 0;
  };
  const whole = "kelly(fraction=1, bars=19000, sharpe=100, most=5, band=0)";
  const { $close } = market.assets[0];
  const r = Array.from({ length: 19_000 }, (_, i) => $close[i + 998] / $close[i + 997] - 1);
  const mean = r.reduce((sum, x) => sum + x, 0) / r.length;
  const variance = r.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (r.length - 1);
  assertAlmostEquals(at(whole, 1, 19_997) / (mean / variance), 1, 1e-3); // all but shrunk
  assert(at("kelly(fraction=1, bars=19000, sharpe=1, most=5, band=0)", 1, 300) < 0.35);
  assertEquals(at(whole, -1, 19_997), 0);
});

Deno.test("risk parity gives the calmer asset more, in proportion where they are not correlated", () => {
  const market = walk(random(3000, [0.01, 0.02], 8));
  const { weights } = backtest(market, always(0.5), { risk: rules("risk_parity(bars=2000)") });
  assertAlmostEquals(weights[2 * 2999], 2 / 3, 0.05);
  const least = backtest(market, always(0.5), { risk: rules("minimum_variance(bars=2000)") });
  assertAlmostEquals(least.weights[2 * 2999], 0.8, 0.05);
});

Deno.test("bands and the calendar decide when a portfolio is traded back", () => {
  const market = walk(random(2000, [0.01, 0.01], 2));
  const free = backtest(market, buyAndHold());
  assertEquals(free.fills.length, 2);
  const bands = backtest(market, buyAndHold(), { risk: rules("rebalance_bands(0.05)") });
  const rebalanced = new Set(bands.fills.t).size;
  assert(rebalanced > 2 && bands.events.length === rebalanced - 1);
  for (let i = 0; i < 4000; i++) assert(i < 2 || Math.abs(bands.weights[i] - 0.5) < 0.1);
  const weekly = backtest(market, buyAndHold(), { risk: rules("rebalance_calendar(week)") });
  // 1970-01-01 was a Thursday: the first Monday begins at hour 96.
  assertEquals([...new Set(weekly.fills.t)].slice(0, 3), [1, 96, 96 + 168]);
  const monthly = backtest(market, buyAndHold(), { risk: rules("rebalance_calendar(month)") });
  assertEquals([...new Set(monthly.fills.t)], [1, 31 * 24, 59 * 24]);
});

Deno.test("a rebalancing rule that holds back what is wanted says so, once a stretch", () => {
  const market = walk(random(400, [0.003], 2));
  market.assets[0].$volume.fill(0.1); // a tenth of a unit: an entry takes many bars
  const thin = { ...market, costs: { ...noCosts, participation: 0.5 } };
  for (
    const [text, reason] of [
      ["rebalance_calendar(week)", "Leaves positions as they are until the week's first bar"],
      ["rebalance_bands(0.9)", "Leaves positions alone while none is over 90 % from what is wanted"],
    ]
  ) {
    const { events } = backtest(thin, always(0.8), { cash: 100, risk: rules(text) });
    assertEquals(events[0].reason, reason);
    assert(events.length < 5, `${text}: ${events.length} events`);
  }
  const asked = backtest(walk(random(400, [0.001], 2)), buyAndHold(), { risk: rules("rebalance_calendar(week)") });
  assertEquals(asked.events.filter(({ reason }) => reason.startsWith("Leaves")), []);
});

Deno.test("a stop-loss closes at its price and stays out until the wish ends", () => {
  const market = walk([[100, 100, 100, 99, 97, 90, 100, 110, 120, 130, 140, 150]]);
  const swing: Strategy = () => (t, _account, intent) => void (intent.weights[0] = t === 8 ? 0 : 1);
  const { fills, events, equity } = backtest(market, swing, { risk: rules("stop_loss(0.05)") });
  assertEquals([...fills.t], [1, 5, 10]);
  assertEquals([...fills.price].slice(1), [95, 130]);
  assertAlmostEquals(equity[9], 9500, 1e-9);
  assertEquals(events.map(({ t, reason }) => [t, reason]), [[5, "A/USD reached the stop 5.0 % from the entry at 95"]]);
  const again = backtest(market, buyAndHold(), { risk: rules("stop_loss(0.05, wait=2)") });
  assertEquals([...again.fills.t], [1, 5, 8]);
});

Deno.test("on bars without volume nothing is held, and no stop or target is reached", () => {
  const market = walk(random(200, [0.03], 2));
  market.assets[0].$volume.fill(0);
  const thin = { ...market, costs: { ...noCosts, participation: 0.1 } };
  const impact = { ...market, costs: { ...noCosts, impact: 10 } }; // of a share of no volume: nothing can be traded either
  for (const text of ["stop_loss(0.02)", "trailing_stop(fall=0.02)", "take_profit(0.02)"]) {
    for (const still of [thin, impact]) {
      const { events, fills } = backtest(still, always(1), { risk: rules(text) });
      assertEquals([events.length, fills.length], [0, 0], text);
    }
    assert(backtest(market, always(1), { risk: rules(text) }).events.length > 0, text);
  }
});

Deno.test("a short is stopped above its entry, and takes profit below it", () => {
  const up = walk([[100, 100, 100, 103, 108, 108]]);
  assertAlmostEquals(backtest(up, once(-1), { risk: rules("stop_loss(0.05)") }).fills.price[1], 105, 1e-9);
  const down = walk([[100, 100, 100, 97, 85, 80]]);
  assertAlmostEquals(backtest(down, once(-1), { risk: rules("take_profit(0.1)") }).fills.price[1], 90, 1e-9);
});

Deno.test("a trailing stop follows the best price and never goes back", () => {
  const closes = [...Array(20).fill(100), 110, 120, 130, 128, 126, 124, 122, 120, 118, 116, 114, 112];
  const { fills } = backtest(walk([closes]), always(1), { risk: rules("trailing_stop(fall=0.1)") });
  assertAlmostEquals(fills.price[1], 117, 1e-9);
  const stops: number[] = [];
  const see: RiskRule = () => (_t, _account, intent) => void stops.push(intent.stop[0]);
  backtest(walk(random(300, [0.01], 4, 0.004), { wick: 0.002 }), always(1), {
    risk: [...rules("trailing_stop(atr=6)"), see],
  });
  const set = stops.filter((stop) => stop === stop);
  assert(set.length > 20 && set.slice(2).every((stop, i) => stop >= set[i + 1]));
});

Deno.test("a stop by regime is nearer when the market is calm", () => {
  const closes = new Array<number>(1200).fill(0);
  const draw = rng(2);
  let price = 100;
  for (let t = 0; t < closes.length; t++) closes[t] = price *= Math.exp((t % 400 < 300 ? 0.002 : 0.02) * normal(draw));
  const distances: number[] = [];
  const see: RiskRule = ({ assets: [{ $close }] }) => (t, _account, intent) =>
    void (distances[t] = 1 - intent.stop[0] / $close[t]);
  for (const by of ["volatility", "hmm"]) {
    backtest(walk([closes]), always(1), { risk: [...rules(`regime_stop(0.6, 0.9, by=${by})`), see] });
    const [calm, wild] = [distances[1090], distances[1195]];
    assert(calm < 0.7 && wild > 0.75, `${by}: ${calm} and ${wild}`);
  }
});

Deno.test("the day's loss ends the day, and the next one begins anew", () => {
  const closes = [...Array(12).fill(100), 90, ...Array(30).fill(90)];
  const { weights, events } = backtest(walk([closes]), buyAndHold(), { risk: rules("limit_daily_loss(0.05)") });
  assertEquals([weights[12] > 0, weights[13], weights[23], weights[24] > 0], [true, 0, 0, true]);
  assertEquals(events.length, 1);
  const days = walk([closes], { step: 864e5 });
  assertThrows(() => backtest(days, buyAndHold(), { risk: rules("limit_daily_loss") }), RangeError, "must be shorter");
});

Deno.test("a drawdown cools off and begins again from what is left", () => {
  const closes = [100, 100, 100, 70, 70, 70, 70, 70, 70, 70, 77, 77];
  const { weights, events } = backtest(walk([closes]), buyAndHold(), {
    risk: rules("limit_drawdown(0.2, cooling=4)"),
  });
  assertEquals([...weights].map((weight) => Number(weight > 0)), [0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]);
  assertEquals(events.map(({ t }) => t), [3, 7]);
});

Deno.test("limits cut what is over them, in proportion, and say so once a stretch", () => {
  const market = walk(random(300, [0.005, 0.005], 3));
  const margin = { leverage: 3 };
  const { weights, events } = backtest(market, always(1), { margin, risk: rules("limit_leverage(1.2)") });
  assertAlmostEquals(weights[2] + weights[3], 1.2, 0.02);
  assertEquals(events.length, 1);
  assertMatch(events[0].reason, /^Leverage of 2 is over the limit of 1.2$/);
  const one = backtest(market, always(1), { margin, risk: rules("limit_exposure(0.4)") });
  assertAlmostEquals(one.weights[100], 0.4, 0.01);
});

Deno.test("limits on the next bar's tail hold what is exceeded about as often as they say", () => {
  const market = walk(random(4000, [0.02], 12));
  for (const method of ["historical", "normal", "ewma", "filtered_historical", "cornish_fisher"]) {
    const { equity } = backtest(market, always(1), { risk: rules(`limit_var(0.01, method=${method})`) });
    let over = 0;
    for (let t = 60; t < 4000; t++) over += Number(equity[t] / equity[t - 1] - 1 < -0.01);
    assert(over / 3940 > 0.025 && over / 3940 < 0.075, `${method}: ${over / 3940}`);
  }
  const risk = rules("limit_cvar(0.01)");
  const { weights, events } = backtest(market, always(1), { risk });
  assert(weights[1] === 0 && weights[100] > 0.1 && weights[100] < 0.4);
  assertMatch(events[0].reason, /Stays out until 50 returns/);
});

Deno.test("limits shrink quotes that would go beyond them", () => {
  const market = walk([Array.from({ length: 60 }, (_, t) => t % 2 === 0 ? 100 : 97)]);
  const quotes: Strategy = () => (_t, { equity }, intent) => {
    [intent.bid[0], intent.ask[0], intent.size[0]] = [98, 200, equity / 98];
  };
  const { weights } = backtest(market, quotes, { risk: rules("limit_leverage(0.5)") });
  assert(Math.max(...weights) > 0.4 && Math.max(...weights) < 0.52);
});
