import { assertEquals } from "@std/assert";
import { loadConfig } from "../../lib/config/load.ts";
import { loadMarket } from "../../lib/pipeline/market.ts";

Deno.test("several bundled samples say once where they all come from", async () => {
  const { config } = loadConfig({ set: ["data.input=BTC/USD, ETH/USD", "data.timeframe=1d"], environment: {} });
  const { origin } = await loadMarket(config);
  assertEquals(origin.match(/the bundled sample bitstamp_/g)?.length, 2);
  assertEquals(origin.match(/collected by/g)?.length, 1);
});
