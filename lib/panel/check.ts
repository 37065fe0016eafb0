import { didYouMean } from "../base/suggest.ts";
import { parseDate, parseTimeframe, parseTimerange } from "../base/time.ts";
import { loadConfig } from "../config/load.ts";
import * as option from "../config/option.ts";
import { presets } from "../config/presets.ts";
import { featureSpecs } from "../features/sets.ts";
import { parseSpec } from "../features/spec.ts";
import { alertRules, parseAlertRules } from "../live/alert_rules.ts";
import { parseRules } from "../risk/mod.ts";
import { parseScenario, specScenario } from "../scenarios/mod.ts";
import { makeStrategy } from "../strategies/mod.ts";
import type { FieldError } from "./problem.ts";
import { type Order, stageOf, stages } from "./stages.ts";

/** What an order comes to. */
export interface Checked {
  readonly errors: readonly FieldError[];
}

/**
 * Checks what a person filled in, each field by itself and all together, by the same code as the command line's:
 * `loadConfig`. The fields of the answer are `stage`, `preset`, `set.<setting>` and `options.<name>`.
 */
export async function checkOrder(order: Order): Promise<Checked> {
  const stage = stageOf(order.stage);
  if (!stage) {
    const names = stages.map(({ name }) => name);
    return { errors: [{ field: "stage", message: `There is no such stage: ${didYouMean(order.stage, names)}` }] };
  }
  const errors: FieldError[] = [];
  const known = await stage.options();
  for (const [name, value] of Object.entries(order.options)) {
    const field = `options.${name}`;
    if (!Object.hasOwn(known, name)) {
      errors.push({ field, message: `is not known: ${didYouMean(name, Object.keys(known))}` });
    } else if (value !== "") {
      const fault = control(value) ??
        (value.startsWith("-") ? "must not begin with -" : faultOf(() => (readers[name] ?? known[name].read)(value)));
      if (fault) errors.push({ field, message: fault });
    }
  }
  if (stage.name === "paper" && order.options.name && !/^[\w-]{1,60}$/.test(order.options.name)) {
    errors.push({ field: "options.name", message: "must be up to 60 letters, digits, _ or -" });
  }
  for (const [name, { required }] of Object.entries(known)) {
    if (required && !order.options[name]) errors.push({ field: `options.${name}`, message: "must be given" });
  }
  if (!Object.hasOwn(presets, order.preset)) {
    errors.push({ field: "preset", message: `is not known: ${didYouMean(order.preset, Object.keys(presets))}` });
  }
  if (!stage.settings && Object.keys(order.set).length > 0) {
    errors.push({ field: "set", message: `must be empty: ${stage.name} takes no settings` });
  }
  for (const [path, value] of Object.entries(order.set)) {
    const fault = control(path) ?? control(value) ?? (path.includes("=") ? "must not hold =" : undefined) ??
      faultOf(() => loadConfig({ set: [`${path}=${value}`] })) ??
      (value !== "" && Object.hasOwn(readers, path) ? faultOf(() => readers[path](value)) : undefined);
    if (fault) errors.push({ field: `set.${path}`, message: fault });
  }
  if (stage.sections.includes("strategy") && !errors.some(({ field }) => field.startsWith("set.strategy."))) {
    const own = Object.entries(order.set).filter(([path]) => path.startsWith("strategy."));
    const { name, ...settings } = loadConfig({ set: own.map(([path, value]) => `${path}=${value}`) }).config.strategy;
    const thrown = thrownBy(() => makeStrategy(String(name), settings));
    const key = thrown?.match(/^Cannot set "([^"]+)"/)?.[1];
    if (thrown) errors.push({ field: `set.strategy.${key ?? "name"}`, message: plain(thrown) });
  }
  if (stage.name === "paper") errors.push(...paperFaults(order.options));
  return { errors };
}

/** What settings and options that are any text to `loadConfig` must be to the stages. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "data.timeframe": parseTimeframe,
  "data.timerange": parseTimerange,
  "risk.rules": parseRules,
  "features.spec": (text) => featureSpecs(text).forEach((one) => parseSpec(one)),
  "scenarios.list": (text) => listed("scenarios", "list", text).forEach((one) => specScenario(parseScenario(one))),
  "paper.alerts": parseAlertRules,
  "paper.kill_on": (text) =>
    listed("paper", "kill_on", text).forEach((one) => option.choice(Object.keys(alertRules), "", "").read(one)),
  timeframe: parseTimeframe,
  since: parseDate,
  until: parseDate,
  bars: (text) => option.number(1, "", { min: 1, whole: true }).read(text),
  speed: (text) => text === "max" || option.number(1, "", { min: 1e-6 }).read(text.replace(/x$/, "")),
};

/** The words of a setting that is a list. */
const listed = (section: "scenarios" | "paper", key: string, text: string): readonly string[] =>
  (loadConfig({ set: [`${section}.${key}=${text}`] }).config[section] as Readonly<Record<string, unknown>>)[
    key
  ] as string[];

/** A trader needs to know what it trades. */
function paperFaults({ exchange, symbol, replay, resume, name }: Readonly<Record<string, string>>): FieldError[] {
  if (resume === "true") {
    return name ? [] : [{ field: "options.name", message: "must be given: which session goes on" }];
  }
  if (replay) return [];
  return [
    ...(exchange ? [] : [{ field: "options.exchange", message: "must be given, or a replay" }]),
    ...(symbol ? [] : [{ field: "options.symbol", message: "must be given, or a replay" }]),
  ];
}

/** What is thrown, in the words that stand beside a field. */
function faultOf(read: () => unknown): string | undefined {
  const thrown = thrownBy(read);
  return thrown === undefined ? undefined : plain(thrown);
}

function thrownBy(read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    return error.message;
  }
}

/** `Cannot set "ppo.gamma" (--set) as it must be …: current value is "2"` → `must be …`. */
const plain = (message: string): string =>
  message.replace(/^Cannot .*? as (?:it )?(?=must |no |ends |there )/s, "").replace(/: current value is .*$/s, "")
    .replace(/\n[^]*$/, ""); // where a terminal points at the place

const control = (text: string): string | undefined =>
  /\p{Cc}/u.test(text) || !text.isWellFormed() ? "must not hold control characters" : undefined;
