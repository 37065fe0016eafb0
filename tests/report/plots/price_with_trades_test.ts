import { assert, assertStringIncludes } from "@std/assert";
import { priceWithTrades } from "../../../lib/report/plots/price_with_trades.ts";
import { walk } from "./inputs.ts";

const bars = walk(100);
const trade = {
  side: 1 as const,
  entryTime: bars.time[10],
  entryPrice: bars.close[10],
  exitTime: bars.time[50],
  exitPrice: bars.close[50],
  profit: 5,
};

Deno.test("trades lie over the bands that answer the pointer, so that they can answer too", () => {
  const { svg } = priceWithTrades({ symbol: "BTC/USD", ...bars, trades: [trade] });
  assert(svg.indexOf("long from 2018-01-01 10:00") > svg.lastIndexOf("close "));
});

Deno.test("no trades and thousands of them are said and drawn", () => {
  const none = priceWithTrades({ symbol: "BTC/USD", ...bars, trades: [] });
  assertStringIncludes(none.caption, "No trades.");
  const many = priceWithTrades({ symbol: "BTC/USD", ...bars, trades: Array(500).fill(trade) });
  assertStringIncludes(many.caption, "each is a stretch of the ribbon");
  assert(!many.svg.includes("long from"));
});
