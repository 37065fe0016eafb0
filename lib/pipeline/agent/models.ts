import { basename, isAbsolute, relative } from "node:path";
import type { PolicyNotes } from "../../agent/policy_file.ts";
import { hashOf } from "../../base/hash.ts";
import { projectPath } from "../../base/project.ts";
import { rng } from "../../base/random.ts";
import { formatDate, formatTimeframe } from "../../base/time.ts";
import { flatten } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import type { ActionMeaning } from "../../env/actions.ts";
import { stateSizeOf } from "../../env/standing.ts";
import { buildFeatures } from "../../features/build.ts";
import type { Scaler } from "../../features/scale.ts";
import { parseSpec, warmupOf } from "../../features/spec.ts";
import type { Candles } from "../../market/candles.ts";
import { synthetic } from "../../market/synthetic.ts";
import type { LoadedMarket } from "../market.ts";
import { type AgentFeatures, agentFeatures } from "./features.ts";

/**
 * What speaks against a model's result on these markets: it learnt from some of the bars, or on others.
 *
 * @param from open of the first bar that it trades, ms UTC
 */
export function seenWarnings({ scaler, symbol }: PolicyNotes, symbols: readonly string[], from: number): string[] {
  const { to } = scaler.fitted;
  const own = symbol.split(" + ");
  const out: string[] = [];
  if (from <= to && symbols.some((name) => own.includes(name))) {
    out.push(
      `The period begins at ${formatDate(from)}, and the agent learnt from bars up to ${formatDate(to)}: it has seen ` +
        `some of what it is tested on.`,
    );
  }
  const here = symbols.join(" + ");
  if (here !== symbol) out.push(`It was trained on ${symbol}, and trades ${here} here.`);
  return out;
}

/** What the notes of a policy are made of. */
export interface NotesInput {
  readonly config: Config;
  readonly source: LoadedMarket;
  readonly features: AgentFeatures;
  readonly scaler: Scaler;
  readonly actions: ActionMeaning;
  readonly commit: string;
}

/** What a policy's file says of itself: all that is needed to use it, and to tell whether it may be used. */
export function notesFor({ config, source, features, scaler, actions, commit }: NotesInput): PolicyNotes {
  const { market } = source;
  const [{ step }] = market.assets;
  return {
    features: features.matrix.names,
    scaler,
    window: config.env.window_size,
    stateSize: stateSizeOf(market.assets.length),
    actions,
    symbol: market.assets.map(({ symbol }) => symbol).join(" + "),
    step,
    commit,
    about: {
      data: source.name,
      data_hash: source.hash,
      features_hash: features.hash,
      specs: JSON.stringify(features.specs),
      probe: JSON.stringify(probe(features.specs, Object.keys(market.assets[0].extra))),
      settings: JSON.stringify(flatten(withoutPlaces(config))),
    },
  };
}

/** The settings with absolute paths cut to names, or to the project: a model's file says nothing of the disk it was made on. */
function withoutPlaces(config: Config): Config {
  const root = projectPath();
  const input = config.data.input.map((one) => {
    if (!isAbsolute(one)) return one;
    const inside = relative(root, one);
    return inside.startsWith("..") || isAbsolute(inside) ? basename(one) : inside;
  });
  return { ...config, data: { ...config.data, input } };
}

/**
 * The features that a policy was trained on, of the market at hand.
 *
 * @param wanted the features that settings ask for, where they do: they must then be those of the policy
 * @throws {RangeError} if the market cannot give those features: another number of assets, other bars, a column that is
 * missing, other specs asked for, or code that computes them differently now
 */
export async function featuresFor(
  notes: PolicyNotes,
  { market }: Pick<LoadedMarket, "market">,
  wanted?: readonly string[],
): Promise<AgentFeatures> {
  const [{ step, extra }] = market.assets;
  const traded = { assets: market.assets.length, step, columns: Object.keys(extra) };
  return await translated(async () => {
    const specs = specsFor(notes, traded, wanted);
    return await agentFeatures(market, specs, notes.features);
  });
}

