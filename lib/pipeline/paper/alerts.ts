import { writeAtomic } from "../../base/files.ts";
import { log } from "../../base/log.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { LoadedConfig } from "../../config/load.ts";
import type { StreamEvent } from "../../data/stream.ts";
import { openAlerts } from "../../live/alerts.ts";
import { alertRules, parseAlertRules } from "../../live/alert_rules.ts";
import { type EquityBand, equityBand } from "../../live/band.ts";
import type { PaperBar } from "../../live/paper.ts";
import { type Kill, kill, killed } from "../../live/session.ts";
import { openSinks } from "../../live/sinks.ts";
import type { Trader } from "../../live/trader.ts";
import { historicalTail } from "../../risk/mod.ts";
import type { Deps } from "../deps.ts";

/** What watches over a paper trader, and presses its kill switch where settings say so. */
export interface Guardian extends AsyncDisposable {
  bar(bar: PaperBar): void;
  feed(event: StreamEvent & { kind: "feed" }): void;
  failed(error: unknown): void;
  killed(): Kill | undefined;
  /** Where equity is to be expected, from the session's first decision on; without one nothing is expected. */
  expect(band: EquityBand | undefined): void;
}

/** Whom and what it watches. */
export interface GuardianOptions {
  readonly name: string; // of the session
  readonly folder: string | undefined;
  readonly trader: Trader;
  readonly history: number;
  readonly cash: number;
  /** Whether bars come from a market: people are told, by the wall's clock. A replay's alerts are events only. */
  readonly live: boolean;
}

/** Bars that the value at risk looks back at, and its level: breached once in a hundred bars. */
const VAR_BARS = 250;
const VAR_LEVEL = 0.99;

/**
 * Opens the alerts that settings name.
 *
 * @throws {SyntaxError | RangeError} if an alert is not known, or a way to people lacks something
 */
export async function openGuardian(
  { config, settings }: LoadedConfig,
  { name, folder, trader, history, cash, live }: GuardianOptions,
  { onEvent }: Deps,
): Promise<Guardian> {
  const { alerts: text, kill_on } = config.paper;
  const rules = parseAlertRules(text);
  for (const one of kill_on) {
    if (rules.some((rule) => rule.name === one)) continue;
    throw new RangeError(
      `Cannot press the kill switch on "${one}" as paper.alerts must name it: ${
        didYouMean(one, Object.keys(alertRules))
      }`,
    );
  }
  let pressed: Kill | undefined;
  let [band, before, clock]: [EquityBand | undefined, number, number] = [undefined, cash, NaN];
  const path = folder && `${folder}/alerts.json`;
  let saving = Promise.resolve(); // one write after the other
  const alerts = openAlerts({
    rules,
    sinks: live ? await openSinks(settings) : [],
    run: name,
    active: path === undefined ? [] : await readActive(path),
    ...(onEvent ? { onEvent } : {}),
    onAlert({ name: alert, on, text, time }) {
      if (path !== undefined) saving = saving.then(() => keep(path, alerts.active));
      if (!on || !kill_on.includes(alert) || trader.halted) return;
      pressed = { at: time, reason: `the alert ${alert}: ${text}` };
      const { reason } = pressed;
      if (folder === undefined) return;
      saving = saving.then(() => kill(folder, reason, time)).catch((error) =>
        log("error", `The kill switch: ${error}`)
      );
    },
  });
  const now = () => live ? Date.now() : clock;
  const timer = live ? setInterval(() => alerts.observe({ time: Date.now() }), 1000) : undefined;
  const recent = new Float64Array(VAR_BARS);

  /** What the bar that has just passed was to lose at most, by what was held before it. */
  function risked(t: number): number {
    const n = Math.min(VAR_BARS, t - 1);
    if (n < 50) return NaN;
    const { assets } = trader.market;
    const held = lastHeld;
    if (held.every((weight) => weight === 0)) return NaN;
    recent.fill(0);
    for (const [k, { $close }] of assets.entries()) {
      for (let i = 0; i < n; i++) recent[i] += held[k] * ($close[t - 1 - i] / $close[t - 2 - i] - 1);
    }
    return historicalTail(recent.subarray(0, n), { level: VAR_LEVEL }).valueAtRisk;
  }
  let lastHeld: readonly number[] = trader.market.assets.map(() => 0);

  return {
    bar({ t, time, did }) {
      clock = time + trader.market.assets[0].step;
      if (!did) return;
      const { equity, peak, held } = did;
      const valueAtRisk = risked(t);
      const { low, high } = band?.(t - history) ?? { low: NaN, high: NaN };
      alerts.observe({
        time: now(),
        account: { equity, drawdown: 1 - equity / peak, change: equity / before - 1 },
        ...(valueAtRisk > 0 ? { valueAtRisk } : {}),
        ...(band ? { band: { low: cash * low, high: cash * high } } : {}),
      });
      [before, lastHeld] = [equity, held];
    },
    feed({ state, note }) {
      if (live || state !== "closed") alerts.observe({ time: Number.isNaN(now()) ? 0 : now(), feed: { state, note } });
    },
    failed: (error) =>
      alerts.observe({
        time: Number.isNaN(now()) ? 0 : now(),
        failed: error instanceof Error ? error.message : String(error),
      }),
    killed: () => pressed ?? (folder === undefined ? undefined : killed(folder)),
    expect: (expected) => void (band = expected),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await alerts[Symbol.asyncDispose]();
      await saving;
    },
  };
}

/** Bars a history must have been traded on before anything is expected of it. */
const LEAST_RETURNS = 100;

/** What equity is to be expected from what a trader earned on history, by its equity there; nothing if it says too little. */
export function bandOf(equity: ArrayLike<number>): EquityBand | undefined {
  const returns = Float64Array.from(
    { length: Math.max(0, equity.length - 1) },
    (_, t) => Math.log(equity[t + 1] / equity[t]),
  );
  if (returns.length < LEAST_RETURNS || !returns.every(Number.isFinite) || returns.every((r) => r === 0)) {
    return undefined;
  }
  return equityBand(returns);
}

async function readActive(path: string): Promise<string[]> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function keep(path: string, active: readonly string[]): Promise<void> {
  try {
    await writeAtomic(path, JSON.stringify(active) + "\n");
  } catch (error) {
    log("warn", `Cannot remember which alerts are on: ${(error as Error).message}`);
  }
}
