import { type Displayable, displayed } from "../../base/display.ts";
import { escapeHtml } from "../../base/progress.ts";
import type { Config } from "../../config/schema.ts";
import { count, number, percent } from "../../report/format.ts";
import { type Summary, summary } from "../../report/summary.ts";
import type { MonitorReport } from "../monitor.ts";
import { addsText } from "./advice.ts";

/** Header of a report on the machine. */
export function monitorSummary(report: MonitorReport, config: Config): Summary & Displayable {
  const { machine, levels, decision, threads, parts, best, advice, othersBusy, seconds, kind } = report;
  const { workers } = decision;
  const speed = (i: number) => othersBusy ? levels[i].quiet : levels[i].throughput;
  const [one, chosen] = [speed(0), speed(workers - 1)];
  const next = levels[workers];
  const times = number(chosen / one, { digits: 2 });
  return summary({
    finding: `${count(workers, "worker")} ${workers === 1 ? "does" : "do"} ${times} times the work of one${
      othersBusy ? " by processor time, other programs left out," : ""
    } on this machine's ${count(machine.cores, "core")}${
      next ? `; one more adds ${addsText(next.adds)}, so more do not help` : ""
    }.`,
    tiles: [
      { label: "Workers", value: String(workers), beside: `${times} times one${othersBusy ? " if quiet" : ""}` },
      {
        label: "Steps/s",
        value: number(levels[workers - 1].throughput, { digits: 0 }),
        beside: `one ${number(levels[0].throughput, { digits: 0 })}${othersBusy ? ", others at work" : ""}`,
      },
      { label: "Threads", value: String(best.threads), beside: `${count(threads.length, "setting")} tried` },
      {
        label: "Learning",
        value: percent(parts.find(({ part }) => part === "update")?.share ?? 0, { digits: 0 }),
        beside: "of a worker's time",
      },
    ],
    badges: [{
      label: "quiet machine",
      verdict: othersBusy
        ? `other programs used ${number(machine.busy, { digits: 1 })} of ${count(machine.cores, "core")}`
        : "no other program used much",
      passed: !othersBusy,
    }],
    provenance: {
      data: config.data.input.join(" "),
      features: config.features.spec,
      network: `${config.agent.trunk} ${config.agent.net_arch.join("×")}`,
      workers: kind,
      cores: String(machine.cores),
      memory: `${number(machine.memory / 1e9, { digits: 0 })} GB`,
      gpus: machine.gpus.map(({ name }) => name).join(", ") || "none",
      measured: `${number(seconds, { digits: 0 })} s`,
    },
    metrics: {
      "monitor/workers": workers,
      "monitor/speedup": chosen / one,
      "monitor/steps_per_second": levels[workers - 1].throughput,
      "monitor/advice": advice.length,
    },
  });
}

/** Advice, a line each. */
export function adviceList({ advice }: MonitorReport): Displayable {
  const html = `<ol>${advice.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ol>`;
  return displayed({ advice }, () => ({ "text/html": html, "text/plain": advice.join("\n") }));
}
