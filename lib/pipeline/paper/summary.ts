import { resultMetrics } from "../../backtest/mod.ts";
import type { Displayable } from "../../base/display.ts";
import { formatDate } from "../../base/time.ts";
import type { Config } from "../../config/schema.ts";
import { latencyText } from "../../live/latency.ts";
import { count, number, percent } from "../../report/format.ts";
import { type Summary, summary } from "../../report/summary.ts";
import { type Table, table } from "../../report/table.ts";
import { provenanceOf } from "../show/summaries.ts";
import type { PaperStudy } from "./study.ts";

/** One sentence of what came out: whether paper trading is the backtest. */
export function paperFinding({ equal, paper, title, stoppedAt }: PaperStudy): string {
  const bars = number(paper.equity.length);
  const other = equal.filter((one) => !one.equal).map(({ what }) => what);
  const went = `${title} traded ${bars} bars that came one by one, and was stopped after ${number(stoppedAt)}`;
  return other.length === 0
    ? `${went}; it went on from its journal, and every decision, fill and equity is that of the backtest, to the last bit.`
    : `${went}; it is NOT the backtest of the same bars: ${other.join(", ")} differ.`;
}

/** Header of a report on paper trading. */
export function paperSummary(study: PaperStudy, config: Config): Summary & Displayable {
  const { paper, equal, latency, alerts, source, trades, history } = study;
  const { totalReturn, sharpeRatio, maxDrawdown } = resultMetrics(paper);
  const same = equal.every((one) => one.equal);
  const p99 = latency.quantile(0.99);
  const told = alerts.filter(({ on }) => on).length;
  return summary({
    finding: paperFinding(study),
    tiles: [
      { label: "Return", value: percent(totalReturn, { sign: true }), beside: `${count(trades.length, "trade")}` },
      { label: "Largest drawdown", value: percent(maxDrawdown) },
      {
        label: "Decision after, p99",
        value: `${number(p99, { digits: 1 })} ms`,
        beside: "20 ms asked for",
        tone: p99 < 20 ? "good" : "warn",
      },
      { label: "Alerts", value: String(told), ...(told > 0 ? { beside: alerts.find(({ on }) => on)!.name } : {}) },
    ],
    badges: [
      {
        label: "the law",
        verdict: same ? "paper trading is the backtest of the same bars, to the last bit" : "it is not the backtest",
        passed: same,
      },
    ],
    provenance: {
      ...provenanceOf(source, config),
      "traded": `${formatDate(paper.time[0])} to ${formatDate(paper.time[paper.time.length - 1])}`,
      "history before": `${number(history)} bars`,
      "latency": latencyText(latency),
    },
    metrics: {
      total_return: totalReturn,
      sharpe_ratio: sharpeRatio,
      max_drawdown: maxDrawdown,
      equal: Number(same),
    },
  });
}

/** What was compared with the backtest, and whether it is equal to the last bit. */
export function equalityTable({ equal }: PaperStudy): Table {
  const rows = equal.map(({ what, compared, equal }) => ({ what, numbers: compared, equal: equal ? "yes" : "NO" }));
  return table(rows, { caption: "Paper trading beside the backtest of the same bars" });
}

/** Alerts as they were told. */
export function alertTable({ alerts, paper }: PaperStudy): Table {
  const rows = alerts.map(({ t, name, on, text }) => ({
    time: formatDate(paper.time[t]),
    alert: name,
    "": on ? "began" : "is over",
    text,
  }));
  return table(rows, { caption: "Alerts", limit: 12 });
}
