import { normal, rng } from "../../../lib/base/random.ts";
import { latency } from "../../../lib/live/latency.ts";
import type { Figure } from "../../../lib/report/figure.ts";
import * as plots from "../../../lib/report/plots/mod.ts";
import { rungs, searched, sweepOf } from "./sweep.ts";

/** Bars to draw, made of a seed. */
export interface Bars {
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

const HOUR = 36e5;

/** A seeded random walk of hourly bars; `volatility` 0 is a flat price. */
export function walk(length: number, { volatility = 0.01, seed = 1 } = {}): Bars {
  const random = rng(seed);
  const close = new Float64Array(length);
  let price = 100;
  for (let t = 0; t < length; t++) close[t] = price *= Math.exp(volatility * normal(random));
  const open = close.map((value, t) => (t > 0 ? close[t - 1] : value));
  const edge = (side: 1 | -1) =>
    close.map((value, t) => Math[side > 0 ? "max" : "min"](value, open[t]) * (1 + side * volatility * random() * 0.5));
  return {
    time: Float64Array.from(close, (_, t) => Date.UTC(2018, 0, 1) + t * HOUR),
    open,
    high: edge(1),
    low: edge(-1),
    close,
    volume: close.map(() => (volatility > 0 ? 1000 * random() : 0)),
  };
}

/** Every plot over the same bars: what the contract suite holds to the laws of all figures. */
export const makers: Readonly<Record<string, (bars: Bars) => Figure | Promise<Figure>>> = {
  actionMap: ({ time, close }) =>
    plots.actionMap({ symbol: "BTC/USD", time, close, exposure: seeds(close), periods: periods(time) }),
  beforeAfterScaling: ({ close }) =>
    plots.beforeAfterScaling([{ name: "rsi(14)", before: close, after: close.map((p) => p / 100 - 1) }]),
  validationByCheckpoint: ({ close }) =>
    plots.validationByCheckpoint({
      steps: close.map((_, i) => 1000 * (i + 1)),
      seeds: [close.map((p) => p / 100 - 1)],
      chosen: [close.length >> 1],
      hold: 0.1,
    }),
  costsDecomposition: () =>
    plots.costsDecomposition({
      gross: 120,
      costs: [{ name: "fees", amount: 80 }, { name: "spread", amount: 60.5 }],
      currency: "USD",
    }),
  coverageCalendar: ({ time, volume }) =>
    plots.coverageCalendar({
      symbol: "BTC/USD",
      time,
      step: HOUR,
      filled: volume.map((v) => Number(v < 20)),
      silent: volume.map((v) => Number(v === 0)),
    }),
  deflatedSharpes: ({ close }) =>
    plots.deflatedSharpes({
      ...{ sharpe: 0.03, expectedMax: 0.021, deflated: 0.71, probabilistic: 0.97, trials: 48, bars: 4300 },
      sharpes: sweepLike(close).map(({ value }) => (value ?? NaN) / 60),
      barsPerYear: 8760,
    }),
  drawdownTable: ({ time, close }) => plots.drawdownTable({ time, equity: close, name: "the agent" }),
  equityCurves: ({ time, close }) => plots.equityCurves({ time, equity: strategies(close), periods: periods(time) }),
  equityAndDrawdown: ({ time, close }) =>
    plots.equityAndDrawdown({ time, equity: strategies(close), periods: periods(time) }),
  eventsOnEquity: ({ time, close }) =>
    plots.eventsOnEquity({
      time,
      equity: strategies(close),
      events: Array.from({ length: time.length >> 1 }, (_, n) => ({
        t: 2 * n,
        rule: n % 3 === 0 ? "limit_drawdown(limit=0.2)" : "trailing_stop",
        reason: "Drawdown 21.0 % is over the limit of 20 % & <more>",
      })),
      periods: periods(time),
    }),
  fanChart: ({ close }) =>
    plots.fanChart({
      name: "momentum in a flash crash",
      at: Array.from({ length: Math.min(160, close.length) }, (_, i) => i - (close.length >> 3)),
      paths: Array.from({ length: 30 }, (_, n) =>
        close.subarray(0, 160).map((p, i) => (i < n % 5 ? NaN : (p + n) / close[0]))),
      calm: [
        close.subarray(0, 160).map((p) =>
          p / close[0]
        ),
      ],
      step: HOUR,
      threshold: 0.8,
    }),
  featureCorrelation: ({ close }) => plots.featureCorrelation(matrix(close)),
  holdingTimeScatter: ({ time, close }) => plots.holdingTimeScatter({ trades: trades(time, close), currency: "USD" }),
  indicatorPanels: ({ time, close }) =>
    plots.indicatorPanels({
      symbol: "BTC/USD",
      time,
      close,
      overlays: [{ name: "sma(5)", values: late(close) }],
      bands: [{ name: "band", lower: close.map((p) => p * 0.98), upper: close.map((p) => p * 1.02) }],
      panels: [
        {
          label: "rsi(14)",
          lines: [{ name: "rsi", values: late(close.map((p) => p % 100)) }],
          levels: [30, 70],
          domain: [0, 100],
        },
        {
          label: "macd",
          bars: true,
          lines: [{ name: "histogram", values: change(close) }, { name: "macd", values: change(close) }],
        },
      ],
    }),
  informationCoefficient: ({ close }) =>
    plots.informationCoefficient({
      horizons: [1, 6, 24],
      curves: [{
        name: "rsi(14)",
        ic: [0.02, close[0] / 1e4, -0.01],
        low: [0.01, -0.02, -0.03],
        high: [0.03, 0.05, 0.01],
      }],
    }),
  intervalPlot: ({ close }) =>
    plots.intervalPlot({
      what: "Sharpe ratio",
      intervals: [
        { name: "Agent", role: "agent", point: close[0] / 100, low: 0.2, high: 1.7, seeds: [0.4, 1.2] },
        { name: "Buy and hold", role: "hold", point: 0.8 },
      ],
    }),
  latencyHistogram({ close }) {
    const times = latency();
    for (const price of close) times.add(0.01 * price);
    return plots.latencyHistogram({ buckets: times.buckets, p50: times.quantile(0.5), p99: times.quantile(0.99) });
  },
  learningCurves: ({ close }) =>
    plots.learningCurves({
      steps: close.map((_, i) => 2048 * (i + 1)),
      curves: [
        { name: "Reward", seeds: [close, close.map((p) => p * 1.1), late(close)], zero: 0 },
        { name: "KL divergence", seeds: [change(close)], target: 0.02 },
      ],
    }),
  leverageAndLimits: ({ time, close }) =>
    plots.leverageAndLimits({
      time,
      exposure: [{ name: "with rules", role: "agent", values: close.map((p) => (p % 10) / 10) }, {
        name: "without",
        role: "hold",
        values: late(close.map((p) => (p % 7) / 7)),
      }],
      limits: [{ name: "leverage", value: 0.9 }],
      periods: periods(time),
    }),
  monthlyHeatmap: ({ time, close }) => plots.monthlyHeatmap({ time, equity: close, name: "Agent" }),
  optimisationHistory: ({ close }) =>
    plots.optimisationHistory({ trials: sweepLike(close), what: "Sharpe ratio a year" }),
  overfittingSplits: ({ close }) => {
    const logits = close.map((_, t) => ((t * 7) % 11) / 3 - 1.5);
    const outOfSample = logits.map((logit) => logit / 100);
    return plots.overfittingSplits({
      ...{ probability: 0.42, loss: 0.3, logits, inSample: logits.map((_, t) => 0.01 + (t % 5) / 500), outOfSample },
      ...{ trials: 12, barsPerYear: 8760 },
    });
  },
  parallelCoordinates: ({ close }) =>
    plots.parallelCoordinates({ trials: sweepLike(close), space: searched, what: "Sharpe ratio" }),
  parameterImportance: () =>
    plots.parameterImportance({
      parameters: Object.keys(searched).map((name, i) => ({
        name,
        share: 0.5 / (i + 1) ** 2,
        low: 0.4 / (i + 1) ** 2,
        high: 0.6 / (i + 1) ** 2,
      })),
      ...{ together: 0.22, trials: 48, fit: 0.61, steps: 15_000 },
    }),
  partialDependence: ({ close }) =>
    plots.partialDependence({
      feature: "rsi(14)",
      at: [0, 50, 100],
      curves: [{ name: "long", mean: [1, 0.5, 0], low: [0.9, 0.4, 0], high: [1, 0.6, 0.1] }, {
        name: "flat",
        mean: [0, 0.5, 1],
      }],
      values: close.map((p) => p % 100),
    }),
  priceAndVolume: (bars) => plots.priceAndVolume({ symbol: "BTC/USD", ...bars, periods: periods(bars.time) }),
  priceExplorer: ({ time, close }) => plots.priceExplorer({ symbol: "BTC/USD", time, close }),
  priceWithTrades: (bars) =>
    plots.priceWithTrades({
      symbol: "BTC/USD",
      ...bars,
      trades: trades(bars.time, bars.close),
      periods: periods(bars.time),
    }),
  recoveryHistogram: ({ close }) =>
    plots.recoveryHistogram({
      name: "momentum in a flash crash",
      recovered: close.map((p, t) => (t % 3 === 0 ? NaN : Math.abs(p - 100) * 10)),
      watched: 500,
      step: HOUR,
    }),
  regimeRibbon: ({ time, close }) =>
    plots.regimeRibbon({
      symbol: "BTC/USD",
      time,
      close,
      wild: [{ name: "HMM", values: late(close.map((p) => (p % 10) / 10)) }, {
        name: "none",
        values: change(close).fill(NaN),
      }],
      periods: periods(time),
    }),
  returnDistribution: ({ close }) => plots.returnDistribution({ returns: change(close), name: "BTC/USD" }),
  linesOverTime: ({ time, close }) =>
    plots.linesOverTime({ what: "Leverage", time, series: [{ name: "Agent", role: "agent", values: close }] }),
  rollingCorrelation: ({ time, close }) =>
    plots.rollingCorrelation({
      time,
      returns: [{ name: "A", values: change(close) }, {
        name: "B",
        values: change(close).map((r, t) => r + (t % 3) / 100),
      }],
      window: 20,
      step: HOUR,
    }),
  rollingSharpe: ({ time, close }) =>
    plots.rollingSharpe({ time, sharpe: strategies(late(close)), window: 240, step: HOUR, periods: periods(time) }),
  riskContributions: ({ time, close }) =>
    plots.riskContributions({
      time,
      shares: [{ name: "BTC/USD", values: late(close.map(() => 0.6)) }, {
        name: "ETH/USD",
        values: late(close.map(() => 0.4)),
      }],
    }),
  rungCurves: ({ close }) => plots.rungCurves({ trials: sweepLike(close), rungs, what: "Sharpe ratio a year" }),
  scenarioHeatmap: ({ close }) =>
    plots.scenarioHeatmap({
      what: "Share of draws that survive",
      scenarios: ["flash crash", "low <liquidity>", "gap (jump 0.3) + low liquidity"],
      strategies: ["momentum (fast 10, slow 30)", "buy and hold"],
      values: [1, 0, 0.5, NaN, Math.min(1, close[0] / 200), 0.2],
    }),
  throughputByWorkers: ({ close }) =>
    plots.throughputByWorkers({
      workers: [1, 2, 3],
      throughput: [close[0], 1.9 * close[0], 1.8 * close[0]],
      quiet: [close[0], 2 * close[0], 2.1 * close[0]],
      advised: 2,
    }),
  timeByPart: ({ close }) =>
    plots.timeByPart({
      parts: [{ part: "update", seconds: close[0], about: "learning" }, { part: "env", seconds: 0.01 }],
    }),
  decisionLag: ({ close }) =>
    plots.decisionLag({
      lags: [0, 1, 2],
      sharpe: [{ name: "Agent", role: "agent", values: [close[0] / 100, 0.4, -0.2] }],
    }),
  feeColumns: ({ close }) =>
    plots.feeColumns({
      multiples: [0, 0.5, 1, 2],
      fee: 10,
      returns: [{ name: "Agent", role: "agent", values: [close[0] / 100, 0.4, 0.2, -0.3] }],
    }),
  searchSlices: ({ close }) =>
    plots.searchSlices({ trials: sweepLike(close), space: searched, what: "Sharpe ratio a year" }),
  survivalCurve: ({ close }) =>
    plots.survivalCurve({
      what: "Accounts above 80 % of their equity before the shock",
      curves: [
        {
          name: "Agent",
          role: "agent",
          time: close.map((_, t) => t + 1),
          share: close.map((_, t) => 1 - (t + 1) / (2 * close.length)),
          low: close.map((_, t) => 0.95 - (t + 1) / (2 * close.length)),
          high: close.map((_, t) => Math.min(1, 1.05 - (t + 1) / (2 * close.length))),
        },
        { name: "Buy and hold", role: "hold", time: [], share: [] },
      ],
      until: close.length + 5,
      step: HOUR,
    }),
  valueAtRiskExceptions: ({ time, close }) =>
    plots.valueAtRiskExceptions({
      time,
      returns: change(close).map((r) => r || 0),
      valueAtRisk: late(close.map((p) => p / 8000)),
      level: 0.95,
      method: "historical",
      periods: periods(time),
    }),
  volatilityClustering: ({ close }) =>
    plots.volatilityClustering({ returns: change(close), name: "BTC/USD", step: HOUR }),
  warmupMap: ({ close }) => plots.warmupMap({ ...matrix(close), warmup: Math.min(5, close.length - 1) }),
};

/** Two trials of two bars, 400 of 400, 1,000 of 20,000; all alike of a flat price. */
function sweepLike(close: Float64Array): plots.SweepTrial[] {
  return sweepOf(Math.min(1000, close.length), Number(close.length < 3 || close[0] !== close[1]));
}

function periods(time: Float64Array): plots.Period[] {
  const at = (share: number) => time[Math.floor(share * (time.length - 1))];
  return [
    { name: "train", from: time[0], to: at(0.6) },
    { name: "validation", from: at(0.6), to: at(0.8) },
    { name: "test", from: at(0.8), to: time[time.length - 1] + HOUR },
  ];
}

function strategies(close: Float64Array): plots.Series[] {
  return [
    { name: "Agent", role: "agent", values: close },
    { name: "Buy and hold", role: "hold", values: close.map((p) => p * p) },
    { name: "BTC", values: close.map((p) => 1 / p) },
  ];
}

function seeds(close: Float64Array): plots.Series[] {
  return [0, 1].map((seed) => ({
    name: `seed ${seed}`,
    values: close.map((p) => Math.sign(Math.floor(p + seed) % 3 - 1)),
  }));
}

/** The first five not there yet. */
function late(close: Float64Array): Float64Array {
  return close.map((p, t) => (t < 5 ? NaN : p));
}

function change(close: Float64Array): Float64Array {
  return close.map((p, t) => (t > 0 ? p / close[t - 1] - 1 : NaN));
}

function matrix(close: Float64Array): { names: string[]; values: Float32Array } {
  const columns = [late(close), change(close), close.map((p) => p % 7), close.map((_, t) => t)];
  const values = new Float32Array(close.length * columns.length);
  for (const [f, column] of columns.entries()) {
    for (let t = 0; t < close.length; t++) values[t * columns.length + f] = column[t];
  }
  return { names: ["sma(5)", "$close/return", "a & <b>", "t"], values };
}

/** A trade every tenth bar, the last one open. */
function trades(time: Float64Array, close: Float64Array): plots.TradeMark[] {
  const out: plots.TradeMark[] = [];
  for (let t = 0; t < time.length; t += 10) {
    const exit = Math.min(t + 4, time.length - 1);
    const side = t % 20 === 0 ? 1 : -1;
    const open = t + 10 >= time.length && t > 0;
    out.push({
      side,
      entryTime: time[t],
      entryPrice: close[t],
      exitTime: open ? NaN : time[exit],
      exitPrice: open ? NaN : close[exit],
      profit: side * (close[exit] - close[t]),
    });
  }
  return out;
}
