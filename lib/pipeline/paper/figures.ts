import { equityAndDrawdown, equityCurves } from "../../report/plots/equity_curves.ts";
import { eventsOnEquity } from "../../report/plots/events_on_equity.ts";
import { latencyHistogram } from "../../report/plots/latency_histogram.ts";
import { nothingToDraw } from "../../report/plots/nothing_to_draw.ts";
import { priceWithTrades } from "../../report/plots/price_with_trades.ts";
import { markOf } from "../show/backtest_figures.ts";
import type { PaperStudy } from "./study.ts";

/** Figures of a replay of paper trading, drawn when asked for. */
export function paperFigures(study: PaperStudy) {
  const { paper, expected, candles, trades, latency, band, alerts, rules, title } = study;
  const { time } = paper;
  return {
    /** On paper, and in the backtest under it: one line covers the other. */
    equity: () =>
      equityAndDrawdown({
        time,
        equity: [
          { name: "on paper", role: "agent" as const, values: paper.equity },
          { name: "backtest", role: "hold" as const, values: expected.equity },
        ],
      }),
    price() {
      const { symbol, $open, $high, $low, $close } = candles;
      const marks = trades.filter((trade) => trade.symbol === symbol).map(markOf);
      return priceWithTrades({ symbol, time, open: $open, high: $high, low: $low, close: $close, trades: marks });
    },
    /** Equity between the lines that its history lets expect. */
    band() {
      if (!band) return nothingToDraw("What history lets expect", "History is too short for anything to be expected.");
      const side = (of: "low" | "high") => Float64Array.from(time, (_, t) => paper.equity[0] * band(t)[of]);
      return equityCurves({
        time,
        equity: [
          { name: title, role: "agent", values: paper.equity },
          { name: "expected at most", values: side("high") },
          { name: "at least", values: side("low") },
        ],
      });
    },
    /** What rules did, and when people were told of something. */
    events() {
      const told = alerts.filter(({ on }) => on).map(({ t, name, text }) => ({
        t,
        rule: `alert ${name}`,
        reason: text,
      }));
      const done = paper.events.map(({ t, rule, reason }) => ({ t, rule: rules[rule].replace(/\(.*/, ""), reason }));
      const events = [...done, ...told].sort((a, b) => a.t - b.t);
      if (events.length === 0) {
        return nothingToDraw("What rules did, and alerts", "No rule acted, and nothing was told.");
      }
      return eventsOnEquity({ time, equity: [{ name: title, role: "agent", values: paper.equity }], events });
    },
    latency: () =>
      latencyHistogram({ buckets: latency.buckets, p50: latency.quantile(0.5), p99: latency.quantile(0.99) }),
  };
}
