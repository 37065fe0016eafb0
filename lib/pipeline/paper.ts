import { openPolicy, type PolicyNotes } from "../agent/policy_file.ts";
import { resultMetrics, type Trade, trades } from "../backtest/mod.ts";
import { writeAtomic } from "../base/files.ts";
import type { OnProgress } from "../base/progress.ts";
import { hashOf } from "../base/hash.ts";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { formatDate, formatTimeframe } from "../base/time.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { wholeMs } from "../data/frames.ts";
import { type OpenDecider, policyDecider, strategyDecider } from "../live/decider.ts";
import { openSandbox, type Sandbox } from "../data/ccxt_sandbox.ts";
import { openJournal } from "../live/journal.ts";
import { sandboxOrders } from "../live/orders.ts";
import { latencyText } from "../live/latency.ts";
import { type PaperBar, type PaperEnd, paperTrade } from "../live/paper.ts";
import {
  clearKill,
  journalPath,
  killed,
  lockSession,
  type Opening,
  openingOf,
  openSession,
  retrace,
  type Retraced,
} from "../live/session.ts";
import { openTrader, type Trader } from "../live/trader.ts";
import type { Candles } from "../market/candles.ts";
import type { NewBar } from "../market/growing.ts";
import { parseRules } from "../risk/mod.ts";
import { makeStrategy } from "../strategies/mod.ts";
import { gitState } from "../track/git.ts";
import { capital, number, percent } from "../report/format.ts";
import { columnsBytes } from "./artifact.ts";
import { tradeColumns } from "./backtest.ts";
import { barOf, type Deps } from "./deps.ts";
import { costsOf } from "./market.ts";
import { findModel } from "./agent/model_store.ts";
import { seenWarnings, specsFor } from "./agent/models.ts";
import { snakeKeys } from "./names.ts";
import { bandOf, openGuardian } from "./paper/alerts.ts";
import type { PaperSource } from "./paper/source.ts";
import { tracked, type Tracking } from "./tracked.ts";

/** What is asked of a paper trader beside its settings. */
export interface PaperRequest {
  /** Of the session, which is kept in `folder`/name; without one nothing is kept. */
  readonly name?: string;
  readonly folder?: string;
  /** A model, as `findModel` takes it, in place of the strategy that settings name. */
  readonly model?: string;
  /** Goes on with the session of that name. */
  readonly resume?: boolean;
  /** Releases the session's kill switch. */
  readonly clearKill?: boolean;
  /** Ends after so many bars. */
  readonly bars?: number;
  readonly onBar?: (bar: PaperBar) => void;
  /** A server on loopback in place of the test network: tests. */
  readonly sandboxEndpoint?: string;
}

