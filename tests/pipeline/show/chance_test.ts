import { assert, assertEquals } from "@std/assert";
import { loadConfig } from "../../../lib/config/load.ts";
import { backtestStage } from "../../../lib/pipeline/backtest.ts";
import { chanceReturns } from "../../../lib/pipeline/show/chance.ts";
import { metricsTable, tradeTable } from "../../../lib/pipeline/show/tables.ts";

const settings = (strategy: string) =>
  loadConfig({
    preset: "quick",
    set: ["data.input=BTC/USD", "data.timeframe=1d", `strategy.name=${strategy}`],
  }).config;

Deno.test("chance is sorted, repeatable by its seed, and nothing for who never held anything", async () => {
  const config = settings("momentum");
  const report = await backtestStage(config);
  const returns = chanceReturns(report, config, 19);
  assertEquals(returns.length, 19);
  assertEquals(returns, returns.slice().sort());
  assertEquals(chanceReturns(report, config, 19), returns);
  assert(new Set(returns).size > 1);
  const flat = settings("flat");
  assertEquals(chanceReturns(await backtestStage(flat), flat).length, 0);
});

Deno.test("every metric is in the table once, and a single asset is named above its trades", async () => {
  const { metrics, trades } = await backtestStage(settings("momentum"));
  const { text } = metricsTable(metrics);
  const rows = text.split("\n").filter((line) => /\S {2,}\S/.test(line));
  assertEquals(rows.length, Object.keys(metrics).length);
  const table = tradeTable(trades, "USD").text;
  assert(table.startsWith(`${trades.length} trades of BTC/USD; prices, fees and profit in USD`));
  assert(!table.includes("Asset"));
});
