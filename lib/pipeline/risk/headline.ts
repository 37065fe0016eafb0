import { tradeAll } from "../../agent/policy_strategy.ts";
import {
  backtest,
  type BacktestOptions,
  type BacktestResult,
  type Estimate,
  interquartileEstimate,
  interquartileMean,
  resultMetrics,
} from "../../backtest/mod.ts";
import type { Config } from "../../config/schema.ts";
import { slice } from "../../market/candles.ts";
import type { Market } from "../../market/market.ts";
import type { BarRange } from "../../market/split.ts";
import { checkRules, parseRules, type RiskRule } from "../../risk/mod.ts";
import { calibrate, parseScenario, type ScenarioSpec, specScenario } from "../../scenarios/mod.ts";
import { stressed } from "../../scenarios/trial.ts";
import { makeStrategy } from "../../strategies/mod.ts";
import { optionsOf } from "../backtest.ts";
import { barOf, breath, type Deps } from "../deps.ts";
import type { PolicyOfSeed } from "../evaluate.ts";
import { type LoadedMarket, loadMarket } from "../market.ts";
import { type ModelRun, openModelRun } from "../scenarios/model.ts";

/** What the numbers of a headline are. */
export const headlineKeys = ["totalReturn", "sharpeRatio", "sortinoRatio", "maxDrawdown"] as const;

export type HeadlineKey = (typeof headlineKeys)[number];

/**
 * What the project that this one grew out of reported of its agent with position sizing, stops and a drawdown limit,
 * tested under flash crashes and low liquidity: one figure, without seeds or an interval.
 */
export const earlierHeadline: Readonly<Record<HeadlineKey, number>> = {
  totalReturn: 0.0142,
  sharpeRatio: 0.43,
  sortinoRatio: 0.6,
  maxDrawdown: -0.0426,
};

/** One account, or the agents of several seeds, in one condition. */
export interface HeadlineRow extends Readonly<Record<HeadlineKey, Estimate>> {
  readonly condition: string; // "as recorded", or a scenario
  readonly strategy: string;
  readonly guarded: boolean; // whether the rules watched over it
  readonly seeds: number; // agents; 1 of a strategy
  readonly draws: number; // markets that the figures are means over
}

/** Rules that could have been, and what the agents did under them on the validation part. */
export interface HeadlineChoice {
  readonly rules: string;
  readonly maxDrawdown: number; // interquartile mean over seeds
  readonly totalReturn: number;
  readonly sharpeRatio: number;
  readonly chosen: boolean;
}

