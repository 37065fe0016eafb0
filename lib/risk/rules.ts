import { callFault, parseCalls, pointing, readCall } from "../base/calls.ts";
import type { Setting, Settings } from "../base/setting.ts";
import { didYouMean } from "../base/suggest.ts";
import { fixedFraction } from "./fixed_fraction.ts";
import { kelly } from "./kelly.ts";
import { limitDailyLoss } from "./limit_daily_loss.ts";
import { limitDrawdown } from "./limit_drawdown.ts";
import { limitExposure } from "./limit_exposure.ts";
import { limitLeverage } from "./limit_leverage.ts";
import { limitShortfall, limitValueAtRisk } from "./limit_tail.ts";
import { equalRisk, leastVariance } from "./portfolio_weights.ts";
import { rebalanceBands, rebalanceCalendar } from "./rebalance.ts";
import { regimeStop } from "./regime_stop.ts";
import { regimeMethods } from "./regime.ts";
import type { RiskRule } from "./rule.ts";
import { stopLoss } from "./stop_loss.ts";
import { tailMethods } from "./tail.ts";
import { takeProfit } from "./take_profit.ts";
import { trailingStop } from "./trailing_stop.ts";
import { volatilityTarget } from "./volatility_target.ts";

/** The order in which rules act, whatever the order they are written in: limits of size have the last word. */
export const ruleKinds = ["sizing", "rebalancing", "stop", "target", "halt", "limit"] as const;

/** A rule by name: what it does, what can be set, and how it is made. */
export interface RuleEntry {
  readonly help: string;
  readonly kind: (typeof ruleKinds)[number];
  readonly settings: Readonly<Record<string, Setting>>;
  make(settings: Settings): RiskRule;
  /** Bars there must be before it can do anything, of rules that look back. */
  readonly history?: number;
  /** What sizing it has the last word on: the gross exposure, or how it divides over the assets. */
  readonly decides?: "exposure" | "split";
  /** Gross exposure it always asks for when anything is wanted, of rules that do. */
  readonly asks?: (settings: Settings) => number;
  /** Gross exposure of so many assets that it allows at the most, of rules that do. */
  readonly allows?: (settings: Settings, assets: number) => number;
}

const share = (standard: number, help: string, min = 0.0001, max = 1) => ({ default: standard, min, max, help });
const bars = (standard: number, help: string, min: number, max = 100_000) => ({
  default: standard,
  min,
  max,
  whole: true,
  help,
});
const band = share(0.1, "share of its size within which a position is left alone", 0, 0.99);
const wait = bars(0, "bars until it may be entered again; 0: not before the strategy has wanted something else", 0);
const period = bars(14, "bars of the average true range", 1);
const tailSettings = {
  limit: share(0.02, "largest loss, share of equity", 1e-6),
  level: share(0.95, "probability that the loss stays under it", 0.5, 0.9999),
  method: { default: "historical", choices: Object.keys(tailMethods), help: "how the tail is estimated" },
  bars: bars(250, "returns looked back at", 50),
} satisfies Readonly<Record<string, Setting>>;

