import { returns } from "../../backtest/mod.ts";
import { parseTimeframe } from "../../base/time.ts";
import { slice } from "../../market/candles.ts";
import { assetReturns } from "../../risk/asset_returns.ts";
import { rollingBeta, rollingContributions, type TailMethod } from "../../risk/mod.ts";
import { drawdownTable } from "../../report/plots/drawdown_table.ts";
import { equityAndDrawdown } from "../../report/plots/equity_curves.ts";
import { eventsOnEquity } from "../../report/plots/events_on_equity.ts";
import type { Series } from "../../report/plots/inputs.ts";
import { leverageAndLimits } from "../../report/plots/leverage_and_limits.ts";
import { regimeRibbon } from "../../report/plots/regime_ribbon.ts";
import { riskContributions } from "../../report/plots/risk_contributions.ts";
import { linesOverTime, rollingCorrelation } from "../../report/plots/rolling.ts";
import { valueAtRiskExceptions } from "../../report/plots/value_at_risk.ts";
import { capital, number, span } from "../../report/format.ts";
import { quantile } from "../../base/stats.ts";
import { periodsOf } from "../show/data_figures.ts";
import type { RiskReport } from "../risk.ts";

/** Figures of a report on risk, drawn when asked for. */
export function riskFigures(report: RiskReport) {
  const { source: { market, period }, source, free, result, hold, rules } = report;
  const { time, step } = result;
  const K = market.assets.length;
  const candles = slice(market.assets[0], period.from, period.to);
  const periods = periodsOf(source);
  const accounts = (of: (one: typeof result) => ArrayLike<number>): Series[] => [
    { name: "with rules", role: "agent", values: of(result) },
    { name: "without", role: "momentum", values: of(free) },
    { name: "buy and hold", role: "hold", values: of(hold) },
  ];
  const grossOf = ({ weights }: typeof result) =>
    time.map((_, t) => weights.subarray(t * K, (t + 1) * K).reduce((sum, weight) => sum + Math.abs(weight), 0));
  const windowOf = (timespan: string) =>
    Math.max(2, Math.min(Math.round(parseTimeframe(timespan) / step), Math.floor(time.length / 3)));
  const assets = assetReturns(market).map((one) => one.subarray(period.from, period.to));
  return {
    equity: () => equityAndDrawdown({ time, equity: accounts(({ equity }) => equity), periods }),
    drawdowns: () => drawdownTable({ time, equity: result.equity, name: `${report.title} with rules`, periods }),
    events: () =>
      eventsOnEquity({
        time,
        equity: accounts(({ equity }) => equity).slice(0, 2),
        events: result.events.map(({ t, rule, reason }) => ({ t, rule: rules[rule].text, reason })),
        price: { name: candles.symbol, role: "hold", values: candles.$close },
        periods,
      }),
    /** Forecasts of the market's value at risk by one method. */
    valueAtRisk(method: TailMethod = "filtered_historical") {
      const { forecast } = report.tails.find((one) => one.method === method)!;
      return valueAtRiskExceptions({
        time,
        returns: report.marketReturns,
        valueAtRisk: forecast.valueAtRisk,
        level: report.level,
        method: method.replaceAll("_", " "),
        periods,
      });
    },
    exposure() {
      const limits = rules.flatMap(({ name, settings }) =>
        name === "limit_leverage" || (name === "limit_exposure" && K === 1)
          ? [{ name: "limit", value: Number(settings.limit) }]
          : []
      );
      return leverageAndLimits({ time, exposure: accounts(grossOf).slice(0, 2), limits, periods });
    },
    regimes: () =>
      regimeRibbon({
        symbol: candles.symbol,
        time,
        close: candles.$close,
        wild: [{ name: "HMM", values: report.regimes.hmm }, { name: "volatility", values: report.regimes.volatility }],
        periods,
      }),
    /** How the account hangs on the market, over a moving window. */
    beta(timespan = "30d") {
      const window = windowOf(timespan);
      const series = accounts(({ equity }) => equity).slice(0, 2).map((one) => {
        const r = Float64Array.of(0, ...returns(Float64Array.from(one.values)));
        return { ...one, values: rollingBeta(r, report.marketReturns, window).beta };
      });
      return linesOverTime({ what: "Beta to the market", time, series, periods }, {
        title: `How far the account moves with the market: beta over ${span(window * step)}`,
        caption: `${
          series.map(({ name, values }) => {
            const known = values.filter((value) => value === value);
            const [least, middle, most] = [0, 0.5, 1].map((q) => number(quantile(known, q), { digits: 2 }));
            return `${capital(name)} ${least} to ${most}, half the time over ${middle}`;
          }).join("; ")
        }. At 1 it moves as the market does, at 0 not with it.`,
      });
    },
    contributions(timespan = "60d") {
      const shares = rollingContributions(result.weights, assets, windowOf(timespan));
      return riskContributions({
        time,
        shares: shares.map((values, k) => ({ name: market.assets[k].symbol, values })),
        periods,
      });
    },
    correlation(timespan = "60d") {
      const series = assets.map((values, k) => ({ name: market.assets[k].symbol, values }));
      return rollingCorrelation({ time, returns: series, window: windowOf(timespan), step, periods });
    },
  };
}
