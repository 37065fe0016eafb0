import type { Displayable } from "../../base/display.ts";
import { formatDate } from "../../base/time.ts";
import type { Config } from "../../config/schema.ts";
import { sharpeDifference } from "../../backtest/sharpe_difference.ts";
import { normalQuantile } from "../../base/normal.ts";
import { type InformationCoefficient, informationCoefficient } from "../../features/analyse.ts";
import type { LeakVerdict } from "../../features/leaks.ts";
import { between, capital, count, money, number, percent, span } from "../../report/format.ts";
import { type Badge, type Summary, summary } from "../../report/summary.ts";
import { mean, std } from "../../base/stats.ts";
import { autocorrelation } from "../../report/plots/volatility_clustering.ts";
import type { BacktestReport } from "../backtest.ts";
import type { FeaturesResult } from "../features.ts";
import { type LoadedMarket, spanText } from "../market.ts";
import { chanceReturns } from "./chance.ts";
import { logReturns } from "./data_figures.ts";

/** Header of a report on candles: how many, how whole, how wild. */
export function dataSummary(source: LoadedMarket, config: Config): Summary & Displayable {
  const { market, loaded } = source;
  const changed = loaded.flatMap(({ report }) => report.findings.filter((finding) => finding.changed));
  const bars = changed.reduce((sum, finding) => sum + finding.bars, 0);
  const filled = market.assets.reduce((sum, { filled }) => sum + filled.reduce((a, b) => a + b, 0), 0);
  const [candles] = market.assets;
  const of = market.assets.length > 1 ? `, ${candles.symbol}` : "";
  const moves = logReturns(candles).subarray(1);
  const kurtosis = mean(moves.map((r) => ((r - mean(moves)) / std(moves, 0)) ** 4)) - 3;
  const clustering = autocorrelation(moves.map(Math.abs), 1)[0];
  const band = 1.96 / Math.sqrt(moves.length);
  const state = changed.length === 0
    ? "whole as recorded"
    : `clean after ${count(bars, "bar")} ${bars === 1 ? "was" : "were"} repaired or filled in`;
  return summary({
    finding: `${source.name} is ${state}. ${market.assets.length > 1 ? `${candles.symbol}'s` : "Its"} returns have ${
      kurtosis > 3
        ? "far heavier tails than normal ones"
        : kurtosis > 0.5
        ? "heavier tails than normal ones"
        : "tails about as heavy as normal ones"
    } (excess kurtosis ${number(kurtosis, { digits: 1 })}), and the size of a move ${
      clustering > band ? "tells of the next one's" : "does not clearly tell of the next one's"
    } (autocorrelation ${number(clustering, { digits: 2 })}; chance reaches ±${number(band, { digits: 2 })}).`,
    tiles: [
      {
        label: "Bars",
        value: number(market.length),
        beside: `${market.assets.length > 1 ? `of each of ${market.assets.length} assets, ` : ""}${
          between(candles.time[0], candles.time[market.length - 1])
        }`,
      },
      {
        label: "Repaired or filled",
        value: number(bars),
        beside: bars === 0 ? "nothing had to be changed" : `${number(filled)} filled in`,
        ...(bars > 0 ? { tone: "warn" as const } : {}),
      },
      {
        label: `Volatility a bar${of}`,
        value: percent(std(moves)),
        beside: `largest fall ${percent(Math.min(...moves))}`,
      },
      { label: `Excess kurtosis${of}`, value: number(kurtosis, { digits: 1 }), beside: "normal 0" },
    ],
    badges: [{
      label: "Gaps",
      verdict: filled === 0 ? "none" : `${count(filled, "bar")} filled in, nothing trades on them`,
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
  const tests = coefficients.length;
  const clear = coefficients.filter(({ low, high }) => low > 0 || high < 0);
  // Bonferroni: with m looks, each at 5 % / m, so that one in twenty sets of worthless features shows any.
  const strict = normalQuantile(1 - 0.025 / tests);
  const sure = coefficients.filter((one) => Math.abs(zOf(one)) > strict);
  const best = coefficients.reduce((a, b) => (Math.abs(zOf(b)) > Math.abs(zOf(a)) ? b : a));
  const names = new Set(sure.map(({ feature }) => feature));
  const chance = Math.max(1, Math.round(0.05 * tests));
  return summary({
    finding:
      `${names.size === 0 ? "None" : number(names.size)} of ${count(matrix.names.length, "feature")} ${
        names.size > 1 ? "order" : "orders"
      } the returns of the next bar or the next 24 better than chance would, on training data and with ${tests} looks ` +
      `allowed for. The surest, ${best.feature}, has a rank correlation of ${
        number(best.ic, { digits: 3 })
      } with the return over ${count(best.horizon, "bar")}: ${
        names.size === 0 ? "as chance gives among so many" : "an association, not yet a profit after costs"
      }. ${leaks.passed ? "None looks ahead." : "Some look ahead!"}`,
    tiles: [
      {
        label: "Features",
        value: number(matrix.names.length),
        beside: `warm-up ${count(matrix.warmup, "bar")}${
          source.market.assets.length > 1 ? `, of ${source.market.assets[0].symbol}` : ""
        }`,
      },
      {
        label: "Surest IC",
        value: number(best.ic, { digits: 3, sign: true }),
        beside: `${best.feature}, ${count(best.horizon, "bar")}; ${number(best.low, { digits: 3 })} to ${
          number(best.high, { digits: 3 })
        } by itself`,
      },
      {
        label: "Look-ahead",
        value: leaks.passed ? "none" : count(leaks.leaks.length, "leak"),
        tone: leaks.passed ? "good" : "bad",
      },
      {
        label: "Told from chance",
        value: `${names.size} of ${matrix.names.length}`,
        beside: `${clear.length} of ${tests} single 95\u00a0% bands leave zero out; by chance about ${chance}`,
      },
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
  const { source, title, result, rows, leaks, costs, lag, numbers, fees, warnings } = report;
  const own = rows[0];
  const hold = rows.find(({ strategy }) => strategy === "buy and hold")!;
  const free = fees[title].find(({ multiple }) => multiple === 0)!;
  const late = lag.find((point) => point.lag === 1)!;
  const currency = source.market.assets[0].symbol.split("/")[1] ?? "";
  const paid = money(costs.fees + costs.spread, currency, { digits: 0 });
  const random = chanceReturns(report, config);
  const beaten = random.filter((one) => one < own.totalReturn).length;
  const comparison = title.startsWith("buy and hold")
    ? ""
    : ` against ${percent(hold.totalReturn, { sign: true })} of buy and hold`;
  return summary({
    finding: `${capital(title)} earned ${
      percent(own.totalReturn, { sign: true })
    }${comparison} on the ${config.backtest.period} period of ${
      span(result.time.length * result.step).replace(/[.]\d+/, "")
    }${comparison ? sharpeText(report) : ""}. ${
      own.trades === 0
        ? "It never traded."
        : `Fees and spread cost ${paid}; it would have earned ${percent(free.totalReturn, { sign: true })} without ` +
          `fees, and one bar of delay makes its Sharpe ratio ${number(late.sharpeRatio, { digits: 2 })}.`
    }`,
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
        value: money(own.fees, currency, { digits: 0 }),
        beside: `${config.costs.transaction_fee} bps a side; start ${number(config.backtest.cash)}`,
      },
    ],
    badges: [
      leaks.passed
        ? {
          label: leaks.label,
          verdict: `decisions stay the same with later bars hidden, ${
            leaks.tested >= leaks.bars - 1
              ? "every bar tested"
              : `${number(leaks.tested)} of ${number(leaks.bars)} bars tested`
          }`,
          passed: true,
        }
        : badgeOf(leaks),
      { label: "Seeds", verdict: "no training: one deterministic run", passed: true },
      ...(random[0] < random[random.length - 1] // who is always in the market has no timing
        ? [{
          label: "Timing",
          verdict:
            `earned more than ${beaten} of ${random.length} random strategies with the same positions at other times`,
          passed: beaten >= 0.95 * random.length,
        }]
        : []),
      ...warnings.map((warning): Badge => ({ label: "Caution", verdict: warning, passed: false })),
    ],
    provenance: {
      ...provenanceOf(source, config),
      "period shown": `${config.backtest.period}: ${spanText(source.market, source.period)}`,
      "strategy": title,
      "costs": `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps, at most ${
        number(100 * config.costs.participation)
      }\u00a0% of a bar's volume`,
    },
    metrics: numbers,
  });
}

/** How its Sharpe ratio stands beside buy and hold's, and whether chance alone could have put it there. */
function sharpeText({ rows, result, results }: BacktestReport): string {
  const own = rows[0].sharpeRatio;
  const hold = rows.find(({ strategy }) => strategy === "buy and hold")!.sharpeRatio;
  if (!Number.isFinite(own) || !Number.isFinite(hold)) return "";
  const { z } = sharpeDifference(result.equity, results["buy and hold"].equity);
  return `, with a Sharpe ratio of ${number(own, { digits: 2 })} against ${number(hold, { digits: 2 })}${
    Number.isNaN(z)
      ? ""
      : Math.abs(z) < 1.96
      ? `: a difference within what chance gives (${number(Math.abs(z), { digits: 1 })} standard errors)`
      : `: a difference of ${number(Math.abs(z), { digits: 1 })} standard errors`
  }`;
}

/** A coefficient in standard errors, on the scale on which its band is even. */
function zOf({ ic, low, high }: InformationCoefficient): number {
  return Math.atanh(ic) / ((Math.atanh(high) - Math.atanh(low)) / (2 * 1.959964)) || 0;
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
