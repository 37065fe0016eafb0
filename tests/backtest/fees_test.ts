import { assertEquals } from "@std/assert";
import { backtest } from "../../lib/backtest/backtest.ts";
import { costDecomposition, feeColumn, feeColumns, withFees } from "../../lib/backtest/fees.ts";
import { rng } from "../../lib/base/random.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { momentum } from "../../lib/strategies/mod.ts";

const costs = { ...noCosts, transactionFee: 10, makerFee: 4, spread: 2, impact: 5 };
const market: Market = { assets: [synthetic(800, rng(3), { symbol: "A/USD" })], length: 800, costs };

Deno.test("both fees are multiplied; spread and impact stay, and so does the market given", () => {
  assertEquals(withFees(market, 2).costs, { ...costs, transactionFee: 20, makerFee: 8 });
  assertEquals(market.costs, costs);
});

Deno.test("a column is the backtest at that fee, each fee one of its own", () => {
  const columns = feeColumns(market, momentum(), { from: 100 });
  assertEquals(columns.map(({ multiple, transactionFee }) => [multiple, transactionFee]), [
    [0, 0],
    [0.5, 5],
    [1, 10],
    [2, 20],
  ]);
  const plain = backtest(market, momentum(), { from: 100 });
  assertEquals(columns[2], feeColumn(market, 1, plain));
  assertEquals([columns[2].fees, columns[2].finalEquity], [plain.fees, plain.equity.at(-1)]);
  assertEquals(columns[0].fees, 0);
});

Deno.test("with no fee to pay, spread and impact are still taken apart from the profit", () => {
  const { fees, spread, impact } = costDecomposition(backtest(withFees(market, 0), momentum()));
  assertEquals([fees, spread > 0, impact > 0], [0, true, true]);
});
