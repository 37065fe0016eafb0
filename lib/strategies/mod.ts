import { didYouMean } from "../base/suggest.ts";
import { buyAndHold } from "./buy_and_hold.ts";
import { flat } from "./flat.ts";
import { meanReversion, meanReversionSettings } from "./mean_reversion.ts";
import { momentum, momentumSettings } from "./momentum.ts";
import { random, randomSettings } from "./random.ts";
import { readSettings, type Setting, type Settings } from "../base/setting.ts";
import type { Strategy } from "./strategy.ts";

export { buyAndHold } from "./buy_and_hold.ts";
export { flat } from "./flat.ts";
export { targetStrategy } from "./follow.ts";
export { meanReversion } from "./mean_reversion.ts";
export { momentum } from "./momentum.ts";
export { type Decisions, random, randomLike } from "./random.ts";
export type { Setting, Settings } from "../base/setting.ts";
export type { Decide, Memo, Strategy } from "./strategy.ts";

/** A strategy by name: what it is, what can be set, and how it is made. */
export interface StrategyEntry {
  readonly help: string;
  readonly settings: Readonly<Record<string, Setting>>;
  make(settings: Settings): Strategy;
}

/** All strategies, by the names of the command line and of `strategy.name` in a config. */
export const strategies: Readonly<Record<string, StrategyEntry>> = {
  buy_and_hold: { help: "buys equal parts once and holds", settings: {}, make: buyAndHold },
  flat: { help: "stays in cash", settings: {}, make: flat },
  momentum: {
    help: "long while a fast moving average is above a slow one",
    settings: momentumSettings,
    make: (settings) => momentum(settings as Parameters<typeof momentum>[0]),
  },
  mean_reversion: {
    help: "buys what has fallen far below its usual level, sells when it is back",
    settings: meanReversionSettings,
    make: (settings) => meanReversion(settings as Parameters<typeof meanReversion>[0]),
  },
  random: {
    help: "enters and leaves by chance",
    settings: randomSettings,
    make: (settings) => random(settings as Parameters<typeof random>[0]),
  },
};

/**
 * Makes the strategy called `name`. Settings left out have their defaults; values may be text, as a command line has
 * them.
 *
 * @example
 * ```ts
 * import { makeStrategy } from "candelabra";
 * const crossover = makeStrategy("momentum", { fast: 12, slow: 26 });
 * ```
 * @throws {RangeError} if the name or a setting is unknown, or a value is out of range
 */
export function makeStrategy(name: string, settings: Settings = {}): Strategy {
  if (!Object.hasOwn(strategies, name)) {
    const help = didYouMean(name, Object.keys(strategies));
    throw new RangeError(`Cannot make the strategy "${name}" as it must be one of the table: ${help}`);
  }
  return strategies[name].make(readSettings(name, strategies[name].settings, settings));
}
