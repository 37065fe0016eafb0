import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { Secret } from "../../lib/base/secret.ts";
import { openSandbox } from "../../lib/data/ccxt_sandbox.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { localExchange } from "../exchange/local_exchange.ts";

const keys = { apiKey: new Secret("test-network-key"), apiSecret: new Secret("test-network-secret") };

Deno.test("orders go to the test network, once each, signed, in the size it takes", async () => {
  await using local = localExchange({ candles: [synthetic(50, rng(1), { symbol: "BTC/USDT", price: 40_000 })] });
  await using sandbox = await openSandbox({ exchange: "binance", ...keys, endpoint: local.url });
  const bought = await sandbox.order("BTC/USDT", 0.123456789, "one");
  assertEquals([bought!.id, bought!.units], ["one", 0.12345]);
  assertEquals((await sandbox.order("BTC/USDT", -0.1, "two"))!.units, -0.1);
  assertEquals(await sandbox.order("BTC/USDT", 1e-9, "dust"), undefined);
  assertEquals(await sandbox.order("BTC/USDT", 0, "none"), undefined);
  await assertRejects(() => sandbox.order("BTC/USDT", 0.1, "one"), Error, "Duplicate order");
  assertEquals(local.orders.map(({ side, quantity, id }) => [side, quantity, id]), [
    ["BUY", 0.12345, "one"],
    ["SELL", 0.1, "two"],
  ]);
});

Deno.test("an exchange without a test network of its own is refused, and so is any other address", async () => {
  for (const exchange of ["kraken", "coinbase", "okx"]) {
    const error = await assertRejects(() => openSandbox({ exchange, ...keys }), RangeError);
    assertStringIncludes(error.message, "real orders are never sent");
  }
  await assertRejects(() => openSandbox({ exchange: "binanse", ...keys }), RangeError, "binance");
  for (const endpoint of ["https://api.binance.com", "http://127.0.0.1.example.com", "http://10.0.0.1:80"]) {
    await assertRejects(
      () => openSandbox({ exchange: "binance", ...keys, endpoint }),
      RangeError,
      "loopback, may get them",
    );
  }
});

Deno.test("were the sandbox mode of the client switched off, its requests would reach nobody", async () => {
  const ccxt = (await import("ccxt")).default;
  const original = ccxt.Exchange.prototype.setSandboxMode;
  ccxt.Exchange.prototype.setSandboxMode = () => {};
  const own = ccxt.binance.prototype.setSandboxMode;
  ccxt.binance.prototype.setSandboxMode = () => {};
  try {
    await using local = localExchange({ candles: [synthetic(50, rng(1), { symbol: "BTC/USDT" })] });
    await using sandbox = await openSandbox({ exchange: "binance", ...keys, endpoint: local.url });
    const error = await assertRejects(() => sandbox.order("BTC/USDT", 1, "x"), Error);
    assertStringIncludes(String(error.message) + String(error.cause ?? ""), "not the test network");
    assertEquals(local.seen.length, 0);
  } finally {
    ccxt.Exchange.prototype.setSandboxMode = original;
    ccxt.binance.prototype.setSandboxMode = own;
  }
});
