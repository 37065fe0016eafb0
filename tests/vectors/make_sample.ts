/**
 * Makes data/sample of CSV files with the columns timestamp, $open, $high, $low, $close, $volume:
 *
 *     deno run -A tests/vectors/make_sample.ts SOURCE_FOLDER
 *
 * Values are stored as they are; nothing is cleaned. Prints what belongs into the catalogue (lib/data/sample.ts).
 */
import { join } from "node:path";
import { projectPath } from "../../lib/base/project.ts";
import { formatDate } from "../../lib/base/time.ts";
import { hashCandles } from "../../lib/market/candles.ts";
import { readTable, writeCandles } from "../../lib/data/frames.ts";
import { sampleCatalogue } from "../../lib/data/sample.ts";

const [source] = Deno.args;
if (source === undefined) throw new RangeError("Cannot make the sample as the source folder must be given");
const made = { coinbase_BTC_USD_1h: "coinbase_BTC-USD_1h_raw.csv" } as Readonly<Record<string, string>>;
for (const { name, symbol, timeframe } of sampleCatalogue()) {
  const file = made[name.replace("-", "_")] ?? `${name}.csv`;
  const { candles, notes } = await readTable(join(source, file), { symbol, timeframe });
  await writeCandles(projectPath("data", "sample", `${name}.parquet`), candles);
  const [from, to] = [candles.time[0], candles.time[candles.length - 1]].map(formatDate);
  console.log(name, symbol, timeframe, candles.length, from, to, hashCandles(candles).slice(0, 12), ...notes);
}
