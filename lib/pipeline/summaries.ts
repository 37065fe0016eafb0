import type { Displayable } from "../base/display.ts";
import { formatDate } from "../base/time.ts";
import type { Config } from "../config/schema.ts";
import { informationCoefficient } from "../features/analyse.ts";
import type { LeakVerdict } from "../features/leaks.ts";
import { number, percent } from "../report/format.ts";
import { type Badge, type Summary, summary } from "../report/summary.ts";
import { mean, std } from "../base/stats.ts";
import { autocorrelation } from "../report/plots/volatility_clustering.ts";
import type { BacktestReport } from "./backtest.ts";
import { logReturns } from "./data_figures.ts";
import type { FeaturesResult } from "./features.ts";
import { type LoadedMarket, spanText } from "./market.ts";

/** Header of a report on candles: how many, how whole, how wild. */
export function dataSummary(source: LoadedMarket, config: Config): Summary & Displayable {
  const { market, loaded } = source;
  const changed = loaded.flatMap(({ report }) => report.findings.filter((finding) => finding.changed));
  const bars = changed.reduce((sum, finding) => sum + finding.bars, 0);
  const filled = market.assets.reduce((sum, { filled }) => sum + filled.reduce((a, b) => a + b, 0), 0);
  const [candles] = market.assets;
  const moves = logReturns(candles).subarray(1);
  const kurtosis = mean(moves.map((r) => ((r - mean(moves)) / std(moves, 0)) ** 4)) - 3;
  const clustering = autocorrelation(moves.map(Math.abs), 1)[0];
  const state = changed.length === 0
    ? "whole as recorded"
    : `clean after ${number(bars)} bars were repaired or filled in`;
  return summary({
    finding: `${source.name} is ${state}. Its returns have ${
      kurtosis > 1 ? "far heavier tails than normal ones" : "tails about as heavy as normal ones"
    } (excess kurtosis ${number(kurtosis, { digits: 1 })}), and the size of a move ${
      clustering > 0.05 ? "tells of the next one's" : "says little of the next one's"
    } (autocorrelation ${number(clustering, { digits: 2 })}).`,
    tiles: [
      { label: "Bars", value: number(market.length), beside: spanText(market, { from: 0, to: market.length }) },
      { label: "Repaired or filled", value: number(bars), ...(bars > 0 ? { tone: "warn" as const } : {}) },
      { label: "Volatility a bar", value: percent(std(moves)), beside: `largest fall ${percent(Math.min(...moves))}` },
      { label: "Excess kurtosis", value: number(kurtosis, { digits: 1 }), beside: "normal 0" },
    ],
    badges: [{
      label: "gaps",
      verdict: filled === 0 ? "none" : `${filled} bars filled in, nothing trades on them`,
      passed: true,
    }],
    provenance: provenanceOf(source, config),
    metrics: { bars: market.length, repaired: bars, filled, excess_kurtosis: kurtosis, clustering },
  });
}

/** Header of a report on features: how many, whether they look ahead, what they say of later returns. */
export function featureSummary(result: FeaturesResult, leaks: LeakVerdict, config: Config): Summary & Displayable {
  const { matrix, source, hash } = result;
  const { train } = source.split;
  const coefficients = informationCoefficient(matrix, source.market.assets[0], [1, 24], {
    range: { from: Math.max(train.from, matrix.warmup), to: train.to },
  });
  const clear = coefficients.filter(({ low, high }) => low > 0 || high < 0);
  const best = coefficients.reduce((a, b) => (Math.abs(b.ic) > Math.abs(a.ic) ? b : a));
  const names = new Set(clear.map(({ feature }) => feature));
  return summary({
    finding:
      `${names.size} of ${matrix.names.length} features say something of the next bar or the next 24 on training ` +
      `data; the strongest, ${best.feature}, orders returns ${best.horizon} bar${
        best.horizon > 1 ? "s" : ""
      } ahead with a rank ` +
      `correlation of ${number(best.ic, { digits: 3 })}. ${leaks.passed ? "None looks ahead." : "Some look ahead!"}`,
    tiles: [
      { label: "Features", value: number(matrix.names.length), beside: `warm-up ${matrix.warmup} bars` },
      {
        label: "Strongest IC",
        value: number(best.ic, { digits: 3, sign: true }),
        beside: `${best.feature}, ${best.horizon} bars`,
      },
      {
        label: "Look-ahead",
        value: leaks.passed ? "none" : `${leaks.leaks.length} leaks`,
        tone: leaks.passed ? "good" : "bad",
      },
      { label: "Clear of zero", value: number(names.size), beside: "features, at 1 or 24 bars, 95 % band" },
    ],
    badges: [badgeOf(leaks)],
    provenance: { ...provenanceOf(source, config), "features": config.features.spec, "features hash": hash },
    metrics: {
      features: matrix.names.length,
      warmup: matrix.warmup,
      strongest_ic: best.ic,
      features_with_clear_ic: names.size,
      leaks: leaks.leaks.length,
    },
  });
}

