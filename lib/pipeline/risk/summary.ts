import { returns } from "../../backtest/mod.ts";
import type { Displayable } from "../../base/display.ts";
import type { Config } from "../../config/schema.ts";
import { capital, number, percent } from "../../report/format.ts";
import { historicalTail } from "../../risk/mod.ts";
import { type Badge, type Summary, summary } from "../../report/summary.ts";
import { spanText } from "../market.ts";
import type { RiskReport } from "../risk.ts";
import { provenanceOf } from "../show/summaries.ts";

const two = (value: number) => number(value, { digits: 2 });

/** What came out, in a sentence or two: what the rules prevented and cost; without rules, what there is to prevent. */
export function riskFinding({ title, rules, rows, effects, result, level }: RiskReport, config: Config): string {
  const who = capital(title);
  const period = config.backtest.period === "all" ? "over all bars" : `on the ${config.backtest.period} period`;
  if (rules.length === 0) {
    const [free, hold] = rows;
    const { valueAtRisk, expectedShortfall } = historicalTail(returns(result.equity), { level });
    return `${who} fell at most ${percent(-free.maxDrawdown)} ${period} (buy and hold ${
      percent(-hold.maxDrawdown)
    }), ` +
      `and lost more than ${percent(valueAtRisk)} in ${percent(1 - level, { digits: 0 })} of bars, ` +
      `${percent(expectedShortfall)} on average in those. No risk rules watch over it.`;
  }
  const [guarded, free] = rows;
  if (result.wantedVolume === 0) return `${who} asked for nothing ${period}, with its risk rules or without.`;
  if (result.filledVolume === 0) {
    return `Nothing that ${title} asked for was filled ${period}: the bars it came to did not trade, or had no volume.`;
  }
  const given = points(free.totalReturn - guarded.totalReturn);
  const cost = given === points(0)
    ? "at the same return"
    : free.totalReturn > guarded.totalReturn
    ? `for ${given} less return`
    : `and earned ${given} more`;
  const sharpe = Number.isNaN(free.sharpeRatio + guarded.sharpeRatio)
    ? ""
    : `; its Sharpe ratio went from ${two(free.sharpeRatio)} to ${two(guarded.sharpeRatio)}`;
  const strongest = effects.reduce((a, b) => b.drawdownPrevented > a.drawdownPrevented ? b : a);
  return `${who} fell at most ${percent(-guarded.maxDrawdown)} with its risk rules and ${
    percent(-free.maxDrawdown)
  } without ${period}, ${cost}${sharpe}. ` +
    (strongest.drawdownPrevented > 0.0005
      ? `Had ${strongest.rule} alone been left out, it would have fallen ${
        points(strongest.drawdownPrevented)
      } further` +
        (effects.length > 1 ? ", the most of any rule." : ".")
      : "No rule alone made the largest drawdown smaller.");
}

/** `3.2 points` of 0.032: differences of percentages are no percentages. */
const points = (share: number) => `${number(100 * Math.abs(share), { digits: 1 })} points`;

/** Header of a report on risk: what the rules prevented, and what that cost. */
export function riskSummary(report: RiskReport, config: Config): Summary & Displayable {
  const { source, title, rules, rows, tails, events, warnings, numbers, level } = report;
  const [guarded, free, hold] = rules.length === 0 ? [rows[0], ...rows] : rows;
  const given = free.totalReturn - guarded.totalReturn;
  const rejected = tails.filter(({ christoffersen }) => christoffersen.pValue < 0.05);
  const beside = (unguarded: string, held: string) =>
    rules.length === 0 ? `buy and hold ${held}` : `without rules ${unguarded}, buy and hold ${held}`;
  return summary({
    finding: riskFinding(report, config),
    tiles: [
      {
        label: "Max drawdown",
        value: percent(guarded.maxDrawdown),
        beside: beside(percent(free.maxDrawdown), percent(hold.maxDrawdown)),
        ...(rules.length > 0 ? { tone: guarded.maxDrawdown > free.maxDrawdown ? "good" : "bad" } : {}),
      },
      {
        label: "Return",
        value: percent(guarded.totalReturn, { sign: true }),
        beside: beside(percent(free.totalReturn, { sign: true }), percent(hold.totalReturn, { sign: true })),
        tone: guarded.totalReturn > 0 ? "good" : "bad",
      },
      {
        label: "Sharpe, Sortino",
        value: `${two(guarded.sharpeRatio)}, ${two(guarded.sortinoRatio)}`,
        beside: beside(
          `${two(free.sharpeRatio)}, ${two(free.sortinoRatio)}`,
          `${two(hold.sharpeRatio)}, ${two(hold.sortinoRatio)}`,
        ),
      },
      {
        label: "Volatility, a year",
        value: percent(guarded.annualVolatility),
        beside: beside(percent(free.annualVolatility), percent(hold.annualVolatility)),
      },
      ...(rules.length === 0
        ? []
        : [{ label: "Events", value: number(events.length), beside: `of ${rules.length} rules` }]),
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
      ...warnings.map((warning): Badge => ({ label: "caution", verdict: warning, passed: false })),
    ],
    provenance: {
      ...provenanceOf(source, config),
      "period shown": `${config.backtest.period}: ${spanText(source.market, source.period)}`,
      "strategy": title,
      "rules": rules.map(({ text }) => text).join(", ") || "none",
      "costs": `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps`,
    },
    metrics: numbers,
  });
}