/** All risk rules by the names of the command line and of `risk.rules` in a config. */
export const riskRules: Readonly<Record<string, RuleEntry>> = {
  fixed_fraction: {
    help: "the same share of equity behind every wish",
    kind: "sizing",
    settings: { fraction: share(0.5, "gross exposure, times equity", 0.001, 100), band },
    make: (settings) => fixedFraction(settings as Parameters<typeof fixedFraction>[0]),
    decides: "exposure",
    asks: ({ fraction }) => fraction as number,
  },
  volatility_target: {
    help: "as much as gives a wanted volatility",
    kind: "sizing",
    history: 20,
    settings: {
      target: share(0.3, "volatility a year", 0.001, 100),
      bars: bars(100, "mean age of the returns it looks at", 5),
      least: share(0, "least gross exposure, times equity", 0, 100),
      most: share(1, "largest gross exposure, times equity", 0, 100),
      band,
    },
    make: (settings) => volatilityTarget(settings as Parameters<typeof volatilityTarget>[0]),
    decides: "exposure",
    asks: ({ least }) => least as number,
  },
  kelly: {
    help: "a fraction of Kelly's bet, with a drift that is shrunk towards none",
    kind: "sizing",
    history: 20,
    settings: {
      fraction: share(0.5, "of Kelly's bet", 0.001),
      bars: bars(1000, "returns looked back at", 20, 1_000_000),
      sharpe: share(1, "Sharpe ratio a year that is believable", 0.01, 100),
      most: share(1, "largest gross exposure, times equity", 0.001, 100),
      band,
    },
    make: (settings) => kelly(settings as Parameters<typeof kelly>[0]),
    decides: "exposure",
  },
  risk_parity: {
    help: "splits what is wanted so that each asset brings equal risk",
    kind: "sizing",
    history: 20,
    settings: { bars: bars(250, "returns looked back at", 20), band },
    make: (settings) => equalRisk(settings as Parameters<typeof equalRisk>[0]),
    decides: "split",
  },
  minimum_variance: {
    help: "splits what is wanted so that its variance is the least",
    kind: "sizing",
    history: 20,
    settings: { bars: bars(250, "returns looked back at", 20), band },
    make: (settings) => leastVariance(settings as Parameters<typeof leastVariance>[0]),
    decides: "split",
  },
  rebalance_bands: {
    help: "lets positions drift until one is too far from what is wanted",
    kind: "rebalancing",
    settings: { band: share(0.05, "distance that is too far, share of equity", 0.0001, 10) },
    make: (settings) => rebalanceBands(settings as Parameters<typeof rebalanceBands>[0]),
  },
  rebalance_calendar: {
    help: "trades back to what is wanted once a day, week or month",
    kind: "rebalancing",
    settings: { every: { default: "week", choices: ["day", "week", "month"], help: "how often" } },
    make: (settings) => rebalanceCalendar(settings as Parameters<typeof rebalanceCalendar>[0]),
  },
  stop_loss: {
    help: "closes a position that has lost too much",
    kind: "stop",
    settings: {
      loss: share(0.05, "distance from the entry", 0.0001, 0.99),
      atr: share(0, "distance in average true ranges instead; 0: not used", 0, 100),
      period,
      wait,
    },
    make: (settings) => stopLoss(settings as Parameters<typeof stopLoss>[0]),
  },
  trailing_stop: {
    help: "closes a position that has come back too far from its best price",
    kind: "stop",
    settings: {
      atr: share(3, "distance in average true ranges", 0.01, 100),
      fall: share(0, "distance as a share of price instead; 0: not used", 0, 0.99),
      period,
      wait,
    },
    make: (settings) => trailingStop(settings as Parameters<typeof trailingStop>[0]),
  },
  regime_stop: {
    help: "a trailing stop whose distance follows the regime",
    kind: "stop",
    settings: {
      calm: share(0.04, "distance from the best price in the calm regime", 0.0001, 0.99),
      wild: share(0.1, "distance in the wild one", 0.0001, 0.99),
      by: { default: "volatility", choices: Object.keys(regimeMethods), help: "how regimes are told" },
      wait,
    },
    make: (settings) => regimeStop(settings as Parameters<typeof regimeStop>[0]),
  },
  take_profit: {
    help: "closes a position that has gained enough",
    kind: "target",
    settings: { gain: share(0.1, "distance from the entry", 0.0001, 100), wait },
    make: (settings) => takeProfit(settings as Parameters<typeof takeProfit>[0]),
  },
  limit_leverage: {
    help: "keeps gross exposure under a multiple of equity, at every bar",
    kind: "limit",
    settings: { limit: share(1, "times equity", 0.001, 1000) },
    make: (settings) => limitLeverage(settings as Parameters<typeof limitLeverage>[0]),
    allows: ({ limit }) => limit as number,
  },
  limit_exposure: {
    help: "keeps the largest position under a share of equity",
    kind: "limit",
    settings: { limit: share(0.5, "times equity", 0.001, 1000) },
    make: (settings) => limitExposure(settings as Parameters<typeof limitExposure>[0]),
    allows: ({ limit }, assets) => assets * (limit as number),
  },
  limit_var: {
    help: "keeps the next bar's value at risk under a share of equity",
    kind: "limit",
    history: 50,
    settings: tailSettings,
    make: (settings) => limitValueAtRisk(settings as Parameters<typeof limitValueAtRisk>[0]),
  },
  limit_cvar: {
    help: "keeps the next bar's expected shortfall under a share of equity",
    kind: "limit",
    history: 50,
    settings: tailSettings,
    make: (settings) => limitShortfall(settings as Parameters<typeof limitShortfall>[0]),
  },
  limit_daily_loss: {
    help: "goes flat for the rest of a day that has lost too much",
    kind: "halt",
    settings: { limit: share(0.05, "loss since the day began") },
    make: (settings) => limitDailyLoss(settings as Parameters<typeof limitDailyLoss>[0]),
  },
  limit_drawdown: {
    help: "goes flat once equity is too far below its peak",
    kind: "halt",
    settings: {
      limit: share(0.2, "distance from the peak"),
      cooling: bars(0, "bars after which it begins again; 0: never", 0),
    },
    make: ({ limit, cooling }) => limitDrawdown(limit as number, { cooling: cooling as number }),
  },
};