/** Header of a report on a backtest: what it earned beside buy and hold, and how far to trust it. */
export function backtestSummary(report: BacktestReport, config: Config): Summary & Displayable {
  const { source, title, rows, leaks, costs, lag, numbers, fees, warnings } = report;
  const own = rows[0];
  const hold = rows.find(({ strategy }) => strategy === "buy and hold")!;
  const better = own.sharpeRatio > hold.sharpeRatio;
  const free = fees[title].find(({ multiple }) => multiple === 0)!;
  const comparison = `${percent(own.totalReturn, { sign: true })} against ${
    percent(hold.totalReturn, { sign: true })
  } of buy and hold`;
  const costText = `fees and spread took ${number(costs.fees + costs.spread, { digits: 0 })} of what would have been ${
    percent(free.totalReturn, { sign: true })
  } without fees`;
  const late = lag.find((point) => point.lag === 1)!;
  return summary({
    finding:
      `${capital(title)} earned ${comparison} on the ${config.backtest.period} period, with ${
        better ? "a better" : "no better a"
      } Sharpe ratio (${number(own.sharpeRatio, { digits: 2 })} and ${
        number(hold.sharpeRatio, { digits: 2 })
      }); ${costText}, and one ` +
      `bar of delay leaves a Sharpe ratio of ${number(late.sharpeRatio, { digits: 2 })}.`,
    tiles: [
      {
        label: "Return",
        value: percent(own.totalReturn, { sign: true }),
        beside: `buy and hold ${percent(hold.totalReturn, { sign: true })}`,
        tone: own.totalReturn > 0 ? "good" : "bad",
      },
      {
        label: "Sharpe",
        value: number(own.sharpeRatio, { digits: 2 }),
        beside: `buy and hold ${number(hold.sharpeRatio, { digits: 2 })}`,
        ...(Math.abs(own.sharpeRatio) > 10 ? { tone: "warn" as const } : {}),
      },
      {
        label: "Max drawdown",
        value: percent(own.maxDrawdown),
        beside: `buy and hold ${percent(hold.maxDrawdown)}`,
      },
      {
        label: "Trades",
        value: number(own.trades),
        beside: `in the market ${percent(own.timeInMarket, { digits: 0 })}`,
      },
      {
        label: "Fees paid",
        value: number(own.fees, { digits: 0 }),
        beside: `${config.costs.transaction_fee} bps a side; start ${number(config.backtest.cash)}`,
      },
    ],
    badges: [
      badgeOf(leaks),
      { label: "seeds", verdict: "no training: one deterministic run", passed: true },
      ...warnings.map((warning): Badge => ({ label: "caution", verdict: warning, passed: false })),
    ],
    provenance: {
      ...provenanceOf(source, config),
      "period shown": `${config.backtest.period}: ${spanText(source.market, source.period)}`,
      "strategy": title,
      "costs": `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps, at most ${
        percent(config.costs.participation)
      } of a bar's volume`,
    },
    metrics: numbers,
  });
}

/** Where the numbers come from. */
export function provenanceOf(source: LoadedMarket, config: Config): Record<string, string> {
  const { market } = source;
  const { time } = market.assets[0];
  return {
    "data": `${source.name}, ${source.origin}`,
    "span": `${formatDate(time[0])} to ${formatDate(time[market.length - 1])}, ${number(market.length)} bars`,
    "data hash": source.hash,
    "seed": String(config.run.seed),
  };
}

const badgeOf = ({ label, verdict, passed }: LeakVerdict): Badge => ({ label, verdict, passed });
const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);
