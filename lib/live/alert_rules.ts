import { callFault, parseCalls, readCall } from "../base/calls.ts";
import type { Setting, Settings } from "../base/setting.ts";
import { didYouMean } from "../base/suggest.ts";
import type { AlertRule, Facts, Verdict } from "./alert.ts";

/** A condition by name: what it watches, what can be set, and how it is made. */
export interface AlertRuleEntry {
  readonly help: string;
  readonly settings: Readonly<Record<string, Setting>>;
  make(settings: Settings): (facts: Facts, on: boolean) => Verdict;
}

/** All conditions by the names of `paper.alerts`. */
export const alertRules: Readonly<Record<string, AlertRuleEntry>> = {
  drawdown: {
    help: "equity has fallen from its peak",
    settings: {
      limit: { default: 0.1, min: 0.0001, max: 1, help: "fall that is told, share of the peak" },
      ease: { default: 0.8, min: 0, max: 1, help: "over once the fall is under so much of the limit" },
    },
    make: ({ limit, ease }) => drawdown(Number(limit), Number(ease)),
  },
  var_breach: {
    help: "a bar has lost more than its value at risk",
    settings: {
      calm: { default: 24, min: 1, max: 100_000, whole: true, help: "bars without a breach until it is over" },
    },
    make: ({ calm }) => breach(Number(calm)),
  },
  stale_feed: {
    help: "market data do not come",
    settings: {
      wait: { default: 60, min: 0, max: 86_400, help: "seconds that a lost connection may take to come back" },
      steady: { default: 30, min: 0, max: 86_400, help: "seconds that it must hold until it is over" },
    },
    make: ({ wait, steady }) => staleFeed(1000 * Number(wait), 1000 * Number(steady)),
  },
  reconnect_storm: {
    help: "connections are lost again and again",
    settings: {
      count: { default: 5, min: 2, max: 1000, whole: true, help: "losses that are told" },
      minutes: { default: 10, min: 1, max: 1440, help: "within so long; over once there were half as many" },
    },
    make: ({ count, minutes }) => storm(Number(count), 60_000 * Number(minutes)),
  },
  off_band: {
    help: "equity is not where the backtest lets expect it",
    settings: {
      bars: { default: 3, min: 1, max: 10_000, whole: true, help: "bars in a row outside that are told" },
      margin: { default: 0.1, min: 0, max: 0.5, help: "over once it is inside by so much of the band's width" },
    },
    make: ({ bars, margin }) => offBand(Number(bars), Number(margin)),
  },
  run_failed: { help: "the run ended before it should", settings: {}, make: () => failed },
};

/**
 * Makes the conditions of a text such as `drawdown(0.15), stale_feed, reconnect_storm(count=3)`; nothing for an empty one.
 *
 * @throws {SyntaxError} that points at what cannot be read or is no condition
 * @throws {RangeError} that points at a setting that is unknown or out of range
 */
export function parseAlertRules(text: string): AlertRule[] {
  if (text.trim() === "") return [];
  const calls = parseCalls(text, "alerts");
  return calls.map((call, i): AlertRule => {
    const { name, at } = call;
    if (!Object.hasOwn(alertRules, name)) {
      const help = `"${name}" is no alert: ${didYouMean(name, Object.keys(alertRules))}`;
      throw callFault(text, "alerts", at, name.length, help);
    }
    if (calls.findIndex((other) => other.name === name) < i) {
      throw callFault(text, "alerts", at, name.length, `"${name}" is there twice`);
    }
    const { settings, make } = alertRules[name];
    return { name, judge: make(readCall(call, settings, text, "alerts").settings) };
  });
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function drawdown(limit: number, ease: number) {
  return ({ account }: Facts, on: boolean): Verdict => {
    if (account === undefined) return undefined;
    const fallen = account.drawdown;
    if (!on) {
      return { on: fallen >= limit, text: `Equity is ${percent(fallen)} below its peak, ${percent(limit)} is told` };
    }
    return { on: fallen >= limit * ease, text: `Equity is back within ${percent(limit * ease)} of its peak` };
  };
}

function breach(calm: number) {
  let quiet = 0; // bars since the last breach
  return ({ account, valueAtRisk }: Facts): Verdict => {
    if (account === undefined || valueAtRisk === undefined) return undefined;
    const breached = account.change < -valueAtRisk;
    quiet = breached ? 0 : quiet + 1;
    if (!breached) {
      return quiet < calm ? undefined : { on: false, text: `No bar lost more than its risk for ${calm} bars` };
    }
    const text = `A bar lost ${percent(-account.change)}, more than its value at risk of ${percent(valueAtRisk)}`;
    return { on: true, text };
  };
}

function staleFeed(wait: number, steady: number) {
  let lost = NaN; // since when it is, ms UTC
  let back = NaN; // since when it is again
  let note = "";
  return ({ time, feed }: Facts): Verdict => {
    if (feed?.state === "connected") [lost, back] = [NaN, time];
    if (feed?.state === "stale" || feed?.state === "closed" || feed?.state === "reconnecting") {
      note = feed.note;
      if (Number.isNaN(lost)) lost = time;
      if (feed.state !== "reconnecting") lost = -Infinity;
    }
    if (time - lost >= wait) return { on: true, text: `Market data do not come: ${note}` };
    return time - back >= steady ? { on: false, text: "Market data come again" } : undefined;
  };
}

function storm(count: number, span: number) {
  const losses: number[] = []; // ms UTC
  return ({ time, feed }: Facts, on: boolean): Verdict => {
    if (feed?.state === "reconnecting") losses.push(time);
    while (losses.length > 0 && losses[0] <= time - span) losses.shift();
    const minutes = span / 60_000;
    if (on && losses.length > count / 2) return undefined;
    const many = losses.length >= count;
    const text = many
      ? `Connections were lost ${losses.length} times within ${minutes} minutes`
      : "Connections hold again";
    return { on: many, text };
  };
}

function offBand(bars: number, margin: number) {
  let outside = 0; // bars in a row
  return ({ account, band }: Facts, on: boolean): Verdict => {
    if (account === undefined || band === undefined) return undefined;
    const { equity } = account;
    outside = equity < band.low || equity > band.high ? outside + 1 : 0;
    const inner = margin * (band.high - band.low);
    const range = `${band.low.toFixed(2)} to ${band.high.toFixed(2)}`;
    if (!on) {
      return {
        on: outside >= bars,
        text: `Equity ${equity.toFixed(2)} is outside what the backtest lets expect, ${range}`,
      };
    }
    const inside = equity >= band.low + inner && equity <= band.high - inner;
    return { on: !inside, text: `Equity ${equity.toFixed(2)} is again within what the backtest lets expect, ${range}` };
  };
}

function failed({ failed }: Facts): Verdict {
  return failed === undefined ? undefined : { on: true, text: `The run failed: ${failed}` };
}