/** Agents and baselines on bars that nothing was chosen by, with and without rules, as recorded and under stress. */
export interface HeadlineReport {
  readonly source: LoadedMarket;
  readonly rules: string; // chosen on the validation part
  readonly choices: readonly HeadlineChoice[];
  readonly specs: Readonly<Record<string, ScenarioSpec>>; // severity from the training part
  readonly rows: readonly HeadlineRow[];
  /** The numbers a run records and `verify` compares. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** How a headline is made. */
export interface HeadlineOptions {
  /** Rules to choose from. */
  readonly rules: readonly string[];
  /** Scenarios, as `parseScenario` reads them. */
  readonly scenarios?: readonly string[];
  /** Markets drawn of each. */
  readonly draws?: number;
  /** Drawdown that the agents shall stay within on the validation part: the best Sharpe ratio of rules that do is taken. */
  readonly budget?: number;
}

/**
 * Lets agents of several seeds and baselines trade the period that settings name, with risk rules and without, on the
 * bars as recorded and under stress. Agents learnt on the training part, which severity is taken from as well; their
 * weights were chosen on the validation part, and so are the rules: the best Sharpe ratio of those that kept the agents'
 * drawdown there within the budget, or else the smallest drawdown. Nothing is chosen by the period shown.
 *
 * @throws {RangeError} if there is no policy or no rule, a scenario is unknown, or the bars are too few
 */
export async function headlineStage(
  config: Config,
  policies: readonly PolicyOfSeed[],
  options: HeadlineOptions,
  deps: Deps = {},
): Promise<HeadlineReport> {
  const { rules, scenarios = ["flash_crash", "low_liquidity"], draws = 8 } = options;
  const { budget = -earlierHeadline.maxDrawdown } = options;
  if (policies.length === 0 || rules.length === 0) {
    throw new RangeError(
      `Cannot compare under risk rules as there must be a policy and rules at least: there are ${policies.length} and ${rules.length}`,
    );
  }
  const sets = rules.map((text) => parseRules(text).map(({ rule }) => rule));
  for (const text of scenarios) parseScenario(text);
  const source = await loadMarket(config, deps);
  const { market, split, period } = source;
  for (const text of rules) checkRules(parseRules(text), split.validation.to, market.assets.length);
  const training = market.assets.map((one) => slice(one, split.train.from, split.train.to));
  const severity = calibrate(training, config.scenarios.weeks ?? undefined).settings;
  const specs = Object.fromEntries(
    scenarios.map((text) => [text.replaceAll("_", " "), parseScenario(text, severity)]),
  );

  using bar = barOf(deps, "Under risk rules");
  const total = policies.length * (2 + scenarios.length * draws) + 1;
  const pause = breath(deps);
  let done = 0;
  const step = async (what: string) => {
    await pause();
    bar.update(done++, total, what);
  };
  await using stack = new AsyncDisposableStack();
  const agents: ModelRun[] = [];
  for (const policy of policies) agents.push(stack.use(await openModelRun({ policies: [policy] }, source)));
  /** Results of every agent under each set of rules, all of which it goes through at once. [agents][risks] */
  const tradeUnder = async (what: string, { market, from, to }: Span, risks: readonly RiskRule[][]) => {
    const features = agents[0].featuresOf(market);
    const each = risks.map((risk) => ({ risk }));
    const own = { ...optionsOf(config, source), from, to, each, ...(deps.signal ? { signal: deps.signal } : {}) };
    const results: BacktestResult[][] = [];
    for (const agent of agents) {
      await step(what);
      const traded = await tradeAll(risks.map(() => market), agent.traderOn(features), own);
      results.push(traded.map(({ result }) => result));
    }
    return results;
  };

  const onValidation = await tradeUnder("rules on the validation part", { market, ...split.validation }, sets);
  const tried = rules.map((text, i): HeadlineChoice => {
    const found = onValidation.map((results) => resultMetrics(results[i]));
    const mean = (key: HeadlineKey) => interquartileMean(found.map((one) => one[key]));
    return {
      rules: text,
      ...{ maxDrawdown: mean("maxDrawdown"), totalReturn: mean("totalReturn"), sharpeRatio: mean("sharpeRatio") },
      chosen: false,
    };
  });
  const place = placeOfBest(tried, budget);
  const choices = tried.map((one, i) => ({ ...one, chosen: i === place }));
  const risk = sets[place];

  const rows: HeadlineRow[] = [];
  const estimation = { resamples: config.evaluate.resamples, seed: config.run.seed };
  for (const [condition, spans] of conditionsOf(market, period, specs, training, draws, config.run.seed)) {
    /** @param found of every run, on every market */
    const add = (strategy: string, guarded: boolean, found: readonly (readonly BacktestResult[])[]) => {
      const each = found.map((results) => {
        const all = results.map((result) => resultMetrics(result));
        return byKey((key) => all.reduce((sum, one) => sum + one[key] / all.length, 0));
      });
      const estimates = byKey((key) => interquartileEstimate([each.map((one) => one[key])], estimation));
      rows.push({ condition, strategy, guarded, seeds: found.length, draws: spans.length, ...estimates });
    };
    const ofAgents: BacktestResult[][][] = []; // [markets][agents][with rules, without]
    for (const span of spans) ofAgents.push(await tradeUnder(condition, span, [risk, []]));
    for (const [i, guarded] of [true, false].entries()) {
      add("PPO agent", guarded, agents.map((_, a) => ofAgents.map((results) => results[a][i])));
    }
    for (const name of ["buy_and_hold", "momentum"]) {
      await pause();
      for (const guarded of [true, false]) {
        const results = spans.map(({ market, from, to }) => {
          const own = { ...optionsOf(config, source), from, to, ...(guarded ? { risk } : {}) };
          return backtest(market, makeStrategy(name), own);
        });
        add(name.replaceAll("_", " "), guarded, [results]);
      }
    }
  }
  bar.update(total, total);
  return { source, rules: rules[place], choices, specs, rows, numbers: numbersOf(rows, choices) };
}

/** The best Sharpe ratio of those within the budget; the smallest drawdown where none is. */
function placeOfBest(tried: readonly HeadlineChoice[], budget: number): number {
  const within = tried.filter(({ maxDrawdown }) => -maxDrawdown <= budget);
  const best = within.length > 0
    ? within.reduce((a, b) => (b.sharpeRatio > a.sharpeRatio ? b : a))
    : tried.reduce((a, b) => (b.maxDrawdown > a.maxDrawdown ? b : a));
  return tried.indexOf(best);
}

/** A record of what `of` gives for each number of a headline. */
export const byKey = <T>(of: (key: HeadlineKey) => T) =>
  Object.fromEntries(headlineKeys.map((key) => [key, of(key)])) as Record<HeadlineKey, T>;

type Span = Required<Pick<BacktestOptions, "from" | "to">> & { readonly market: Market };

/** The period as recorded, and draws of each scenario. */
function conditionsOf(
  market: Market,
  { from, to }: BarRange,
  specs: Readonly<Record<string, ScenarioSpec>>,
  training: Parameters<typeof specScenario>[1],
  draws: number,
  seed: number,
): [string, Span[]][] {
  const stress = (spec: ScenarioSpec): Span[] =>
    Array.from({ length: draws }, (_, trial) => {
      const { market: bars, lead } = stressed({ market, from, to, seed }, [specScenario(spec, training)], trial);
      return { market: bars, from: lead, to: bars.length };
    });
  return [
    ["as recorded", [{ market, from, to }]],
    ...Object.entries(specs).map(([name, spec]): [string, Span[]] => [name, stress(spec)]),
  ];
}

function numbersOf(rows: readonly HeadlineRow[], choices: readonly HeadlineChoice[]): Record<string, number> {
  const slug = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "_");
  const snake = {
    totalReturn: "total_return",
    sharpeRatio: "sharpe",
    sortinoRatio: "sortino",
    maxDrawdown: "drawdown",
  };
  return Object.fromEntries([
    ...rows.flatMap((row) => {
      const name = `${slug(row.condition)}/${slug(row.strategy)}${row.guarded ? "_under_rules" : ""}`;
      return headlineKeys.flatMap((key) => {
        const { point, low, high } = row[key];
        const ends = row.seeds > 1 ? [[`${name}/${snake[key]}_low`, low], [`${name}/${snake[key]}_high`, high]] : [];
        return [[`${name}/${snake[key]}`, point], ...ends];
      });
    }),
    ["rules_chosen", choices.findIndex(({ chosen }) => chosen)],
  ]);
}
