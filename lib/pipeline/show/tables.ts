import type { Evaluation, Metrics, Trade } from "../../backtest/mod.ts";
import { count } from "../../report/format.ts";
import { besideEachOther, keyValues, type Table, table } from "../../report/table.ts";

/** Strategies beside each other: the columns that a decision needs. `currency` is that of the fees. */
export function comparisonTable(rows: readonly Evaluation[], currency = ""): Table {
  return table(rows, {
    columns: [
      { key: "strategy", label: "Strategy" },
      { key: "totalReturn", label: "Return", unit: "%", sign: true },
      { key: "sharpeRatio", label: "Sharpe", digits: 2 },
      { key: "maxDrawdown", label: "Max drawdown", unit: "%" },
      { key: "annualVolatility", label: "Volatility", unit: "%" },
      { key: "trades", label: "Trades", digits: 0 },
      { key: "timeInMarket", label: "In market", unit: "%", digits: 0 },
      { key: "turnover", label: "Turnover", unit: "× equity", digits: 1 },
      { key: "fees", label: "Fees", ...(currency && { unit: currency }), digits: 0 },
    ],
  });
}

/** Trades, oldest first, with what each earned, in `currency`. A single asset is named once, above. */
export function tradeTable(rows: readonly Trade[], currency: string, limit = 20): Table {
  const symbols = new Set(rows.map(({ symbol }) => symbol));
  const [only] = symbols.size === 1 ? symbols : [];
  const money = currency ? `; prices, fees and profit in ${currency}` : "";
  const open = rows.some((trade) => trade.open) ? ". What is still open counts at the last close" : "";
  return table(rows, {
    caption: `${count(rows.length, "trade")}${only ? ` of ${only}` : ""}${rows.length > 0 ? money + open : ""}`,
    columns: [
      ...(only ? [] : [{ key: "symbol", label: "Asset" }] as const),
      { key: "side", label: "Side" },
      { key: "entryTime", label: "Entry", unit: "date" },
      { key: "exitTime", label: "Exit", unit: "date" },
      { key: "bars", label: "Bars", digits: 0 },
      { key: "size", label: only?.includes("/") ? `Size, ${only.split("/")[0]}` : "Size", digits: "each" },
      { key: "entryPrice", label: "Entry price", digits: "each" },
      { key: "exitPrice", label: "Exit price", digits: "each" },
      { key: "fees", label: "Fees", digits: 2 },
      { key: "profit", label: "Profit", ...(currency && { unit: currency }), sign: true, digits: 2 },
      { key: "return", label: "Return", unit: "%", sign: true },
    ],
    limit,
  });
}

type Entry = readonly [key: keyof Metrics, label: string, unit?: string];

const groups: Readonly<Record<string, readonly Entry[]>> = {
  "Return": [
    ["totalReturn", "Total return", "%"],
    ["annualReturn", "Annual return", "%"],
    ["best", "Best bar", "%"],
    ["worst", "Worst bar", "%"],
    ["stabilityOfTimeseries", "Stability (R² of log equity)"],
    ["bars", "Length", "bars"],
  ],
  "Risk": [
    ["annualVolatility", "Annual volatility", "%"],
    ["downsideRisk", "Downside risk, annual", "%"],
    ["maxDrawdown", "Max drawdown", "%"],
    ["longestBarsUnderWater", "Longest under water", "bars"],
    ["ulcerIndex", "Ulcer index"],
    ["skew", "Skew"],
    ["excessKurtosis", "Excess kurtosis"],
  ],
  "Return for risk": [
    ["sharpeRatio", "Sharpe ratio, annual"],
    ["probabilisticSharpeRatio", "Chance that it is above 0", "%"],
    ["sortinoRatio", "Sortino ratio, annual"],
    ["calmarRatio", "Calmar ratio"],
    ["omegaRatio", "Omega ratio"],
    ["recoveryFactor", "Recovery factor"],
    ["gainToPain", "Gain to pain, daily"],
    ["tailRatio", "Tail ratio"],
    ["commonSenseRatio", "Common sense ratio"],
  ],
  "Value at risk, 5 % of bars": [
    ["valueAtRisk5", "Historical", "%"],
    ["conditionalValueAtRisk5", "Mean beyond it", "%"],
    ["valueAtRisk5Normal", "Normal", "%"],
    ["cvar5Normal", "Mean beyond it, normal", "%"],
    ["valueAtRisk5CornishFisher", "Cornish–Fisher", "%"],
  ],
  "Bars that moved": [
    ["winRate", "Rising", "%"],
    ["avgWin", "Mean rise", "%"],
    ["avgLoss", "Mean fall", "%"],
    ["payoffRatio", "Payoff ratio"],
    ["profitFactor", "Profit factor"],
    ["kelly", "Kelly share", "%"],
    ["consecutiveWins", "Most rises in a row", "bars"],
    ["consecutiveLosses", "Most falls in a row", "bars"],
  ],
  "Against buy and hold": [
    ["excessReturn", "Excess return", "%"],
    ["alpha", "Alpha, annual", "%"],
    ["beta", "Beta"],
    ["rSquared", "R²"],
    ["informationRatio", "Information ratio, per bar"],
  ],
};

/** All metrics of a curve with units, in groups. */
export function metricsTable(metrics: Metrics): Table {
  return besideEachOther(
    Object.entries(groups).map(([caption, entries]) =>
      keyValues(Object.fromEntries(entries.map(([key, label]) => [label, metrics[key]])), {
        units: Object.fromEntries(entries.flatMap(([, label, unit]) => unit ? [[label, unit]] : [])),
        caption,
      })
    ),
  );
}
