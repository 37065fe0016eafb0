import type { Displayable } from "../base/display.ts";
import type { Config } from "../config/schema.ts";
import { number, percent } from "../report/format.ts";
import { type Badge, type Summary, summary } from "../report/summary.ts";
import { spanText } from "./market.ts";
import type { RiskReport } from "./risk.ts";
import { provenanceOf } from "./summaries.ts";

/** Header of a report on risk: what the rules prevented, and what that cost. */
export function riskSummary(report: RiskReport, config: Config): Summary & Displayable {
  const { source, title, rules, rows: [guarded, free, hold], effects, tails, events, numbers, level } = report;
  const strongest = effects.reduce((a, b) => b.drawdownPrevented > a.drawdownPrevented ? b : a);
  const given = free.totalReturn - guarded.totalReturn;
  const rejected = tails.filter(({ christoffersen }) => christoffersen.pValue < 0.05);
  const two = (value: number) => number(value, { digits: 2 });
  return summary({
    finding:
      `${title.slice(0, 1).toUpperCase()}${title.slice(1)} fell at most ${
        percent(-guarded.maxDrawdown)
      } with its risk rules and ${percent(-free.maxDrawdown)} without on the ${config.backtest.period} period, ${
        given > 0 ? "for" : "and earned"
      } ${percent(Math.abs(given))} ${given > 0 ? "less" : "more"} return; its Sharpe ratio went from ${
        two(free.sharpeRatio)
      } to ${two(guarded.sharpeRatio)}. ` +
      (strongest.drawdownPrevented > 0.0005
        ? `Most of the drawdown was prevented by ${strongest.rule}.`
        : "No rule alone made the largest drawdown smaller."),
    tiles: [
      {
        label: "Max drawdown",
        value: percent(guarded.maxDrawdown),
        beside: `without rules ${percent(free.maxDrawdown)}, buy and hold ${percent(hold.maxDrawdown)}`,
        tone: guarded.maxDrawdown > free.maxDrawdown ? "good" : "bad",
      },
      {
        label: "Return",
        value: percent(guarded.totalReturn, { sign: true }),
        beside: `without rules ${percent(free.totalReturn, { sign: true })}, buy and hold ${
          percent(hold.totalReturn, { sign: true })
        }`,
        tone: guarded.totalReturn > 0 ? "good" : "bad",
      },
      {
        label: "Sharpe, Sortino",
        value: `${two(guarded.sharpeRatio)}, ${two(guarded.sortinoRatio)}`,
        beside: `without rules ${two(free.sharpeRatio)}, ${two(free.sortinoRatio)}`,
      },
      {
        label: "Volatility, a year",
        value: percent(guarded.annualVolatility),
        beside: `without rules ${percent(free.annualVolatility)}`,
      },
      { label: "Events", value: number(events.length), beside: `of ${rules.length} rules` },
    ],
    badges: [
      {
        label: "prefix law",
        verdict: "every rule of the table decides from the past alone (contract tests)",
        passed: true,
      },
      {
        label: `value at risk, ${percent(level, { digits: 0 })}`,
        verdict: rejected.length === 0
          ? "no method is rejected by Christoffersen's test at 5 %"
          : `Christoffersen's test rejects ${rejected.length} of ${tails.length} methods at 5 %: ${
            rejected.map(({ method }) => method.replaceAll("_", " ")).join(", ")
          }`,
        passed: rejected.length < tails.length,
      },
      ...(given > 0 && guarded.sharpeRatio < free.sharpeRatio
        ? [
          {
            label: "caution",
            verdict: "on this period the rules cost more return than the risk they took away",
            passed: false,
          } satisfies Badge,
        ]
        : []),
    ],
    provenance: {
      ...provenanceOf(source, config),
      "period shown": `${config.backtest.period}: ${spanText(source.market, source.period)}`,
      "strategy": title,
      "rules": rules.map(({ text }) => text).join(", "),
      "costs": `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps`,
    },
    metrics: numbers,
  });
}
