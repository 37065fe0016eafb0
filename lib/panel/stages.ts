import { basename } from "node:path";
import { commands } from "../cli/mod.ts";
import { choice, flag, type Option, text } from "../config/option.ts";
import { allNotebooks } from "../pipeline/notebooks.ts";

/** Something of a command line beside settings: `--model`, a notebook's name. */
export interface StageOption extends Option<unknown> {
  readonly required?: boolean;
  /** A word of its own on the command line, not `--name=…`. */
  readonly positional?: boolean;
  /** Several with semicolons, each `--name=…` of its own. */
  readonly repeated?: boolean;
  /** What a form shows in an empty field. */
  readonly example?: string;
}

/** A command that the panel can start. */
export interface Stage {
  readonly name: string; // the command's
  readonly title: string;
  readonly summary: string;
  readonly group: "Data" | "Research" | "Live";
  /** Sections of the settings that bear on it, the first ones first. */
  readonly sections: readonly string[];
  /** Whether `--preset` and `--set` are taken. */
  readonly settings: boolean;
  options(): Promise<Readonly<Record<string, StageOption>>>;
}

const none = () => Promise.resolve({});
const model: StageOption = {
  ...text("candelabra@champion", "candelabra@champion, candelabra/3, or a training's run"),
  required: true,
};

/** What the panel can start, in the order it is shown. */
export const stages: readonly Stage[] = [
  {
    name: "fetch",
    title: "Fetch candles",
    summary: "Candles of an exchange into the cache; only what is not there yet.",
    group: "Data",
    sections: [],
    settings: false,
    options: () =>
      Promise.resolve({
        exchange: { ...text("", "exchange, as ccxt names it"), required: true, example: "binance" },
        symbol: { ...text("", "market"), required: true, example: "BTC/USDT" },
        timeframe: { ...text("1h", "bar length: 1m, 15m, 1h, 1d") },
        since: { ...text("", "first bar"), required: true, example: "2023-01-01" },
        until: { ...text("", "bars that open before it; now unless given"), example: "2024-01-01" },
      }),
  },
  {
    name: "features",
    title: "Build features",
    summary: "Features of candles into the feature store, each with its warm-up.",
    group: "Data",
    sections: ["data", "features", "split"],
    settings: true,
    options: none,
  },
  {
    name: "backtest",
    title: "Backtest",
    summary: "A strategy beside its baselines, fees included.",
    group: "Research",
    sections: ["strategy", "data", "costs", "backtest", "split", "risk", "run"],
    settings: true,
    options: none,
  },
  {
    name: "train",
    title: "Train an agent",
    summary: "PPO agents of several seeds, their model registered, tried on the untouched test part.",
    group: "Research",
    sections: [
      "data",
      "features",
      "ppo",
      "agent",
      "env",
      "train",
      "run",
      "costs",
      "split",
      "backtest",
      "evaluate",
      "risk",
    ],
    settings: true,
    options: () =>
      Promise.resolve({
        resume: flag(false, "go on from the last checkpoint of a training with the same settings and data"),
      }),
  },
  {
    name: "evaluate",
    title: "Evaluate a model",
    summary: "A trained model on the test part or on other candles, beside its baselines.",
    group: "Research",
    sections: ["data", "costs", "backtest", "evaluate", "risk", "run"],
    settings: true,
    options: () => Promise.resolve({ model }),
  },
  {
    name: "scenarios",
    title: "Stress scenarios",
    summary: "How strategies fare in markets gone wrong: crash, drought, gap, reversal.",
    group: "Research",
    sections: ["strategy", "scenarios", "data", "costs", "backtest", "split", "risk", "run"],
    settings: true,
    options: () => Promise.resolve({ model: { ...model, default: "", required: false } }),
  },
  {
    name: "risk",
    title: "Risk",
    summary: "A portfolio's tail, its regimes, and what each rule prevents and costs.",
    group: "Research",
    sections: ["strategy", "risk", "data", "costs", "backtest", "split", "run"],
    settings: true,
    options: () => Promise.resolve({ model: { ...model, default: "", required: false } }),
  },
  {
    name: "tune",
    title: "Sweep",
    summary: "Many trials of settings over workers; the best is judged out of sample.",
    group: "Research",
    sections: ["tune", "data", "features", "ppo", "agent", "env", "train", "run", "costs", "split", "backtest"],
    settings: true,
    options: () =>
      Promise.resolve({
        space: {
          ...text("", "what is searched, with semicolons between; the preset's unless given"),
          example: "ppo.gamma=float(0.8, 0.99); ppo.learning_rate=log(1e-4, 1e-2)",
          repeated: true,
        },
        name: { ...text("", "what the sweep is called; preset and time unless given"), example: "gamma" },
        resume: { ...text("", "a sweep to go on with: no trial that ended is repeated"), example: "gamma" },
        engine: choice(["embedded", "ray"], "embedded", "where trials run: processes here, or a Ray cluster"),
      }),
  },
  {
    name: "report",
    title: "Report",
    summary: "A notebook executed into a page of its own and an MLflow run.",
    group: "Research",
    sections: ["data", "strategy", "costs", "features", "backtest", "run", "report"],
    settings: true,
    options: async () => {
      const names = (await allNotebooks()).map((path) => basename(path, ".ipynb"));
      return { notebook: { ...choice(names, names[0], "which notebook"), required: true, positional: true } };
    },
  },
  {
    name: "paper",
    title: "Paper trading",
    summary: "The backtest's loop on a live or recorded market, with no real money.",
    group: "Live",
    sections: ["strategy", "paper", "risk", "costs", "backtest", "data", "run"],
    settings: true,
    options: () =>
      Promise.resolve({
        exchange: { ...text("", "exchange whose bars are traded; empty with a replay"), example: "binance" },
        symbol: { ...text("", "what is traded there; several with commas"), example: "BTC/USDT" },
        timeframe: { ...text("", "bar length"), example: "1m" },
        replay: { ...text("", "recorded candles instead: a file, a symbol, a session"), example: "BTC/USD" },
        speed: { ...text("", "of a replay: 1000x, or max"), example: "1000x" },
        model: { ...model, default: "", required: false, help: "a model; empty: the strategy below" },
        name: { ...text("", "the session's name, kept in data/paper; made up unless given"), example: "btc" },
        bars: { ...text("", "ends after so many bars"), example: "1440" },
        resume: flag(false, "go on with the session of that name, from its last bar"),
        "clear-kill": flag(false, "release its kill switch, with resume"),
      }),
  },
];

