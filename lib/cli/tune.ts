import { Command, Option } from "commander";
import { writeStandardError } from "../base/standard_error.ts";
import { presets } from "../config/presets.ts";
import { defaults } from "../config/schema.ts";
import { samplers } from "../hyperopt/samplers.ts";
import { schedulers } from "../hyperopt/schedulers.ts";
import { formatSpace } from "../hyperopt/space.ts";
import { deleteTrial, openStudy } from "../hyperopt/study.ts";
import { snakeKeys } from "../pipeline/names.ts";
import { listSweeps, otherSweeps, readSweep, type Sweep } from "../pipeline/sweep/sweep.ts";
import { engines } from "../pipeline/sweep/engine.ts";
import { openSweepHoldout } from "../pipeline/sweep/holdout.ts";
import { otherSweepsVerdict, sweepVerdict, trialTable } from "../pipeline/sweep/tables.ts";
import { resumedConfig, tableRow, trackedTune, type TuneOptions } from "../pipeline/tune.ts";
import { duration } from "../report/format.ts";
import { agentFacts, agentLines } from "./agent.ts";
import { bar, type ConfigOptions, configured, type Context, print, resolve, runLines } from "./command.ts";
import { onEvent } from "./events.ts";
import { trialLines } from "./trial_lines.ts";

interface Options extends ConfigOptions {
  readonly trials?: string;
  readonly sampler?: string;
  readonly scheduler?: string;
  readonly workers?: string;
  readonly folds?: string;
  readonly seeds?: string;
  readonly timesteps?: string;
  readonly seconds?: string;
  readonly space: readonly string[];
  readonly name?: string;
  readonly resume?: string;
  readonly engine: string;
  readonly address?: string;
  readonly storagePath?: string;
  readonly openHoldout?: string | boolean;
  readonly show?: string | boolean;
  readonly delete?: string;
}

/** Options that stand for settings. */
const paths = {
  trials: "tune.trials",
  sampler: "tune.sampler",
  scheduler: "tune.scheduler",
  workers: "tune.workers",
  folds: "tune.folds",
  seeds: "tune.seeds",
  timesteps: "tune.timesteps",
  seconds: "tune.seconds",
} as const;

/** `lab tune`: searches settings of PPO, goes on with a search, shows one, opens its hold-out. */
export function tuneCommand(context: Context): Command {
  const collect = (value: string, all: readonly string[]) => [...all, value];
  const { tune } = defaults();
  const names = (table: Readonly<Record<string, { readonly help: string }>>) =>
    Object.entries(table).map(([name, { help }]) => `${name} (${help})`).join("; ");
  return configured(new Command("tune"), { trading: false })
    .description(
      "search settings of PPO: trials on walk-forward folds before the test part, several at once, stopped early where " +
        "others do better; the winner deflated by all that was tried",
    )
    .argument("[preset]", `starting point: ${Object.keys(presets).join(", ")}`)
    .option("--trials <count>", `trials, those stopped early among them; ${tune.trials} unless given`)
    .addOption(new Option("--sampler <name>", `${names(samplers)}; ${tune.sampler} unless given`))
    .addOption(new Option("--scheduler <name>", `${names(schedulers)}; ${tune.scheduler} unless given`))
    .option("--workers <count>", "trials at once; auto, unless given: as many as are found to pay")
    .option("--folds <count>", `walk-forward folds; ${tune.folds} unless given`)
    .option("--seeds <count>", `agents trained in each fold; ${tune.seeds} unless given`)
    .option("--timesteps <count>", "env steps of each agent; the preset's unless given")
    .option("--seconds <count>", "longest the sweep may take now; --resume goes on")
    .addOption(
      new Option("--space <parameter>", 'what is searched, such as "ppo.gamma=float(0.8, 0.99)"; may be repeated')
        .argParser(collect).default([], "the preset's"),
    )
    .option("--name <name>", "what the sweep is called; preset and time unless given")
    .option("--resume <name>", "go on with a sweep: no trial that ended is repeated")
    .addOption(new Option("--engine <name>", names(engines)).choices(Object.keys(engines)).default("embedded"))
    .option(
      "--address <address>",
      "where a Ray cluster is: auto, host:6379, ray://host:10001; RAY_ADDRESS unless given",
    )
    .option("--storage-path <folder>", "folder of sweeps, seen by all machines; mlflow_runs/.sweeps unless given")
    .option("--open-holdout [name]", "let the winner trade the test part, once: of a sweep, or of this one at its end")
    .option("--show [name]", "show a sweep, or which there are")
    .option("--delete <name:trial>", "take a trial whose result is wrong out of the running; it still counts as tried")
    .addHelpText(
      "after",
      '\nExample:\n  lab tune quick --trials 30 --space "ppo.learning_rate=log(1e-4, 1e-2)" --space "ppo.gamma=float(0.5, 0.99)"\n' +
        "\nMore by --set: tune.objective, tune.trial_seconds, tune.trial_memory; lab list spaces shows what is searched.",
    )
    .action((preset: string | undefined, options: Options) => act(context, preset, options));
}

