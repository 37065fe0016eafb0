import { Command } from "commander";
import { type MonitorReport, monitorStage } from "../pipeline/monitor.ts";
import { levelColumns, levelRows, sizeRows } from "../pipeline/monitor/tables.ts";
import { snakeKeys } from "../pipeline/names.ts";
import { number, percent } from "../report/format.ts";
import { formatTable } from "../report/table.ts";
import { bar, type ConfigOptions, configured, type Context, print, resolve } from "./command.ts";

interface MonitorOptions extends ConfigOptions {
  readonly seconds: string;
  readonly most?: string;
  readonly rounds: string;
  readonly sizes: string;
}

/** `lab monitor`: what this machine gets done, and with how many workers. */
export function monitorCommand(context: Context): Command {
  return configured(new Command("monitor"), { trading: false, tracking: false })
    .description("measure what this machine gets done with 1, 2, 3 … workers, threads and batches, and say what to set")
    .option("--seconds <s>", "length of each measurement", "1.5")
    .option("--most <count>", "workers tried; up to 8 unless given, two more than there are cores")
    .option("--rounds <count>", "measurements of each number of workers", "3")
    .option("--sizes <count>", "measurements of batch, rows and threads; 0: none", "24")
    .addHelpText("after", "\nExample:\n  lab monitor --preset full --sizes 0")
    .action(async (options: MonitorOptions) => {
      const { config } = resolve(options);
      const count = (name: "most" | "rounds" | "sizes", least: number) => {
        const value = Number(options[name]);
        if (Number.isSafeInteger(value) && value >= least) return value;
        throw new RangeError(
          `Cannot measure the machine as --${name} must be a whole number of at least ${least}: current value is ` +
            options[name],
        );
      };
      const deps = { signal: context.signal, progress: (label: string) => bar(label, options) };
      const report = await monitorStage(config, deps, {
        seconds: Number(options.seconds),
        ...(options.most === undefined ? {} : { most: count("most", 1) }),
        rounds: count("rounds", 1),
        sizes: count("sizes", 0),
      });
      print(options, factsOf(report), () => textOf(report));
    });
}

function factsOf(report: MonitorReport): unknown {
  const { machine, levels, decision, threads, parts, sizes, advice, best, memory, seconds } = report;
  return snakeKeys({
    machine,
    workers: levels,
    decision,
    threads,
    parts,
    sizes: sizes?.measured ?? [],
    best,
    memory,
    advice,
    seconds,
  });
}

function textOf(report: MonitorReport): string {
  const { machine, decision, threads, parts, advice, seconds, memory, sizes } = report;
  const gpus = machine.gpus.map(({ name, memoryTotal }) =>
    `, ${name} with ${number(memoryTotal / 1e9, { digits: 0 })} GB`
  );
  return [
    `${machine.cores} cores, ${number(machine.memory / 1e9, { digits: 0 })} GB${
      gpus.join("") || ", no GPU that nvidia-smi shows"
    }`,
    "",
    formatTable(levelRows(report), levelColumns),
    "",
    `Why ${decision.workers}: ${decision.why}`,
    `One worker: ${
      threads.map(({ threads, throughput }) =>
        `${number(throughput)} steps/s with ${threads} thread${threads === 1 ? "" : "s"}`
      ).join(", ")
    }`,
    `Its time: ${parts.map(({ part, share }) => `${part} ${percent(share, { digits: 0 })}`).join(", ")}; ${memory}`,
    ...(sizes
      ? [
        "",
        formatTable(sizeRows(report).slice(0, 8), { labels: { throughput: "Steps/s", measured: "Times measured" } }),
      ]
      : []),
    "",
    ...advice.map((line) => `· ${line}`),
    "",
    `Measured in ${number(seconds, { digits: 0 })} s`,
  ].join("\n");
}
