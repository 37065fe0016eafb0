import { assert, assertEquals } from "@std/assert";
import { decisions } from "../../lib/backtest/decisions.ts";
import { rng } from "../../lib/base/random.ts";
import { slice } from "../../lib/market/candles.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import type { Strategy } from "../../lib/strategies/mod.ts";

const assets = ["A/USD", "B/USD"].map((symbol, k) => synthetic(30, rng(k), { symbol }));
const market: Market = { assets, length: 30, costs: noCosts };
const first = (bars: number): Market => ({ ...market, assets: assets.map((one) => slice(one, 0, bars)), length: bars });

Deno.test("weights of each asset bar by bar, quotes after them where wanted; NaN where nothing is asked for", () => {
  const strategy: Strategy = () => (t, _account, intent) => {
    if (t === 1) intent.weights[0] = 0.5;
    if (t === 2) [intent.bid[1], intent.ask[1], intent.size[1]] = [9, 11, 1];
  };
  const plain = decisions(first(3), strategy);
  assertEquals(plain.names, ["weight of A/USD", "weight of B/USD"]);
  assertEquals([...plain.values], [NaN, NaN, 0.5, NaN, NaN, NaN]); // what was asked for once is not asked for again
  const { names, values } = decisions(first(3), strategy, { quotes: true });
  assertEquals(names.slice(2), ["bid of A/USD", "bid of B/USD", "ask of A/USD", "ask of B/USD"]);
  assertEquals([...values.subarray(12)], [NaN, NaN, NaN, 9, NaN, 11]);
});

Deno.test("the account is told to be flat and never to move, whatever was asked for", () => {
  const seen: number[][] = [];
  decisions(first(4), () => (_t, { equity, peak, weights }, intent) => {
    seen.push([equity, peak, ...weights]);
    intent.weights.fill(0.5);
  });
  assertEquals(seen, new Array(4).fill([1, 1, 0, 0]));
});

Deno.test("a peek of one bar shows at the end of a prefix, where equity would hide it", () => {
  const peek: Strategy = ({ assets: [{ $close }] }) => (t, _account, intent) => {
    intent.weights[0] = $close[t + 1] > $close[t] ? 1 : 0;
  };
  const honest: Strategy = ({ assets: [{ $close }] }) => (t, _account, intent) => {
    intent.weights[0] = $close[t] > $close[t - 1] ? 1 : 0;
  };
  const differs = (strategy: Strategy) => {
    const all = decisions(market, strategy).values;
    return Array.from({ length: 28 }, (_, i) => decisions(first(i + 2), strategy).values)
      .some((values) => values.some((value, i) => !Object.is(value, all[i])));
  };
  assert(differs(peek));
  assert(!differs(honest));
});
