import { number } from "../../report/format.ts";
import { type Table, table } from "../../report/table.ts";
import type { AgentReport, AgentRow, AgentSeed } from "../evaluate.ts";

/** The agent beside its baselines: interquartile means over runs, with the interval of the return. */
export function agentTable(rows: readonly AgentRow[]): Table {
  const share = (value: number) => number(100 * value, { digits: 1, sign: true });
  const shown = rows.map(({ runs, returns, strategy, ...row }) => ({
    ...row,
    strategy: runs > 1 ? `${strategy} × ${runs}` : strategy,
    interval: runs > 1 ? `${share(returns.low)} to ${share(returns.high)}` : "",
  }));
  return table(shown, {
    columns: [
      { key: "strategy", label: "Strategy" },
      { key: "totalReturn", label: "Return", unit: "%", sign: true },
      { key: "interval", label: "95 % interval, %", align: "right" },
      { key: "sharpeRatio", label: "Sharpe", digits: 2 },
      { key: "maxDrawdown", label: "Drawdown", unit: "%" },
      { key: "trades", label: "Trades", digits: 0 },
      { key: "timeInMarket", label: "In market", unit: "%", digits: 0 },
      { key: "exposure", label: "Exposure", unit: "%", digits: 0 },
      { key: "turnover", label: "Turnover", digits: 1 },
      { key: "fees", label: "Fees", digits: 0 },
    ],
    caption: "Interquartile means of several runs (× count), intervals by stratified bootstrap",
  });
}

/** Each seed on its own: what the interquartile mean is made of. */
export function seedTable(seeds: readonly AgentSeed[]): Table {
  return table(seeds.map(({ seed, evaluation }) => ({ ...evaluation, seed })), {
    columns: [
      { key: "seed", label: "Seed", digits: 0 },
      { key: "totalReturn", label: "Return", unit: "%", sign: true },
      { key: "sharpeRatio", label: "Sharpe", digits: 2 },
      { key: "maxDrawdown", label: "Max drawdown", unit: "%" },
      { key: "trades", label: "Trades", digits: 0 },
      { key: "winRate", label: "Trades won", unit: "%", digits: 0 },
      { key: "timeInMarket", label: "In market", unit: "%", digits: 0 },
      { key: "turnover", label: "Turnover", digits: 1 },
      { key: "fees", label: "Fees", digits: 0 },
    ],
  });
}

/** Returns at 0, ½, 1 and 2 times the fee. */
export function feeTable({ fees }: AgentReport): Table {
  const rows = Object.entries(fees).map(([strategy, columns]) => ({
    strategy,
    ...Object.fromEntries(columns.map(({ multiple, totalReturn }) => [feeName(multiple), totalReturn])),
  }));
  const multiples = Object.values(fees)[0].map(({ multiple }) => feeName(multiple));
  return table(rows as Record<string, string | number>[], {
    columns: [{ key: "strategy", label: "Return with" }, ...multiples.map((key) => ({ key, unit: "%", sign: true }))],
  });
}

/** How often each action was chosen. */
export function actionTable({ actions }: AgentReport): Table {
  return table(actions, {
    columns: [
      { key: "action", label: "Action" },
      { key: "share", label: "Of all bars", unit: "%" },
      { key: "low", label: "Least of a seed", unit: "%" },
      { key: "high", label: "Most of a seed", unit: "%" },
    ],
  });
}

const feeName = (multiple: number) => multiple === 0 ? "no fee" : multiple === 0.5 ? "½ fee" : `${multiple} × fee`;
