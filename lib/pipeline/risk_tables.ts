import { type Table, table } from "../report/table.ts";
import type { RiskAction, RuleEffect, TailRow } from "./risk.ts";

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
