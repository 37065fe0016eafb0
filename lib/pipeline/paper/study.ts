import { join } from "node:path";
import { openPolicy } from "../../agent/policy_file.ts";
import { trade } from "../../agent/policy_strategy.ts";
import { backtest, type BacktestOptions, type BacktestResult, type Trade, trades } from "../../backtest/mod.ts";
import type { LoadedConfig } from "../../config/load.ts";
import type { StageEvent } from "../../base/events.ts";
import type { EquityBand } from "../../live/band.ts";
import type { Latency } from "../../live/latency.ts";
import { type Candles, slice } from "../../market/candles.ts";
import type { Market } from "../../market/market.ts";
import { parseRules } from "../../risk/mod.ts";
import { makeStrategy } from "../../strategies/mod.ts";
import { titleOf } from "../backtest.ts";
import { barOf, type Deps } from "../deps.ts";
import { type LoadedMarket, loadMarket } from "../market.ts";
import { findModel } from "../agent/model_store.ts";
import { featuresFor } from "../agent/models.ts";
import { trackedPaper, verifySession } from "../paper.ts";
import { bandOf } from "./alerts.ts";
import { replaySource } from "./source.ts";

/** Something that must be equal, and whether it is, to the last bit. */
export interface Equality {
  readonly what: string;
  readonly compared: number; // numbers
  readonly equal: boolean;
}

/** A replay of paper trading that was stopped and gone on with, beside the backtest of the same bars. */
export interface PaperStudy {
  readonly source: LoadedMarket;
  readonly title: string; // "momentum (fast 5)"
  readonly candles: Candles; // of the first asset, the bars traded
  readonly history: number;
  readonly paper: BacktestResult;
  readonly expected: BacktestResult;
  readonly trades: readonly Trade[];
  readonly stoppedAt: number; // bar of the result at which the process ended, and another went on
  readonly equal: readonly Equality[];
  readonly latency: Latency;
  readonly band: EquityBand | undefined;
  readonly alerts: readonly (StageEvent & { readonly kind: "alert"; readonly t: number })[];
  readonly rules: readonly string[]; // as written
}

/**
 * Trades the period that settings name as if it came bar by bar, ends in its middle, goes on from the journal, and holds
 * the books against the backtest of the same bars.
 *
 * @param model in place of the strategy that settings name
 */
export async function paperStudy(
  loaded: LoadedConfig,
  { model }: { readonly model?: string } = {},
  deps: Deps = {},
): Promise<PaperStudy> {
  const { config } = loaded;
  const source = await loadMarket(config, deps);
  const { history } = config.paper;
  const from = Math.max(0, source.period.from - history);
  const assets = source.market.assets.map((one) => slice(one, from, source.period.to));
  const market: Market = { assets, length: assets[0].length, costs: source.market.costs };
  const rules = parseRules(config.risk.rules);
  const options = {
    ...{ cash: config.backtest.cash, margin: { leverage: config.backtest.leverage }, lag: config.backtest.lag },
    risk: rules.map(({ rule }) => rule),
  };
  const folder = await Deno.makeTempDir({ prefix: "candelabra-paper-" });
  const alerts: (StageEvent & { readonly kind: "alert"; readonly t: number })[] = [];
  using bar = barOf(deps, "Paper");
  try {
    const quiet = { ...loaded, config: { ...config, run: { ...config.run, track: false } } };
    const half = Math.floor((market.length - history) / 2);
    let t = -1;
    const own: Deps = {
      ...(deps.signal ? { signal: deps.signal } : {}),
      onEvent: (event) => event.kind === "alert" && alerts.push({ ...event, t: Math.max(0, t - history) }),
    };
    const request = {
      ...{ folder, name: "study", ...(model === undefined ? {} : { model }) },
      onBar: (one: { readonly t: number }) => bar.update(t = one.t, market.length),
    };
    const replay = replaySource(assets, source.name);
    await trackedPaper(quiet, replay, { ...request, bars: half }, own);
    const { end } = await trackedPaper(quiet, replay, { ...request, resume: true }, own);
    const verified = await verifySession(join(folder, "study"), own);
    const paper = end.result!;
    const expected = await expectedOf(loaded, market, { ...options, from: history }, model);
    const before = { ...market, length: history, assets: assets.map((one) => slice(one, 0, history)) };
    const rehearsed = history > 1 ? (await expectedOf(loaded, before, { ...options, from: 0 }, model)).equity : [];
    const { name, ...settings } = config.strategy;
    return {
      ...{ source, history, paper, expected, trades: trades(paper), latency: end.latency, stoppedAt: half, alerts },
      title: model ?? titleOf(String(name), settings),
      candles: slice(assets[0], history, market.length),
      rules: rules.map(({ text }) => text),
      band: bandOf(rehearsed),
      equal: [
        ...(["wanted", "weights", "equity"] as const).map((key) => equality(names[key], paper[key], expected[key])),
        equality("fills: units", paper.fills.units, expected.fills.units),
        equality("fills: prices", paper.fills.price, expected.fills.price),
        equality("fills: fees", paper.fills.fee, expected.fills.fee),
        { what: "decisions of the recorded session, traded again", compared: verified.decisions, equal: true },
      ],
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = { wanted: "weights asked for", weights: "weights held", equity: "equity" } as const;

function equality(what: string, a: Float64Array, b: Float64Array): Equality {
  return { what, compared: b.length, equal: a.length === b.length && a.every((value, i) => Object.is(value, b[i])) };
}

/** The backtest of the same bars by the same strategy or model. */
async function expectedOf(
  { config, settings }: LoadedConfig,
  market: Market,
  options: BacktestOptions,
  model: string | undefined,
): Promise<BacktestResult> {
  const { name, ...parameters } = config.strategy;
  if (model === undefined) return backtest(market, makeStrategy(String(name), parameters), options);
  const { policies, notes } = await findModel(model, settings);
  const { matrix } = await featuresFor(notes, { market });
  await using policy = await openPolicy(policies[0].file);
  const first = matrix.warmup + notes.window - 1;
  return (await trade(market, { policy: policy.policy(matrix), actions: notes.actions, first }, options)).result;
}
