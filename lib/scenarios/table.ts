import { parseCalls, pointing, readCall } from "../base/calls.ts";
import type { Rng } from "../base/random.ts";
import { readSettings, type Setting, type Settings } from "../base/setting.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Candles } from "../market/candles.ts";
import type { Market } from "../market/market.ts";
import { correlatedAssets, correlatedAssetsSettings } from "./correlated_assets.ts";
import { extremeVolatility, extremeVolatilitySettings } from "./extreme_volatility.ts";
import { flashCrash, flashCrashSettings } from "./flash_crash.ts";
import { gap, gapSettings } from "./gap.ts";
import { historicalReplay, historicalReplaySettings } from "./historical_replay.ts";
import { lowLiquidity, lowLiquiditySettings } from "./low_liquidity.ts";
import type { Scenario } from "./scenario.ts";
import { trendReversal, trendReversalSettings } from "./trend_reversal.ts";

/** A scenario by name: what it is, what can be set, and how it is made. */
export interface ScenarioEntry {
  readonly help: string;
  readonly settings: Readonly<Record<string, Setting>>;
  /** `fitOn`: candles of the training period, for those that learn from data; else they learn from what they change. */
  make(settings: Settings, fitOn?: readonly Candles[]): Scenario;
}

/** All scenarios, by the names of the command line. */
export const scenarios: Readonly<Record<string, ScenarioEntry>> = {
  flash_crash: {
    help: "everything falls within a few bars and wins a part of it back",
    settings: flashCrashSettings,
    make: (settings) => flashCrash(settings as Parameters<typeof flashCrash>[0]),
  },
  low_liquidity: {
    help: "little volume, a wide spread, closes that bounce",
    settings: lowLiquiditySettings,
    make: (settings) => lowLiquidity(settings as Parameters<typeof lowLiquidity>[0]),
  },
  extreme_volatility: {
    help: "large moves in clusters, from blocks of the bars or a GARCH fitted to them",
    settings: extremeVolatilitySettings,
    make: (settings, fitOn) => extremeVolatility(settings as Parameters<typeof extremeVolatility>[0], fitOn),
  },
  correlated_assets: {
    help: "all assets fall together and correlate while they do; takes two or more",
    settings: correlatedAssetsSettings,
    make: (settings) => correlatedAssets(settings as Parameters<typeof correlatedAssets>[0]),
  },
  gap: {
    help: "the exchange stops, then opens somewhere else",
    settings: gapSettings,
    make: (settings) => gap(settings as Parameters<typeof gap>[0]),
  },
  trend_reversal: {
    help: "from some bar on every move goes the other way",
    settings: trendReversalSettings,
    make: (settings) => trendReversal(settings as Parameters<typeof trendReversal>[0]),
  },
  historical_replay: {
    help: "a stretch of the past in the place of what came",
    settings: historicalReplaySettings,
    make: (settings) => historicalReplay(settings as Parameters<typeof historicalReplay>[0]),
  },
};

/**
 * Makes the scenario called `name`. Settings left out have their defaults; values may be text, as a command line has them.
 *
 * @throws {RangeError} if the name or a setting is unknown, or a value is out of range
 */
export function makeScenario(name: string, settings: Settings = {}, fitOn?: readonly Candles[]): Scenario {
  if (!Object.hasOwn(scenarios, name)) {
    throw new RangeError(
      `Cannot make the scenario "${name}" as it must be one of the table: ${didYouMean(name, Object.keys(scenarios))}`,
    );
  }
  return scenarios[name].make(readSettings(name, scenarios[name].settings, settings), fitOn);
}

/** One after the other: each changes what the one before has made, all drawing from the same source. */
export function compose(...parts: readonly Scenario[]): Scenario {
  return (market: Market, random: Rng) => parts.reduce((bars, part) => part(bars, random), market);
}

/** A scenario as data, which can be written down and sent to a worker: those of the table, one after the other. */
export type ScenarioSpec = readonly { readonly name: string; readonly settings: Settings }[];

/**
 * Reads what a person writes: `flash_crash(0.4, bars=6) + low_liquidity`.
 *
 * @param usual settings of those that are not written, by the scenario's name (`calibrate`); the table's without it
 * @throws {SyntaxError} that points at the fault
 * @throws {RangeError} that points at a name or a setting that is unknown, or at a value that is out of range
 */
export function parseScenario(text: string, usual: Readonly<Record<string, Settings>> = {}): ScenarioSpec {
  return parseCalls(text, "scenario", "+").map((call) => {
    const { name, at } = call;
    if (!Object.hasOwn(scenarios, name)) pointing(text, at, name.length, () => makeScenario(name)); // says what is known
    const { settings } = readCall(call, scenarios[name].settings, text, "scenario", usual[name]);
    return { name, settings };
  });
}

/** The scenario that a spec describes. */
export function specScenario(spec: ScenarioSpec, fitOn?: readonly Candles[]): Scenario {
  return compose(...spec.map(({ name, settings }) => makeScenario(name, settings, fitOn)));
}

/** What is particular about a scenario, in words: its settings, but not when it may begin. */
export function describeScenario(spec: ScenarioSpec): string {
  return spec.map(({ name, settings }) => {
    const own = Object.entries(settings).filter(([key]) => key !== "earliest" && key !== "latest");
    const text = (key: string, value: unknown) =>
      key === "bars" && value === 0 ? "all bars from there on" : `${key} ${value}`;
    return `${name.replaceAll("_", " ")}: ${
      own.map(([key, value]) => text(key.replaceAll("_", " "), value)).join(", ")
    }`;
  }).join("; then ");
}