async function act(context: Context, preset: string | undefined, options: Options): Promise<void> {
  const { storagePath: storage, openHoldout, show } = options;
  if (show === true) {
    const sweeps = await listSweeps(storage);
    return print(
      options,
      sweeps,
      () => sweeps.length === 0 ? "There is no sweep: lab tune begins one" : sweeps.join("\n"),
    );
  }
  if (typeof show === "string") {
    const sweep = await readSweep(show, storage);
    const lines = await sweepLines(sweep);
    return print(options, sweepFacts(sweep), () => lines.join("\n"));
  }
  if (options.delete !== undefined) return await removeTrial(options.delete, options);
  const set = Object.entries(paths).flatMap(([name, path]) => {
    const value = options[name as keyof typeof paths];
    if (value === undefined) return [];
    return [`${path}=${name === "workers" && value === "auto" ? "none" : value}`];
  });
  const resolved = resolve({ ...options, ...(preset === undefined ? {} : { preset }), set: [...set, ...options.set] });
  const where = storage === undefined ? {} : { storage };
  const deps = {
    signal: context.signal,
    progress: (label: string) => bar(label, options),
    ...(onEvent ? { onEvent } : {}),
  };
  const holdout = async (name: string) => {
    const done = await openSweepHoldout(name, resolved, deps, where);
    print(options, { ...agentFacts(done.evaluation), metrics: done.numbers, run: done.run }, () =>
      [
        `The winner of "${name}" on the test part, which no trial has seen:`,
        ...agentLines(done.evaluation),
        ...runLines(done.run, resolved.config),
      ].join("\n"));
  };
  if (typeof openHoldout === "string") return await holdout(openHoldout);

  const name = options.resume;
  if (name !== undefined && options.space.length > 0) {
    throw new RangeError(
      `Cannot change the space of the sweep "${name}" as what its trials are must stay: leave --space out`,
    );
  }
  const loaded = name === undefined ? resolved : resumedConfig(resolved, name, storage);
  let shown = name;
  const quiet = Boolean(options.json) && !Deno.stderr.isTerminal();
  const started = performance.now();
  const lines = trialLines((text) => quiet || writeStandardError(text), terminalWidth());
  const address = options.address ?? loaded.settings.rayAddress;
  const tuning: TuneOptions = {
    ...where,
    ...(name === undefined ? {} : { resume: name }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.space.length === 0 ? {} : { space: options.space }),
    ...(address === undefined ? {} : { address }),
    openEngine: await engines[options.engine].load(),
    onStatus(status) {
      shown = status.name;
      lines.update(status);
    },
  };
  const again = () => `deno task tune --resume ${shown}${storage === undefined ? "" : ` --storage-path ${storage}`}`;
  const progress = (label: string) => label.startsWith("Sweep ") ? nothing : bar(label, options);
  const done = await trackedTune(loaded, { ...deps, progress }, tuning).catch((error) => {
    lines[Symbol.dispose]();
    if (!context.signal.aborted || shown === undefined) throw error;
    throw new DOMException(`Interrupted. What was finished is kept: ${again()} goes on with the rest.`, "AbortError");
  });
  lines[Symbol.dispose]();
  const summary = await sweepLines(done);
  print(options, { ...sweepFacts(done), stopped: done.stopped, metrics: done.numbers, run: done.run }, () =>
    [
      ...summary,
      ...(done.stopped === "seconds" ? ["", `Its time was over: ${again()} goes on.`] : []),
      ...(done.best
        ? [
          "",
          "best_config.json is among the run's artifacts: deno task train --config best_config.json trains the winner.",
          ...(openHoldout || done.stopped === "seconds"
            ? []
            : [`deno task tune --open-holdout ${done.name} lets it trade the test part: once.`]),
        ]
        : []),
      "",
      `${duration(performance.now() - started)}; workers: ${done.workers}`,
      ...runLines(done.run, loaded.config),
    ].join("\n"));
  if (openHoldout === true) await holdout(done.name);
}

async function removeTrial(which: string, options: Options): Promise<void> {
  const [, name, trial] = which.match(/^(.+):(\d+)$/s) ?? [];
  if (name === undefined) {
    throw new RangeError(
      `Cannot delete "${which}" as it must be a sweep and a trial of it, such as quick-20260102-030405:7`,
    );
  }
  const { folder } = await readSweep(name, options.storagePath); // says which there are
  {
    await using study = openStudy(folder);
    deleteTrial(study, Number(trial), "asked for");
  }
  const sweep = await readSweep(name, options.storagePath);
  const lines = await sweepLines(sweep);
  print(options, sweepFacts(sweep), () => lines.join("\n"));
}

const nothing = { update() {}, [Symbol.dispose]() {} };

function terminalWidth(): number {
  if (!Deno.stderr.isTerminal()) return 0;
  try {
    return Deno.consoleSize().columns || 100; // a terminal that does not tell says 0
  } catch {
    return 100; // not a console
  }
}

async function sweepLines(sweep: Sweep): Promise<string[]> {
  const { count } = sweep;
  return [
    trialTable(sweep).text,
    "",
    ...sweepVerdict(sweep),
    ...otherSweepsVerdict(await otherSweeps(sweep)),
    ...(count.holdout ? [`Its hold-out was opened at ${count.holdout.at} for trial ${count.holdout.trial}.`] : []),
  ];
}

function sweepFacts(sweep: Sweep) {
  const { name, spec, rows, best, count, deflated, deflatedFinished, overfitting, ledgerHead, config, space } = sweep;
  return {
    ...{
      name,
      data: spec.data,
      space: formatSpace(space).split("\n"),
      sampler: spec.sampler,
      scheduler: spec.scheduler,
    },
    ...{ seed: spec.seed, seeds: spec.seeds, folds: spec.folds, rungs: spec.rungs },
    trials: rows.map(tableRow),
    best: best ? tableRow(best) : null,
    best_config: config ?? null,
    count: snakeKeys(count),
    deflated_sharpe: deflated ? snakeKeys(deflated) : null,
    deflated_sharpe_finished: deflatedFinished ? snakeKeys(deflatedFinished) : null,
    overfitting: overfitting
      ? {
        ...{ probability: overfitting.probability, loss: overfitting.loss, slope: overfitting.slope },
        trials: overfitting.trials,
      }
      : null,
    ledger: ledgerHead,
  };
}