/**
 * The specs of a policy's features of each asset, for a market of so many assets, such bars and such further columns.
 *
 * @throws {RangeError} as `featuresFor`
 */
export function specsFor(
  { step, actions, about }: PolicyNotes,
  traded: { readonly assets: number; readonly step: number; readonly columns: readonly string[] },
  wanted?: readonly string[],
): readonly string[] {
  if (actions.assets !== traded.assets) {
    refuse(`it was trained to trade ${actions.assets} asset(s): the data have ${traded.assets}`);
  }
  if (traded.step !== step) {
    refuse(`it was trained on bars of ${formatTimeframe(step)}: these are of ${formatTimeframe(traded.step)}`);
  }
  const specs: string[] = JSON.parse(about.specs ?? "null") ?? refuse("its file does not say what its features are");
  if (wanted && (wanted.length !== specs.length || wanted.some((spec, f) => spec.trim() !== specs[f].trim()))) {
    const list = (some: readonly string[]) => some.join(", ");
    const missing = specs.filter((spec) => !wanted.includes(spec));
    const more = wanted.filter((spec) => !specs.includes(spec));
    const apart = [
      ...(missing.length > 0 ? [`missing ${list(missing)}`] : []),
      ...(more.length > 0 ? [`not known to it ${list(more)}`] : []),
      ...(missing.length + more.length === 0 ? ["they are in another order"] : []),
    ];
    refuse(`the features asked for must be those it was trained on: ${apart.join("; ")}`);
  }
  try {
    checkProbe(specs, traded.columns, JSON.parse(about.probe ?? "{}"));
  } catch (error) {
    throw translate(error);
  }
  return specs;
}

const refuse = (why: string, cause?: unknown): never => {
  throw new RangeError(`Cannot use the model as ${why}`, { cause });
};

/** What went wrong with features, said of the model. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (error instanceof SyntaxError || (error instanceof RangeError && !error.message.startsWith("Cannot use"))) {
    return new RangeError(`Cannot use the model as its features cannot be had from these data: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}

/**
 * Values of features over bars that are always the same: they show whether two versions of the code mean the same by a
 * spec. Taken at the last bar, unscaled, by name.
 */
export function probe(specs: readonly string[], columns: readonly string[]): Record<string, number> {
  const warmup = Math.max(...specs.map((spec) => warmupOf(parseSpec(spec, { columns }))));
  const { names, values, time } = buildFeatures(probeCandles(1000 + 2 * warmup, columns), specs);
  const at = (time.length - 1) * names.length;
  return Object.fromEntries(names.map((name, f) => [name, values[at + f]]));
}

function checkProbe(
  specs: readonly string[],
  columns: readonly string[],
  recorded: Readonly<Record<string, number>>,
): void {
  const now = probe(specs, columns);
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-4 * Math.max(1e-3, Math.abs(a), Math.abs(b));
  const other = Object.keys(recorded).filter((name) => name in now && !near(now[name], recorded[name]));
  if (other.length === 0) return;
  refuse(
    `the code now computes ${other.length === 1 ? "a feature" : `${other.length} features`} differently: on the bars ` +
      `that models are compared on, "${other[0]}" was ${recorded[other[0]]} when it was trained and is ${
        now[other[0]]
      } now; train it again, or use the commit it was trained with`,
  );
}

/** Bars that are always the same, and what other columns the data have: noise that depends on the name alone. */
function probeCandles(length: number, columns: readonly string[]): Candles {
  const noise = (name: string) => {
    const random = rng(parseInt(hashOf(name).slice(0, 8), 16));
    return Float64Array.from({ length }, () => 2 * random() - 1);
  };
  const candles = synthetic(length, rng(44), { symbol: "PROBE" });
  return { ...candles, extra: Object.fromEntries(columns.map((name) => [name, noise(name)])) };
}
