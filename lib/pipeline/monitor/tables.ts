import { type Table, table } from "../../report/table.ts";
import type { MonitorReport } from "../monitor.ts";

/** Rows of the table of workers, as they are printed. */
export const levelRows = ({ levels, decision }: Pick<MonitorReport, "levels" | "decision">) =>
  levels.map(({ workers, throughput, each, quiet, adds, cores, rss }) => ({
    workers,
    throughput: Math.round(throughput),
    each: Math.round(each),
    times: throughput / levels[0].throughput,
    quiet: Math.round(quiet),
    adds: Number.isNaN(adds) ? null : adds,
    cores,
    memory: Math.round(rss / 1e6),
    advised: workers === decision.workers ? "advised" : "",
  }));

/** How a table of workers is shown. */
export const levelColumns = {
  labels: {
    throughput: "Steps/s",
    each: "Of each",
    times: "Times one",
    quiet: "If quiet",
    adds: "The last adds",
    cores: "Cores used",
    advised: "",
  },
  units: { adds: "%", memory: "MB" },
} as const;

/** Workers at work side by side, and what each of them adds. */
export const workerTable = (report: MonitorReport): Table => table(levelRows(report), levelColumns);

/** What was measured of batches, rows and threads, the fastest first. */
export const sizeRows = ({ sizes }: Pick<MonitorReport, "sizes">) =>
  (sizes?.measured ?? []).map(({ sizes: { batch, rows, threads }, throughput, times }) => ({
    batch,
    rows,
    threads,
    throughput: Math.round(throughput),
    measured: times,
  }));

/** The same as a table that shows itself. */
export const sizeTable = (report: MonitorReport): Table =>
  table(sizeRows(report), { labels: { throughput: "Steps/s", measured: "Times measured" }, limit: 12 });
