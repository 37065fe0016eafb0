import type { Command } from "commander";
import type { Context } from "./command.ts";

/** A command: its line in `lab --help`, and its code, which is loaded when it is asked for. */
export interface CommandEntry {
  readonly summary: string;
  load(context: Context): Promise<Command>;
}

/** Every command of `lab`, in the order of `--help`. What each may do is in `lib/launch.ts`. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  fetch: {
    summary: "candles of an exchange; only what is not there yet",
    load: async (context) => (await import("./data.ts")).fetchCommand(context),
  },
  features: {
    summary: "features of candles, into a file",
    load: async (context) => (await import("./data.ts")).featuresCommand(context),
  },
  "check-leaks": {
    summary: "whether features look ahead",
    load: async (context) => (await import("./data.ts")).checkLeaksCommand(context),
  },
  backtest: {
    summary: "a strategy beside its baselines, as an MLflow run",
    load: async (context) => (await import("./backtest.ts")).backtestCommand(context),
  },
  scenarios: {
    summary: "how strategies fare in markets gone wrong",
    load: async (context) => (await import("./scenarios.ts")).scenariosCommand(context),
  },
  risk: {
    summary: "a portfolio's tail, regimes and rules",
    load: async (context) => (await import("./risk.ts")).riskCommand(context),
  },
  train: {
    summary: "a PPO agent, its model, and how it does",
    load: async (context) => (await import("./agent.ts")).trainCommand(context),
  },
  evaluate: {
    summary: "a trained model on the test part or other candles",
    load: async (context) => (await import("./agent.ts")).evaluateCommand(context),
  },
  tune: {
    summary: "search PPO's settings; the winner deflated by all that was tried",
    load: async (context) => (await import("./tune.ts")).tuneCommand(context),
  },
  paper: {
    summary: "a model or strategy on live bars, with money on paper",
    load: async (context) => (await import("./paper.ts")).paperCommand(context),
  },
  monitor: {
    summary: "what this machine gets done; workers, threads, rows to set",
    load: async (context) => (await import("./monitor.ts")).monitorCommand(context),
  },
  promote: {
    summary: "make a version of the model the champion",
    load: async () => (await import("./agent.ts")).promoteCommand(),
  },
  models: {
    summary: "the registered versions of the model",
    load: async () => (await import("./agent.ts")).modelsCommand(),
  },
  report: {
    summary: "notebooks into HTML pages and MLflow runs",
    load: async (context) => (await import("./reports.ts")).reportCommand(context),
  },
  demo: {
    summary: "every notebook on the bundled candles",
    load: async (context) => (await import("./reports.ts")).demoCommand(context),
  },
  verify: {
    summary: "execute a tracked run again and compare every number",
    load: async (context) => (await import("./reports.ts")).verifyCommand(context),
  },
  explain: {
    summary: "where a report came from",
    load: async () => (await import("./pages.ts")).explainCommand(),
  },
  publish: {
    summary: "reports that may be shown, as a static site",
    load: async () => (await import("./pages.ts")).publishCommand(),
  },
  notebook: {
    summary: "JupyterLab with the project's kernel",
    load: async (context) => (await import("./notebook.ts")).notebookCommand(context),
  },
  panel: {
    summary: "start, watch and stop stages in a browser",
    load: async (context) => (await import("./panel.ts")).panelCommand(context),
  },
  list: {
    summary: "what there is: samples, indicators, strategies, settings, …",
    load: async () => (await import("./list.ts")).listCommand(),
  },
  config: {
    summary: "settings as resolved, and where each came from",
    load: async () => (await import("./config.ts")).configCommand(),
  },
};
