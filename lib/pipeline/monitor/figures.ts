import type { Figure } from "../../report/figure.ts";
import { capital, number } from "../../report/format.ts";
import type { Series } from "../../report/plots/inputs.ts";
import { linesOverTime } from "../../report/plots/rolling.ts";
import { throughputByWorkers } from "../../report/plots/throughput_by_workers.ts";
import { timeByPart } from "../../report/plots/time_by_part.ts";
import type { Sample } from "../../resources/metrics.ts";
import type { MonitorReport } from "../monitor.ts";

/** What the parts of a training are, in words. */
const partNames: Readonly<Record<string, string>> = {
  update: "learning",
  look: "asking the policy",
  env: "the market",
  validate: "trials on validation",
  save: "checkpoints",
  other: "the rest",
};

/** Figures of what a machine can do, drawn when asked for. */
export function monitorFigures({ levels, decision, parts, samples, memory, othersBusy, kind }: MonitorReport) {
  const own = kind === "threads" ? "workers" : "this process"; // threads are in this process
  const time = samples.map(({ time }) => time);
  const series = (name: string, of: (sample: Sample) => number): Series => ({ name, values: samples.map(of) });
  const range = (values: readonly number[]) => {
    const [least, most] = [Math.min, Math.max].map((end) => number(end(...values), { digits: 1 }));
    return least === most ? most : `${least} to ${most}`;
  };
  return {
    workers: (): Figure =>
      throughputByWorkers({
        workers: levels.map(({ workers }) => workers),
        throughput: levels.map(({ throughput }) => throughput),
        ...(othersBusy ? { quiet: levels.map(({ quiet }) => quiet) } : {}),
        advised: decision.workers,
      }),
    time: (): Figure => timeByPart({ parts: parts.map((one) => ({ ...one, about: partNames[one.part] ?? one.part })) }),
    cores(): Figure {
      const all = samples.map(({ cpu }) => cpu * navigator.hardwareConcurrency);
      return linesOverTime({
        what: "Cores in use",
        time,
        series: [
          { name: "all programs", values: all },
          series("workers", ({ workersCpu, ownCpu }) => kind === "threads" ? ownCpu : workersCpu || 0),
        ],
      }, {
        title: "Processors while it was measured",
        caption:
          `All programs used ${range(all)} of ${navigator.hardwareConcurrency} cores. Between two measurements ` +
          `workers load and compile.`,
      });
    },
    memory(): Figure {
      const megabytes = (of: (sample: Sample) => number) => (sample: Sample) => of(sample) / 1e6;
      return linesOverTime({
        what: "Memory, MB",
        time,
        series: [
          ...(kind === "threads" ? [] : [series("workers", megabytes(({ workersRss }) => workersRss || 0))]),
          series(own, megabytes(({ ownRss }) => ownRss)),
        ],
        digits: 0,
      }, { title: "Memory while it was measured", caption: `${capital(memory)}.` });
    },
  };
}
