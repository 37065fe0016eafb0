import { rollingSharpe as sharpeOver } from "../../backtest/rolling.ts";
import { barsPerYear, returns, type Trade } from "../../backtest/mod.ts";
import { parseTimeframe } from "../../base/time.ts";
import { slice } from "../../market/candles.ts";
import { costsDecomposition } from "../../report/plots/costs_decomposition.ts";
import { drawdownTable } from "../../report/plots/drawdown_table.ts";
import { equityAndDrawdown } from "../../report/plots/equity_curves.ts";
import { holdingTimeScatter } from "../../report/plots/holding_time_scatter.ts";
import { nothingToDraw } from "../../report/plots/nothing_to_draw.ts";
import type { Series, TradeMark } from "../../report/plots/inputs.ts";
import { monthlyHeatmap } from "../../report/plots/monthly_heatmap.ts";
import { priceExplorer } from "../../report/plots/price_explorer.ts";
import { priceWithTrades } from "../../report/plots/price_with_trades.ts";
import { returnDistribution } from "../../report/plots/return_distribution.ts";
import { rollingSharpe } from "../../report/plots/rolling.ts";
import { decisionLag, feeColumns } from "../../report/plots/sensitivity.ts";
import { count } from "../../report/format.ts";
import type { Role } from "../../report/theme.ts";
import type { BacktestReport } from "../backtest.ts";
import { periodsOf } from "./data_figures.ts";

/** Which colour a line of the comparison has: the strategy in question is the strong one. */
const roles: Readonly<Record<string, Role>> = {
  "buy and hold": "hold",
  "momentum": "momentum",
  "mean reversion": "reversion",
  "random, same turnover": "random",
};

/** Figures of a backtest, drawn when asked for. */
export function backtestFigures(report: BacktestReport) {
  const { source, title, result, results, trades, lag, fees, costs } = report;
  const { market, period } = source;
  const candles = slice(market.assets[0], period.from, period.to);
  const { time, step } = result;
  const currency = candles.symbol.split("/")[1] ?? "";
  const periods = periodsOf(source);
  const roleOf = (name: string): Role | undefined => name === title ? "agent" : roles[name];
  const series = (name: string, values: Float64Array): Series => {
    const role = roleOf(name);
    return { name, values, ...(role ? { role } : {}) };
  };
  const moving = Object.entries(results).filter(([name]) => name !== "flat");
  return {
    /** Quote currency of the first asset, in which equity counts; empty where a file's name says none. */
    currency,
    /** Every asset's name. */
    symbols: result.symbols,
    /** Price of one asset with the strategy's trades on it. */
    price(symbol = candles.symbol) {
      const asset = market.assets.find((one) => one.symbol === symbol);
      if (!asset) throw new RangeError(`Cannot draw ${symbol} as the market has ${result.symbols.join(", ")}`);
      const { $open, $high, $low, $close } = slice(asset, period.from, period.to);
      const marks = trades.filter((trade) => trade.symbol === symbol).map(markOf);
      return priceWithTrades({
        symbol,
        time,
        open: $open,
        high: $high,
        low: $low,
        close: $close,
        trades: marks,
        periods,
      });
    },
    /** Equity against baselines, and how far each is below its peak. */
    equity: () =>
      equityAndDrawdown({ time, equity: moving.map(([name, { equity }]) => series(name, equity)), periods }),
    drawdowns: () => drawdownTable({ time, equity: result.equity, name: title, periods }),
    rolling(timespan = "30d") {
      const window = Math.max(2, Math.min(Math.round(parseTimeframe(timespan) / step), Math.floor(time.length / 2)));
      const year = barsPerYear(step);
      const sharpe = moving.slice(0, 2).map(([name, { equity }]) => series(name, sharpeOver(equity, window, year)));
      return rollingSharpe({ time, sharpe, window, step, periods });
    },
    monthly: () => monthlyHeatmap({ time, equity: result.equity, name: title }),
    returns() {
      const moved = returns(result.equity).filter((r) => r !== 0); // a bar in cash says nothing of the tails
      return moved.length >= 10 && moved.some((r) => r !== moved[0])
        ? returnDistribution({ returns: moved, name: `${title} while in the market` })
        : nothingToDraw(`Returns of ${title}`, `${count(moved.length, "bar")} moved: too few for a distribution.`);
    },
    // deno-lint-ignore require-await -- one kind of answer, drawn or not
    async holding() {
      return trades.some(({ open }) => !open)
        ? holdingTimeScatter({ trades: trades.map(markOf), currency })
        : nothingToDraw("How long trades are held, and what they make", "No trade was closed.");
    },
    costs: () =>
      result.fills.length === 0 ? nothingToDraw(`Costs of ${title}`, "Nothing was traded.") : costsDecomposition({
        gross: costs.gross,
        costs: [
          { name: "fees", amount: costs.fees },
          { name: "spread", amount: costs.spread },
          ...(costs.impact > 0 ? [{ name: "impact", amount: costs.impact }] : []),
          ...(costs.forgiven > 0 ? [{ name: "lender's loss", amount: -costs.forgiven }] : []),
        ],
        currency,
        name: title,
      }),
    lag: () =>
      lag.every((point) => Number.isNaN(point.sharpeRatio))
        ? nothingToDraw("Sharpe ratio if decisions are carried out later", "Equity never moved.")
        : decisionLag({
          lags: lag.map((point) => point.lag),
          sharpe: [{ name: title, role: "agent", values: lag.map((point) => point.sharpeRatio) }],
        }),
    fees() {
      const multiples = fees[title].map(({ multiple }) => multiple);
      const columns = Object.entries(fees).map(([name, points]) => {
        const role = roleOf(name);
        return { name, values: points.map(({ totalReturn }) => totalReturn), ...(role ? { role } : {}) };
      });
      return feeColumns({ multiples, returns: columns, fee: market.costs.transactionFee });
    },
    /** The whole price, to be looked into where the page runs scripts. */
    explorer: () =>
      priceExplorer({ symbol: candles.symbol, time: market.assets[0].time, close: market.assets[0].$close }),
  };
}

/** A trade as figures mark it; one still open has no exit. */
/** A trade as figures draw it. */
export function markOf(trade: Trade): TradeMark {
  return {
    side: trade.side === "long" ? 1 : -1,
    entryTime: trade.entryTime,
    entryPrice: trade.entryPrice,
    exitTime: trade.open ? NaN : trade.exitTime,
    exitPrice: trade.open ? NaN : trade.exitPrice,
    profit: trade.profit,
  };
}