/** How a session of paper trading went. */
export interface PaperReport {
  readonly opening: Opening;
  readonly folder: string | undefined;
  readonly retraced: Retraced | undefined; // bars that were traded again to go on
  readonly end: PaperEnd;
  readonly trades: readonly Trade[];
  /** What speaks against the result: bars that the model learnt from. */
  readonly warnings: readonly string[];
  /** Metrics of the whole session, by MLflow's names; none before the first decision. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly run: { readonly id: string; readonly url: string | undefined };
}

/** Where sessions are kept. */
export const paperFolder = (name: string, folder = projectPath("data", "paper")): string => `${folder}/${name}`;

/** Longest time between two points of a run's curves, ms. */
const METRICS_EVERY = 5000;

/**
 * Trades a source of bars on paper: with the features, model or strategy, risk rules, fills and books of a backtest, and
 * its decisions. A session that has a name is kept in a journal, with the model that trades, and can go on: its bars are
 * traded again first, and must come out as they were recorded.
 *
 * @throws {RangeError} if the session is there already, is not there to go on with, is killed, or its bars come out
 * otherwise; if the model does not fit the source
 * @throws {Deno.errors.Busy} if another trader has the session
 */
export async function trackedPaper(
  loaded: LoadedConfig,
  source: PaperSource,
  request: PaperRequest = {},
  deps: Deps = {},
): Promise<PaperReport> {
  const { name } = request;
  const folder = name === undefined ? undefined : paperFolder(checkName(name), request.folder);
  using _lock = folder === undefined ? undefined : lockSession(folder);
  await using prepared = await prepare(loaded, source, request, folder);
  const { opening, trader } = prepared;
  const retraced = request.resume && folder !== undefined ? await goOn(folder, trader, request, deps) : undefined;
  const facts = {
    kind: "paper" as const,
    name: `paper ${opening.name}`,
    command: ["paper", ...(name === undefined ? [] : ["--name", name])],
    tags: { "candelabra.session": opening.name, "candelabra.feed": opening.feed },
  };
  // What can't be run is told before there is a run of it.
  const live = source.bars === undefined;
  await using guardian = await openGuardian(loaded, {
    ...{ name: opening.name, folder, trader, history: opening.history, cash: opening.cash, live },
  }, deps);
  const sandbox = await sandboxOf(opening, loaded, request);
  const since = retraced && !Number.isNaN(retraced.last) ? retraced.last + opening.step : undefined;
  await using stream = await source.open(since, Math.max(0, opening.history - trader.market.length));
  return await tracked(loaded, facts, async (run) => {
    using journal = folder === undefined
      ? undefined
      : retraced
      ? openSession(folder, retraced)
      : openJournal(journalPath(folder));
    if (!retraced) journal?.append({ kind: "open", opening });
    if (retraced?.halted) {
      journal?.append({ kind: "release", at: Date.now() });
      trader.release();
    }
    const orders = sandbox && sandboxOrders({
      ...{ sandbox, session: opening.name, symbols: opening.symbols },
      held: retraced?.ordered ?? opening.symbols.map(() => 0),
      onOrder(order) {
        journal?.append(order);
        if (order.error) log("warn", `The test network did not take an order: ${order.error}`, { order: order.id });
      },
    });
    const show = watch(opening, source, run, trader, deps, request);
    const expect = async () => guardian.expect(bandOf(await prepared.rehearse()));
    if (trader.market.length >= opening.history) await expect();
    using bar = barOf(deps, `Paper ${opening.name}`);
    try {
      const end = await paperTrade({
        ...{ trader, stream },
        durable: live ? loaded.config.paper.durable : "second",
        ...(journal ? { journal } : {}),
        ...(orders ? { orders } : {}),
        ...(request.bars === undefined ? {} : { most: request.bars }),
        ...(deps.signal ? { signal: deps.signal } : {}),
        killed: guardian.killed,
        onKill({ reason }) {
          const text = `${capital(reason)}. All is being sold; it stays stopped until released`;
          log("warn", `Kill switch: ${text}`);
          deps.onEvent?.({ kind: "alert", name: "kill_switch", on: true, text });
        },
        async onBar(one) {
          guardian.bar(one);
          show(one, bar.update);
          if (one.t === opening.history - 1) await expect();
        },
        onStream(event) {
          if (event.kind === "trade") return;
          deps.onEvent?.(event);
          if (event.kind === "book") return;
          guardian.feed(event);
          if (live) log("info", `Feed ${event.state}: ${event.note}`);
        },
      });
      return await close(run, prepared, folder, retraced, end, live);
    } catch (error) {
      guardian.failed(error);
      throw error;
    }
  }, deps);
}

/**
 * The test network that orders go to, where settings ask for it.
 *
 * @throws {RangeError} if bars do not come from an exchange, or there are no keys for its test network
 */
async function sandboxOf(
  { orders, feed }: Opening,
  { settings }: LoadedConfig,
  { sandboxEndpoint }: PaperRequest,
): Promise<Sandbox | undefined> {
  if (orders === "paper") return undefined;
  if (feed.startsWith("replay")) {
    throw new RangeError("Cannot send orders to a test network as bars are of a replay: --exchange names one");
  }
  const { exchangeApiKey: apiKey, exchangeApiSecret: apiSecret } = settings;
  if (!apiKey || !apiSecret) {
    throw new RangeError(
      `Cannot send orders to the test network of ${feed} as it takes keys of that network: EXCHANGE_API_KEY and EXCHANGE_API_SECRET`,
    );
  }
  return await openSandbox({
    exchange: feed,
    apiKey,
    apiSecret,
    ...(sandboxEndpoint ? { endpoint: sandboxEndpoint } : {}),
  });
}

/** A session about to begin, or to go on. Disposing closes its model. */
interface Prepared extends AsyncDisposable {
  readonly opening: Opening;
  readonly trader: Trader;
  readonly notes: PolicyNotes | undefined; // of a model
  /** Backtests the history that the trader has seen: its equity there, bar by bar. */
  rehearse(): Promise<number[]>;
}

/** The session's opening, new or as it was, and the trader for it. */
async function prepare(
  loaded: LoadedConfig,
  source: PaperSource,
  { resume, model, clearKill: clear }: PaperRequest,
  folder: string | undefined,
): Promise<Prepared> {
  if (folder !== undefined) await checkStart(folder, resume ?? false, clear ?? false);
  if (resume && folder !== undefined) {
    const opening = await openingOf(folder);
    checkSource(opening, source);
    return await traderOf(opening, () => Deno.readFile(`${folder}/model.onnx`));
  }
  const { config, settings } = loaded;
  const found = model === undefined ? undefined : await findModel(model, settings);
  const file = found?.policies[0].file;
  const { name: strategy, ...parameters } = config.strategy;
  const git = await gitState(projectPath());
  const opening: Opening = {
    version: 1,
    name: folder?.split(/[\\/]/).at(-1) ?? `${source.symbols.join(" + ")} ${formatTimeframe(source.step)}`,
    ...{ symbols: source.symbols, step: source.step, costs: costsOf(config) },
    ...{ cash: config.backtest.cash, leverage: config.backtest.leverage, lag: config.backtest.lag },
    rules: config.risk.rules,
    decider: found && file
      ? { kind: "model", name: found.name, reference: found.reference, hash: hashOf(file) }
      : { kind: "strategy", name: String(strategy), settings: parameters },
    ...{ history: config.paper.history, feed: source.feed, orders: config.paper.orders, begun: Date.now() },
    commit: git ? git.commit + (git.dirty ? " (with uncommitted changes)" : "") : "not in git",
  };
  const made = await traderOf(opening, () => Promise.resolve(file!));
  if (folder !== undefined && file) await writeAtomic(`${folder}/model.onnx`, file);
  return made;
}

/** @throws {RangeError} if a session cannot begin, or go on, as its folder is */
async function checkStart(folder: string, resume: boolean, clear: boolean): Promise<void> {
  const name = folder.split(/[\\/]/).at(-1);
  const opening = await openingOf(folder).catch((error) => {
    if (resume || !(error instanceof RangeError)) throw error;
  });
  if (opening && !resume) {
    throw new RangeError(
      `Cannot begin the session "${name}" as there is one, of ${
        formatDate(opening.begun)
      }: --resume goes on with it, ` +
        `another --name begins another`,
    );
  }
  const pressed = killed(folder);
  if (pressed && !clear) {
    throw new RangeError(
      `Cannot trade as "${name}" as its kill switch was pressed: ${pressed.reason}; --clear-kill releases it`,
    );
  }
}

function checkSource(opening: Opening, { symbols, step }: PaperSource): void {
  if (opening.step === step && opening.symbols.join() === symbols.join()) return;
  throw new RangeError(
    `Cannot go on with "${opening.name}" as it trades ${opening.symbols.join(", ")} on bars of ${
      formatTimeframe(opening.step)
    }: these are ${symbols.join(", ")}, ${formatTimeframe(step)}`,
  );
}

/** The trader that an opening describes. Disposing closes its model. */
async function traderOf(opening: Opening, file: () => Promise<Uint8Array>): Promise<Prepared> {
  const { symbols, step, costs, cash, leverage, lag, rules, decider: who, history } = opening;
  let decider: OpenDecider;
  let close: () => PromiseLike<void> = () => Promise.resolve();
  let notes: PolicyNotes | undefined;
  if (who.kind === "strategy") decider = strategyDecider(makeStrategy(who.name, who.settings));
  else {
    const bytes = await file();
    if (hashOf(bytes) !== who.hash) {
      throw new RangeError(`Cannot use the model of "${opening.name}" as its file is not the one that it began with`);
    }
    const policy = await openPolicy(bytes, 1); // one bar at a time
    notes = policy.notes;
    close = () => policy[Symbol.asyncDispose]();
    decider = policyDecider(policy, specsFor(policy.notes, { assets: symbols.length, step, columns: [] }));
  }
  const risk = parseRules(rules).map(({ rule }) => rule);
  const terms = { symbols, step, costs, cash, margin: { leverage }, lag, risk, decider };
  const trader = openTrader({ ...terms, history });
  return {
    opening,
    trader,
    notes,
    async rehearse() {
      const { assets } = trader.market;
      const other = openTrader({ ...terms, history: 0 });
      const equity: number[] = [];
      for (let t = 0; t < history; t++) {
        const { did } = await other.take(assets[0].time[t], assets.map((one) => barAt(one, t)));
        equity.push(did!.equity);
      }
      return equity;
    },
    [Symbol.asyncDispose]: close,
  };
}

function barAt({ $open, $high, $low, $close, $volume, filled }: Candles, t: number): NewBar {
  const [open, high, low, close] = [$open[t], $high[t], $low[t], $close[t]];
  return { open, high, low, close, volume: $volume[t], filled: filled[t] !== 0 };
}

/** Trades a session's bars again, so that it goes on where it was. */
async function goOn(folder: string, trader: Trader, { clearKill: clear }: PaperRequest, deps: Deps): Promise<Retraced> {
  using bar = barOf(deps, "Trading the session's bars again");
  bar.update(0, Infinity);
  const retraced = await retrace(folder, trader, deps.signal);
  bar.update(retraced.bars, retraced.bars);
  if (retraced.halted && !clear) {
    throw new RangeError("Cannot go on as the session was stopped by its kill switch: --clear-kill releases it");
  }
  if (clear) await clearKill(folder);
  return retraced;
}

/** A session that was recorded, traded again. */
export interface Verified extends Retraced {
  readonly opening: Opening;
}

/**
 * Trades a recorded session again, from its journal alone: observations, choices, fills and equity must come out as they
 * are recorded.
 *
 * @throws {RangeError} at the first bar that comes out otherwise, or if there is no such session
 */
export async function verifySession(folder: string, deps: Deps = {}): Promise<Verified> {
  await using prepared = await traderOf(await openingOf(folder), () => Deno.readFile(`${folder}/model.onnx`));
  return { opening: prepared.opening, ...await retrace(folder, prepared.trader, deps.signal) };
}

/** Tells whoever watches what each bar brought. */
function watch(
  { symbols, cash, rules: text }: Opening,
  source: PaperSource,
  run: Tracking,
  trader: Trader,
  { onEvent }: Deps,
  { onBar }: PaperRequest,
): (bar: PaperBar, update: OnProgress) => void {
  const rules = parseRules(text);
  let [shown, wrote] = [-Infinity, -Infinity];
  const every = Math.max(1, Math.ceil((source.bars ?? 0) / 500));
  return (bar, update) => {
    const { t, time, did } = bar;
    onBar?.(bar);
    if (onEvent) {
      bar.bars.forEach(({ open, high, low, close, volume }, k) =>
        onEvent({ kind: "bar", symbol: symbols[k], bar: time, ohlcv: [open, high, low, close, volume] })
      );
    }
    if (!did) return;
    const { equity, peak, held, fills, risk } = did;
    const drawdown = 1 - equity / peak;
    if (onEvent) {
      const weights = Object.fromEntries(symbols.map((symbol, k) => [symbol, held[k]]));
      onEvent({ kind: "account", bar: time, equity, cash, drawdown, weights });
      for (const [k, , units, price, fee] of fills) {
        onEvent({ kind: "fill", bar: time, symbol: symbols[k], units, price, fee });
      }
      for (const [rule, reason] of risk) onEvent({ kind: "risk", bar: time, rule: rules[rule].text, reason });
    }
    const now = performance.now();
    const gross = held.reduce((sum, weight) => sum + Math.abs(weight), 0);
    if (source.bars === undefined ? now - wrote > METRICS_EVERY : t % every === 0) {
      wrote = now;
      run.metrics({ equity, drawdown, exposure: gross }, t);
    }
    if (now - shown < 100) return;
    shown = now;
    const text = `${formatDate(time)}  equity ${number(equity, { digits: 2 })} (${
      percent(equity / cash - 1, { sign: true })
    })  exposure ${number(gross, { digits: 2 })}  drawdown ${percent(drawdown)}`;
    update(trader.market.length, source.bars ?? Infinity, trader.halted ? `${text}  KILLED: selling` : text);
  };
}

async function close(
  run: Tracking,
  { opening, notes }: Prepared,
  folder: string | undefined,
  retraced: Retraced | undefined,
  end: PaperEnd,
  live: boolean,
): Promise<PaperReport> {
  const { result, latency } = end;
  const warnings = notes && result ? seenWarnings(notes, opening.symbols, result.time[0]) : [];
  const table = result ? trades(result) : [];
  const numbers = result ? numbersOf(snakeKeys(resultMetrics(result))) : {};
  run.result(numbers);
  if (latency.count > 0) {
    run.metrics({
      "latency/p50_ms": latency.quantile(0.5),
      "latency/p99_ms": latency.quantile(0.99),
      "latency/max_ms": latency.max,
    });
    await run.artifact("results/latency.json", JSON.stringify({ unit: "ms", buckets: latency.buckets }) + "\n");
    log(
      live ? "info" : "debug",
      `From a bar's message to the decision: ${latencyText(latency)}, ${latency.count} bars`,
    );
  }
  if (result) {
    const K = result.symbols.length;
    const held = result.symbols.map((symbol, k) =>
      [`weight ${symbol}`, result.equity.map((_, t) => result.weights[t * K + k])] as const
    );
    const equity = { timestamp: wholeMs(result.time.slice()), equity: result.equity, ...Object.fromEntries(held) };
    await run.artifact("results/equity.parquet", await columnsBytes(equity));
    await run.artifact("results/trades.parquet", await columnsBytes(tradeColumns(table)));
  }
  return { opening, folder, retraced, end, trades: table, warnings, numbers, run: { id: run.id, url: run.url } };
}

const numbersOf = (record: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(Object.entries(record).filter((entry): entry is [string, number] => typeof entry[1] === "number"));

/** @throws {RangeError} if a session cannot be called so: its name is a folder's */
export function checkName(name: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,79}$/u.test(name)) return name;
  throw new RangeError(
    `Cannot call a session "${name}" as its name must begin with a letter or digit and hold only those, spaces and ._@+-`,
  );
}

/** What settings a session's own ones stand for: for going on with it. */
export function configOf(opening: Opening, config: Config): Config {
  return { ...config, data: { ...config.data, input: [...opening.symbols], timeframe: formatTimeframe(opening.step) } };
}
