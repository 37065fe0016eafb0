import type { Evaluation } from "../backtest/mod.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Deps } from "./deps.ts";
import { loadMarket, spanText } from "./market.ts";
import { allNotebooks } from "./notebooks.ts";
import { type ReportResult, reportStage } from "./report.ts";

/** What the demo made. */
export interface Demo {
  readonly data: string;
  readonly span: string;
  readonly rows: readonly Evaluation[]; // strategies beside each other, from notebook 03
  readonly reports: readonly ReportResult[];
  readonly index: string;
  readonly runsUrl: string | undefined; // MLflow's list of runs
}

/** Every notebook of the project made into a report, on the candles that come with it. */
export async function demoStage(loaded: LoadedConfig, deps: Deps = {}): Promise<Demo> {
  const source = await loadMarket(loaded.config);
  const reports = await reportStage(await allNotebooks(), loaded, {}, deps);
  const kept = reports.findLast(({ kept }) => "comparison.json" in kept)?.kept["comparison.json"];
  return {
    data: source.name,
    span: spanText(source.market, source.period),
    rows: (kept ?? []) as Evaluation[],
    reports,
    index: "reports/index.html",
    runsUrl: reports.find(({ run }) => run.url)?.run.url?.replace(/\/runs\/.*$/, ""),
  };
}