/** A rule as it was asked for. */
export interface NamedRule {
  readonly name: string;
  readonly kind: RuleEntry["kind"];
  readonly settings: Settings; // all of them, defaults included
  readonly text: string; // "trailing_stop(atr=3)": as it was written, with names
  readonly rule: RiskRule;
}

/**
 * Makes the rules of a text such as `volatility_target(0.3), trailing_stop(atr=3), limit_drawdown(0.2)`, in the order in
 * which they act: sizing, rebalancing, stops, targets, halts, limits, and within these as written. Nothing for an empty
 * text. Beside a rebalancing rule, which decides when to trade, sizes have no band of their own.
 *
 * @throws {SyntaxError} that points at what cannot be read or is no rule
 * @throws {RangeError} that points at a setting that is unknown or out of range; if one rule asks for more exposure than
 * another allows, or undoes what another has sized
 */
export function parseRules(text: string): NamedRule[] {
  if (text.trim() === "") return [];
  const calls = parseCalls(text, "risk rules");
  const paced = calls.some(({ name }) => Object.hasOwn(riskRules, name) && riskRules[name].kind === "rebalancing");
  const rules = calls.map((call): NamedRule => {
    const { name, at } = call;
    if (!Object.hasOwn(riskRules, name)) {
      const help = `"${name}" is no risk rule: ${didYouMean(name, Object.keys(riskRules))}`;
      throw callFault(text, "risk rules", at, name.length, help);
    }
    const { settings: known, kind, make } = riskRules[name];
    const pace: Settings = kind === "sizing" && paced ? { band: 0 } : {};
    const { given, settings } = readCall(call, known, text, "risk rules", pace);
    const own = Object.entries(settings).filter(([key]) => key in given);
    const shown = own.map(([key, value]) => `${key}=${value}`).join(", ");
    return {
      name,
      kind,
      settings,
      text: shown === "" ? name : `${name}(${shown})`,
      rule: pointing(text, at, name.length, () => make(settings)),
    };
  });
  refuseContradictions(rules, Infinity); // of how many assets, only the market says: `checkRules`
  return ruleKinds.flatMap((kind) => rules.filter((rule) => rule.kind === kind));
}

/**
 * Holds rules against what they are to watch over.
 *
 * @throws {RangeError} if a rule needs more history than there are bars, or one asks for more exposure than another allows
 * of so many assets
 */
export function checkRules(rules: readonly NamedRule[], bars: number, assets: number): void {
  for (const { name, text } of rules) {
    const { history = 0 } = riskRules[name];
    if (bars > history) continue;
    throw new RangeError(
      `Cannot use ${text} without history: there must be more than ${history} bars, and there are ${bars}`,
    );
  }
  refuseContradictions(rules, assets);
}

function refuseContradictions(rules: readonly NamedRule[], assets: number): void {
  for (const [i, asking] of rules.entries()) {
    const { decides, asks } = riskRules[asking.name];
    const again = rules.slice(i + 1).find(({ name }) => decides !== undefined && riskRules[name].decides === decides);
    if (again !== undefined) {
      const what = decides === "exposure" ? "how much is held" : "how it is divided";
      throw new RangeError(
        `Cannot combine ${asking.text} with ${again.text} as each decides ${what} and the first would do nothing: keep one`,
      );
    }
    const least = asks?.(asking.settings) ?? 0;
    for (const limiting of rules) {
      const most = riskRules[limiting.name].allows?.(limiting.settings, assets) ?? Infinity;
      if (least <= most) continue;
      throw new RangeError(
        `Cannot combine ${asking.text} with ${limiting.text} as the one asks for an exposure of at least ${least} and ` +
          `the other allows ${Number(most.toPrecision(4))}${
            assets < Infinity ? ` of ${assets === 1 ? "one asset" : `${assets} assets`}` : ""
          }`,
      );
    }
  }
}
