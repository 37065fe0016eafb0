import type { Command } from "commander";
import { evaluateCommand, modelsCommand, promoteCommand, trainCommand } from "./agent.ts";
import { backtestCommand } from "./backtest.ts";
import type { Context } from "./command.ts";
import { notebookCommand } from "./notebook.ts";
import { demoCommand, explainCommand, publishCommand, reportCommand, verifyCommand } from "./reports.ts";
import { riskCommand } from "./risk.ts";
import { scenariosCommand } from "./scenarios.ts";
import { checkLeaksCommand, configCommand, featuresCommand, fetchCommand, listCommand } from "./data.ts";

/** Every command of `lab`, in the order of `--help`. */
export function commands(context: Context): Command[] {
  return [
    fetchCommand(context),
    featuresCommand(context),
    checkLeaksCommand(context),
    backtestCommand(context),
    scenariosCommand(context),
    riskCommand(context),
    trainCommand(context),
    evaluateCommand(context),
    promoteCommand(),
    modelsCommand(),
    reportCommand(context),
    demoCommand(context),
    verifyCommand(context),
    explainCommand(),
    publishCommand(),
    notebookCommand(context),
    listCommand(),
    configCommand(),
  ];
}
