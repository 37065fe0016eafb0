import type { Displayable } from "../../base/display.ts";
import type { Estimate } from "../../backtest/mod.ts";
import type { Config } from "../../config/schema.ts";
import type { LeakVerdict } from "../../features/leaks.ts";
import { number, percent } from "../../report/format.ts";
import { type Badge, type Summary, summary } from "../../report/summary.ts";
import type { AgentReport, AgentRow } from "../evaluate.ts";
import { spanText } from "../market.ts";
import { provenanceOf } from "../show/summaries.ts";
import type { TrainReport } from "../train.ts";

/** Seeds below which a figure is marked as not to be believed. */
export const ENOUGH_SEEDS = 5;

const lineOf = (rows: readonly AgentRow[], start: string): AgentRow =>
  rows.find(({ strategy }) => strategy.startsWith(start))!;

/**
 * What the numbers say, and no more, in a sentence or two: whether the agent beat buy and hold, and whether its timing
 * was worth anything.
 */
export function agentVerdict({ rows, seeds, improvement, monthlyImprovement }: AgentReport): string {
  const [agent] = rows;
  const [hold, chance] = [lineOf(rows, "buy and hold"), lineOf(rows, "random")];
  const many = seeds.length > 1;
  const who = many ? `The agent (${seeds.length} seeds)` : "The agent (a single seed)";
  const earned = `${percent(agent.totalReturn, { sign: true })}${many ? ` (${spread(agent.returns)})` : ""}`;
  const held = percent(hold.totalReturn, { sign: true });
  const better = many ? agent.returns.low > hold.totalReturn : agent.totalReturn > hold.totalReturn;
  const worse = many ? agent.returns.high < hold.totalReturn : agent.totalReturn < hold.totalReturn;
  const first = better
    ? `${who} beat buy and hold: ${earned} against ${held}`
    : worse
    ? `${who} did not beat buy and hold: ${earned} against ${held}`
    : `${who} cannot be told apart from buy and hold: ${earned} against ${held}`;
  const timing = agent.trades === 0
    ? "it did not trade"
    : (many ? agent.returns.low : agent.totalReturn) > chance.returns.high
    ? `its timing was worth something, as chance with the same turnover earned ${
      percent(chance.totalReturn, { sign: true })
    }`
    : `its timing was worth nothing that can be shown, as chance with the same turnover earned ${
      percent(chance.totalReturn, { sign: true })
    } (${spread(chance.returns)})`;
  const odds = many
    ? ` A seed earns more than buy and hold with probability ${percent(improvement.point, { digits: 0 })}, in a month ${
      percent(monthlyImprovement.point, { digits: 0 })
    }.`
    : ` One seed says little of the next.`;
  return `${first}; ${timing}.${odds}`;
}

/** Header of a report on a trained agent: what it earned beside buy and hold, and how far to trust that. */
export function agentSummary(
  report: AgentReport,
  config: Config,
  { training, leaks, learning }: {
    readonly training?: TrainReport;
    readonly leaks?: LeakVerdict;
    readonly learning?: Badge | undefined;
  } = {},
): Summary & Displayable {
  const { source, rows, seeds, notes, rules, features, warnings, numbers } = report;
  const [agent] = rows;
  const hold = lineOf(rows, "buy and hold");
  const few = seeds.length < ENOUGH_SEEDS;
  const beside = (value: string) => `buy and hold ${value}`;
  return summary({
    finding: agentVerdict(report),
    ...(few ? { watermark: seeds.length === 1 ? "single seed" : `${seeds.length} seeds` } : {}),
    tiles: [
      {
        label: seeds.length > 1 ? `Return, ${seeds.length} seeds` : "Return, single seed",
        value: percent(agent.totalReturn, { sign: true }),
        beside: beside(percent(hold.totalReturn, { sign: true })),
        tone: agent.totalReturn > 0 ? "good" : "bad",
      },
      {
        label: "Sharpe",
        value: number(agent.sharpeRatio, { digits: 2 }),
        beside: beside(number(hold.sharpeRatio, { digits: 2 })),
        ...(Math.abs(agent.sharpeRatio) > 10 ? { tone: "warn" as const } : {}),
      },
      { label: "Max drawdown", value: percent(agent.maxDrawdown), beside: beside(percent(hold.maxDrawdown)) },
      {
        label: "Trades",
        value: number(agent.trades, { digits: 0 }),
        beside: `turnover ${number(agent.turnover, { digits: 0 })}, in the market ${
          percent(agent.timeInMarket, { digits: 0 })
        }`,
      },
      {
        label: "Fees paid",
        value: number(agent.fees, { digits: 0 }),
        beside: `${config.costs.transaction_fee} bps a side; start ${number(config.backtest.cash)}`,
      },
    ],
    badges: [
      ...(learning ? [learning] : []),
      ...(leaks ? [{ label: leaks.label, verdict: leaks.verdict, passed: leaks.passed }] : []),
      {
        label: "seeds",
        verdict: few
          ? `${seeds.length} of at least ${ENOUGH_SEEDS}: not a figure to be believed`
          : `${seeds.length}, interquartile mean with a bootstrap interval`,
        passed: !few,
      },
      ...warnings.map((warning): Badge => ({ label: "caution", verdict: warning, passed: false })),
    ],
    provenance: {
      ...provenanceOf(source, config),
      "period shown": `${config.backtest.period}: ${spanText(source.market, source.period)}`,
      "trained on": notes.about.trained ?? "",
      "seeds": seeds.map(({ seed }, i) => i === 0 && seeds.length > 1 ? `${seed} (the model)` : seed).join(", "),
      "features": features.specs.join(", "),
      "features hash": features.hash,
      "network": `${config.agent.trunk}, window of ${notes.window} bars × ${notes.features.length} features`,
      ...(rules.length > 0 ? { "risk rules": rules.map(({ text }) => text).join(", ") } : {}),
      ...(training ? { "engine": training.seeds[0].engine } : {}),
      "costs": `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps, at most ${
        percent(config.costs.participation)
      } of a bar's volume`,
    },
    metrics: { ...(training ? training.numbers : {}), ...numbers },
  });
}

const spread = ({ low, high }: Estimate) =>
  `95 % interval ${percent(low, { sign: true })} to ${percent(high, { sign: true })}`;
