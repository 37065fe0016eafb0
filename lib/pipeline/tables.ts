import type { Evaluation, Trade } from "../backtest/mod.ts";
import { type Table, table } from "../report/table.ts";

/** Strategies beside each other: the columns that a decision needs. */
export function comparisonTable(rows: readonly Evaluation[]): Table {
  return table(rows, {
    columns: [
      { key: "strategy", label: "Strategy" },
      { key: "totalReturn", label: "Return", unit: "%", sign: true },
      { key: "sharpeRatio", label: "Sharpe", digits: 2 },
      { key: "maxDrawdown", label: "Max drawdown", unit: "%" },
      { key: "annualVolatility", label: "Volatility", unit: "%" },
      { key: "trades", label: "Trades", digits: 0 },
      { key: "timeInMarket", label: "In market", unit: "%", digits: 0 },
      { key: "turnover", label: "Turnover", digits: 1 },
      { key: "fees", label: "Fees", digits: 0 },
    ],
  });
}

/** Trades, oldest first, with what each earned. */
export function tradeTable(rows: readonly Trade[], currency: string, limit = 20): Table {
  return table(rows, {
    columns: [
      { key: "symbol", label: "Asset" },
      { key: "side", label: "Side" },
      { key: "entryTime", label: "Entry", unit: "date" },
      { key: "exitTime", label: "Exit", unit: "date" },
      { key: "bars", label: "Bars", digits: 0 },
      { key: "size", label: "Size" },
      { key: "entryPrice", label: "Entry price" },
      { key: "exitPrice", label: "Exit price" },
      { key: "fees", label: "Fees", unit: currency },
      { key: "profit", label: "Profit", unit: currency, sign: true },
      { key: "return", label: "Return", unit: "%", sign: true },
    ],
    limit,
  });
}
