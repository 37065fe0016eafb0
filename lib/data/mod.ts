export { alignAsOf, resample, takeAsOf } from "./resample.ts";
export { type CacheKey, type CandleCache, listCaches, openCache } from "./cache.ts";
export { fetchCandles, type Fetched, type FetchOptions } from "./exchange.ts";
export { clean, type Cleaned, type CleanOptions } from "./clean.ts";
export { type CleaningReport, type Finding, type GapPolicy, reportHeadline } from "./cleaning_report.ts";
export {
  fromFrame,
  readCandles,
  readColumns,
  readTable,
  type StoredColumn,
  type StoredColumns,
  toFrame,
  writeCandles,
  writeColumns,
} from "./frames.ts";
export { loadCandles, type Loaded, type LoadOptions } from "./load.ts";
export { type Sample, sampleCatalogue, sampleOrigin } from "./sample.ts";
export type { Table, TableOptions } from "./table.ts";
export { openStream, type StreamOptions } from "./shared_stream.ts";
export type { MarketStream, StreamEvent } from "./stream.ts";
