import { assertEquals } from "@std/assert";
import { formatDate, formatTimeframe } from "../../lib/base/time.ts";
import { hashCandles } from "../../lib/market/candles.ts";
import { clean } from "../../lib/data/clean.ts";
import { readSample, sampleCatalogue } from "../../lib/data/sample.ts";

const hashes: Readonly<Record<string, string>> = {
  "coinbase_BTC-USD_1h": "79471327a5e4",
  "bitstamp_BTC-USD_1d": "d9351a13b949",
  "bitstamp_ETH-USD_1d": "31a8611b921f",
  "bitstamp_LTC-USD_1d": "bccb25f3720e",
};

Deno.test("the catalogue says what is in the files, and the files are those that were made", async () => {
  for (const sample of sampleCatalogue()) {
    const candles = await readSample(sample);
    const [from, to] = [candles.time[0], candles.time[candles.length - 1]].map(formatDate);
    assertEquals([candles.length, from, to, candles.symbol], [sample.bars, sample.from, sample.to, sample.symbol]);
    assertEquals(formatTimeframe(candles.step), sample.timeframe);
    assertEquals(hashCandles(candles).slice(0, 12), hashes[sample.name], sample.name);
  }
});

Deno.test("cleaning the samples changes nothing but the gap that the daily ones have", async () => {
  for (const sample of sampleCatalogue()) {
    const changes = clean(await readSample(sample)).report.findings.filter(({ changed }) => changed);
    const gap = "12 bars missing in 1 gap: filled with the close before, volume 0";
    assertEquals(changes.map(({ what }) => what), sample.timeframe === "1d" ? [gap] : []);
  }
});
