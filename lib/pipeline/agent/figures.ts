import { backtest } from "../../backtest/mod.ts";
import type { Config } from "../../config/schema.ts";
import { slice } from "../../market/candles.ts";
import { actionMap } from "../../report/plots/action_map.ts";
import { validationByCheckpoint } from "../../report/plots/checkpoints.ts";
import { costsDecomposition } from "../../report/plots/costs_decomposition.ts";
import { equityAndDrawdown } from "../../report/plots/equity_curves.ts";
import type { Series } from "../../report/plots/inputs.ts";
import { intervalPlot } from "../../report/plots/interval_plot.ts";
import { learningCurves } from "../../report/plots/learning_curves.ts";
import { partialDependence } from "../../report/plots/partial_dependence.ts";
import { decisionLag, feeColumns } from "../../report/plots/sensitivity.ts";
import type { Role } from "../../report/theme.ts";
import { strategies } from "../../strategies/mod.ts";
import { periodsOf } from "../show/data_figures.ts";
import { AGENT, type AgentReport, type AgentRow } from "../evaluate.ts";
import { policiesOf, type TrainReport } from "../train.ts";
import { policyResponse } from "./policy_response.ts";

/** Which colour a line has: the agent the strong one. */
const roles: Readonly<Record<string, Role>> = {
  [AGENT]: "agent",
  "buy and hold": "hold",
  "momentum": "momentum",
  "mean reversion": "reversion",
  "random, same turnover": "random",
};

/** Figures of a training: how each seed learnt, and which weights were kept. */
export function trainingFigures({ seeds, source }: TrainReport, config: Config) {
  const [{ history, trials }] = seeds;
  const STEPS = "time/total_timesteps";
  return {
    /** Reward, entropy, KL, explained variance over training: the seeds and their middle half. */
    learning() {
      const of = (key: string, sign = 1) => seeds.map(({ history }) => history[key].map((value) => sign * value));
      const actions = config.env.actions === "box" ? undefined : 0;
      return learningCurves({
        steps: history[STEPS],
        curves: [
          { name: "Reward per episode, log return", seeds: of("rollout/ep_rew_mean"), zero: 0 },
          { name: "Entropy of the policy", seeds: of("train/entropy_loss", -1), ...(actions === 0 ? { zero: 0 } : {}) },
          {
            name: "KL divergence per update",
            seeds: of("train/approx_kl"),
            zero: 0,
            ...(config.ppo.target_kl === null ? {} : { target: config.ppo.target_kl }),
          },
          { name: "Explained variance of returns", seeds: of("train/explained_variance"), zero: 0 },
        ],
      });
    },
    /** Return on the validation part at each trial, and the ones kept. */
    validation() {
      const { validation } = source.split;
      const { cash, leverage } = config.backtest;
      const hold = backtest(source.market, strategies.buy_and_hold.make({}), {
        ...validation,
        cash,
        margin: { leverage },
      });
      return validationByCheckpoint({
        steps: trials[STEPS],
        seeds: seeds.map(({ trials }) => trials["eval/total_return"]),
        chosen: seeds.map(({ kept }) => kept),
        hold: hold.equity[hold.equity.length - 1] / hold.equity[0] - 1,
      });
    },
  };
}

/** Figures of an agent's evaluation, drawn when asked for. */
export function agentFigures(report: AgentReport) {
  const { source, seeds, rows, results, fees, lag, costs } = report;
  const { market, period } = source;
  const [candles] = market.assets;
  const { symbol, time, $close } = slice(candles, period.from, period.to);
  const currency = symbol.split("/")[1] ?? "";
  const periods = periodsOf(source);
  const [model] = seeds;
  const role = (name: string) => (roles[name] ? { role: roles[name] } : {});
  const K = market.assets.length;
  return {
    /** Estimates with intervals, the agent first: returns, or Sharpe ratios. */
    intervals(what: "return" | "sharpe" = "return") {
      const shares = what === "return";
      const estimate = (row: AgentRow) => (shares ? row.returns : row.sharpe);
      const hold = rows.find(({ strategy }) => strategy === "buy and hold")!;
      return intervalPlot({
        what: shares ? "Return over the period, after costs" : "Sharpe ratio, annual",
        unit: shares ? "%" : "",
        reference: estimate(hold).point,
        intervals: rows.filter((row) => !Number.isNaN(estimate(row).point)).map((row) => ({
          name: row.strategy,
          ...role(row.strategy),
          point: estimate(row).point,
          ...(row.runs > 1 ? { low: estimate(row).low, high: estimate(row).high } : {}),
          ...(row.strategy === AGENT
            ? { seeds: seeds.map(({ evaluation }) => shares ? evaluation.totalReturn : evaluation.sharpeRatio) }
            : {}),
        })),
      });
    },
    /** Equity of the model against baselines, and how far each is below its peak. */
    equity() {
      const lines: Series[] = Object.entries(results).filter(([name]) => name !== "flat")
        .map(([name, { equity }]) => ({ name, values: equity, ...role(name) }));
      const own = { name: `${AGENT}, seed ${model.seed}`, values: model.result.equity, role: "agent" as const };
      return equityAndDrawdown({ time, equity: [own, ...lines], periods });
    },
    /** What each seed held under the price of the `k`-th asset. */
    actions(k = 0) {
      const held = ({ seed, result }: typeof model): Series => ({
        name: `seed ${seed}`,
        values: result.equity.map((_, t) => result.weights[t * K + k]),
      });
      const asset = slice(market.assets[k], period.from, period.to);
      return actionMap({
        symbol: asset.symbol,
        time,
        close: k === 0 ? $close : asset.$close,
        exposure: seeds.map(held),
        periods,
      });
    },
    fees() {
      const multiples = fees[AGENT].map(({ multiple }) => multiple);
      const returns = Object.entries(fees).map(([name, columns]) => ({
        name,
        values: columns.map(({ totalReturn }) => totalReturn),
        ...role(name),
      }));
      return feeColumns({ multiples, returns, fee: market.costs.transactionFee });
    },
    lag: () =>
      decisionLag({
        lags: lag.map((point) => point.lag),
        sharpe: [{ name: `seed ${model.seed}`, role: "agent", values: lag.map((point) => point.sharpeRatio) }],
      }),
    costs: () =>
      costsDecomposition({
        gross: costs.gross,
        costs: [
          { name: "fees", amount: costs.fees },
          { name: "spread", amount: costs.spread },
          ...(costs.impact > 0 ? [{ name: "impact", amount: costs.impact }] : []),
        ],
        currency,
        name: `${AGENT}, seed ${model.seed}`,
      }),
    /** What the model does as its strongest feature, or the one named, moves and all else stays. */
    async response(training: TrainReport, feature?: string) {
      const [{ file }] = policiesOf(training);
      const { matrix } = report.features;
      const all = await policyResponse(file, matrix, period);
      const found = feature === undefined ? all[0] : all.find((one) => one.feature === feature);
      if (!found) {
        throw new RangeError(`Cannot draw the response to "${feature}" as the features are ${matrix.names.join(", ")}`);
      }
      return partialDependence(found);
    },
  };
}