/** The stage of that name, if the panel can start it. */
export const stageOf = (name: string): Stage | undefined => stages.find((stage) => stage.name === name);

/** Why a stage can't be started now; nothing when it can. */
export function unavailable({ name }: Stage): string | undefined {
  return Object.hasOwn(commands, name) ? undefined : `This version has no command \`lab ${name}\``;
}

/** What a person filled in. */
export interface Order {
  readonly stage: string;
  readonly preset: string;
  readonly set: Readonly<Record<string, string>>; // by setting: "ppo.gamma": "0.9"
  readonly options: Readonly<Record<string, string>>;
}

/** The order with what a person may leave to the panel: a trader gets a name, by which its kill switch finds it. */
export function completed(order: Order): Order {
  if (order.stage !== "paper" || order.options.name) return order;
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
  return { ...order, options: { ...order.options, name: `panel-${time}-${crypto.randomUUID().slice(0, 4)}` } };
}

/** The command line of an order that was checked: words, never a shell's text. */
export async function commandLine({ stage: name, preset, set, options }: Order): Promise<string[]> {
  const stage = stageOf(name)!;
  const known = await stage.options();
  const words = Object.entries(options).flatMap(([key, value]) => {
    const { kind, positional, repeated } = known[key];
    if (value === "") return [];
    if (kind.type === "flag") return value === "true" ? [`--${key}`] : [];
    if (repeated) return value.split(";").filter((one) => one.trim() !== "").map((one) => `--${key}=${one.trim()}`);
    return [positional ? value : `--${key}=${value}`];
  });
  const settings = stage.settings
    ? [`--preset=${preset}`, ...Object.entries(set).flatMap(([path, value]) => ["--set", `${path}=${value}`])]
    : [];
  return [name, ...words, ...settings];
}
