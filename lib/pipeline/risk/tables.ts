import { drawdowns } from "../../backtest/mod.ts";
import { count, date, number } from "../../report/format.ts";
import { type Table, table } from "../../report/table.ts";
import type { RiskAction, RiskReport, RuleEffect, TailRow } from "../risk.ts";
import { byKey, earlierHeadline, type HeadlineReport } from "./headline.ts";

/** What each rule prevented and what it cost, in the order in which they act. */
export function effectTable(rows: readonly RuleEffect[]): Table {
  return table(rows, {
    columns: [
      { key: "rule", label: "Rule" },
      { key: "kind", label: "Kind" },
      { key: "events", label: "Events", digits: 0 },
      { key: "drawdownPrevented", label: "Drawdown prevented", unit: "%", sign: true },
      { key: "returnCost", label: "Return given up", unit: "%", sign: true },
      { key: "sharpeChange", label: "Sharpe", digits: 2, sign: true },
      { key: "exposureChange", label: "Exposure", unit: "%", sign: true },
      { key: "feesChange", label: "Fees", digits: 0, sign: true },
    ],
  });
}

/** Everything the rules did, oldest first. */
export function eventTable(rows: readonly RiskAction[], currency: string, limit = 20): Table {
  return table(rows, {
    columns: [
      { key: "time", label: "Bar", unit: "date" },
      { key: "rule", label: "Rule" },
      { key: "reason", label: "Reason" },
      { key: "equity", label: "Equity", unit: currency },
      { key: "close", label: "Close", unit: currency },
    ],
    limit,
  });
}

/** A fall of the account from one peak until it is back there. */
export interface Fall {
  readonly depth: number; // share of the peak, ≤ 0
  readonly start: number; // ms UTC, as all that follow
  readonly trough: number;
  readonly end: number; // NaN: not yet
  readonly bars: number; // below the peak
}

/** The deepest falls of the account, the deepest first. */
export function falls({ result: { equity, time } }: Pick<RiskReport, "result">, count = 5): Fall[] {
  return drawdowns(equity).sort((a, b) => a.depth - b.depth).slice(0, count)
    .map(({ depth, start, trough, end, length }) => ({
      depth,
      start: time[start],
      trough: time[trough],
      end: end === -1 ? NaN : time[end],
      bars: length,
    }));
}

/** The same as a table. */
export function fallTable(report: Pick<RiskReport, "result">, count = 5): Table {
  const rows = falls(report, count).map(({ end, bars, ...row }) => ({
    ...row,
    end: Number.isNaN(end) ? "not yet" : date(end),
    length: bars * report.result.step,
  }));
  return table(rows, {
    columns: [
      { key: "depth", label: "Drawdown", unit: "%" },
      { key: "start", label: "From", unit: "date" },
      { key: "trough", label: "Trough", unit: "date" },
      { key: "end", label: "Back at its peak", align: "right" },
      { key: "length", label: "Below it for", unit: "duration" },
    ],
  });
}

/** How forecasts of the value at risk did, a line a method. */
export function tailTable(rows: readonly TailRow[]): Table {
  const shown = rows.map((row) => ({
    method: row.method.replaceAll("_", " "),
    valueAtRisk: row.valueAtRisk,
    expectedShortfall: row.expectedShortfall,
    exceptions: row.exceptions,
    expected: row.expected,
    kupiec: row.kupiec.pValue,
    independence: row.independence.pValue,
    christoffersen: row.christoffersen.pValue,
    invalid: row.forecast.invalid,
  }));
  return table(shown, {
    columns: [
      { key: "method", label: "Method" },
      { key: "valueAtRisk", label: "Mean VaR", unit: "%" },
      { key: "expectedShortfall", label: "Mean CVaR", unit: "%" },
      { key: "exceptions", label: "Exceptions", digits: 0 },
      { key: "expected", label: "Expected", digits: 1 },
      { key: "kupiec", label: "Kupiec p", digits: 3 },
      { key: "independence", label: "Independence p", digits: 3 },
      { key: "christoffersen", label: "Christoffersen p", digits: 3 },
      { key: "invalid", label: "Out of domain", digits: 0 },
    ],
  });
}

/**
 * Agents and baselines beside the headline of the project that this one grew out of. Agents: interquartile means over
 * seeds, with the 95 % interval of the return (those of the other numbers are in `rows`).
 */
export function headlineTable({ rows }: Pick<HeadlineReport, "rows">): Table {
  const own = rows.map((row) => ({
    condition: row.condition,
    strategy: row.seeds > 1 ? `${row.strategy} × ${row.seeds}` : row.strategy,
    rules: row.guarded ? "yes" : "",
    interval: row.seeds > 1 ? `${share(row.totalReturn.low)} to ${share(row.totalReturn.high)}` : "",
    ...byKey((key) => row[key].point),
  }));
  const earlier = {
    ...{
      condition: "its own test",
      strategy: "earlier project's agent",
      rules: "yes",
      interval: "",
      ...earlierHeadline,
    },
  };
  const draws = Math.max(...rows.map((row) => row.draws));
  return table([earlier, ...own], {
    columns: [
      { key: "condition", label: "Bars" },
      { key: "strategy", label: "Strategy" },
      { key: "rules", label: "Rules" },
      { key: "totalReturn", label: "Return", unit: "%", sign: true },
      { key: "interval", label: "95 % interval, %", align: "right" },
      { key: "sharpeRatio", label: "Sharpe", digits: 2 },
      { key: "sortinoRatio", label: "Sortino", digits: 2 },
      { key: "maxDrawdown", label: "Drawdown", unit: "%" },
    ],
    limit: 100,
    caption:
      `${headlineFinding({ rows })} Agents (× seeds): interquartile means with a bootstrap interval; under stress ` +
      `means over ${count(draws, "draw")}`,
  });
}

const share = (value: number) => number(100 * value, { digits: 1, sign: true });

/** What the agents came to under rules, beside the earlier headline, in a sentence. */
function headlineFinding({ rows: [{ totalReturn, sharpeRatio, maxDrawdown, seeds }] }: Pick<HeadlineReport, "rows">) {
  const { low, high } = totalReturn;
  const interval = seeds > 1 ? ` (95 % interval ${share(low)} to ${share(high)})` : "";
  const than = seeds > 1 && low > earlierHeadline.totalReturn
    ? "more than"
    : seeds > 1 && high < earlierHeadline.totalReturn
    ? "less than"
    : "not to be told apart from";
  return `Under rules, on bars as recorded, the agents returned ${
    share(totalReturn.point)
  } %${interval}, ${than} the ` +
    `earlier project's ${share(earlierHeadline.totalReturn)} %: Sharpe ${number(sharpeRatio.point, { digits: 2 })} ` +
    `against ${number(earlierHeadline.sharpeRatio, { digits: 2 })}, drawdown ${share(maxDrawdown.point)} % against ` +
    `${share(earlierHeadline.maxDrawdown)} %.`;
}

/** Rules that could have been chosen, and by what they were: the validation part. */
export function choiceTable({ choices }: HeadlineReport): Table {
  return table(choices.map(({ chosen, ...row }) => ({ ...row, chosen: chosen ? "chosen" : "" })), {
    columns: [
      { key: "rules", label: "Rules, on the validation part" },
      { key: "maxDrawdown", label: "Drawdown", unit: "%" },
      { key: "totalReturn", label: "Return", unit: "%", sign: true },
      { key: "sharpeRatio", label: "Sharpe", digits: 2 },
      { key: "chosen", label: "" },
    ],
  });
}
