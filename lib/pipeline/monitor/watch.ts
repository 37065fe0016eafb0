import { log } from "../../base/log.ts";
import { throughputAlert } from "../../resources/alert.ts";
import { advise, memoryTrend, type Part, partsOf, whereTimeGoes } from "../../resources/analyse.ts";
import { type Collector, openCollector, type Sample, systemMetrics } from "../../resources/metrics.ts";
import type { Run } from "../../track/run.ts";
import type { Deps } from "../deps.ts";
import type { OnPart } from "./parts.ts";

/** What is watched of a run. */
export interface WatchOptions {
  readonly every: number; // seconds between samples; 0: nothing is watched
  readonly alert: number; // share of the run's own first throughput, a fall by which is told
  readonly worker?: string; // what the process calls itself in the table of workers
}

/** Somebody who looks on while a run works. Disposing writes what was seen to the run, as `monitoring.json`. */
export interface RunWatch extends AsyncDisposable {
  readonly onPart: OnPart;
  /** Env steps done so far; fewer than before where another training begins. */
  progress(steps: number): void;
}

/**
 * Logs the machine's metrics to a run while it works, under MLflow's names and with their history, tells them to whoever
 * watches, and warns when throughput falls below what the run did in its first minutes. Nothing that the run computes is
 * touched; some 2 ms of processor time are spent every few seconds.
 */
export function watchRun(run: Run, { onEvent = () => {} }: Deps, options: WatchOptions): RunWatch {
  const { every, alert: share, worker = "training" } = options;
  if (every === 0) return { onPart() {}, progress() {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  const watch = throughputAlert({ share });
  const began = performance.now();
  let [steps, stepped, since] = [0, 0, began]; // the last count, those since the sample before, and its time
  let alerting = 0;

  function onSample(sample: Sample, index: number) {
    const now = performance.now();
    const throughput = stepped / ((now - since) / 1000);
    const metrics = systemMetrics(sample);
    if (stepped > 0) {
      metrics["system/steps_per_second"] = throughput;
      const change = watch((now - began) / 1000, throughput);
      if (change) {
        alerting = Number(change.on);
        log(change.on ? "warn" : "info", change.text);
        onEvent({ kind: "alert", name: "throughput", ...change });
      }
      [stepped, since] = [0, now];
    }
    run.metrics({ ...metrics, "system/throughput_alert": alerting }, index);
    const { ownCpu: cpu, ownRss: rss, heap } = sample;
    onEvent({ kind: "workers", workers: [{ worker, pid: Deno.pid, busy: 1, cpu, rss, heap }] });
  }

  const collector = openCollector({ every, onSample });
  return {
    onPart: (part, ms) => collector.add(part, ms),
    progress(now) {
      stepped += now >= steps ? now - steps : now;
      steps = now;
    },
    async [Symbol.asyncDispose]() {
      await collector[Symbol.asyncDispose]();
      await run.artifact("monitoring.json", JSON.stringify(seenOf(collector), null, 2) + "\n");
    },
  };
}

/** What was seen, for a file: where time went, memory's trend, advice. */
export interface Seen {
  readonly parts: readonly Part[];
  readonly memory: string;
  readonly advice: readonly string[];
}

function seenOf({ history }: Pick<Collector, "history">): Seen {
  const seconds = history.reduce((sum, sample) => sum + sample.seconds, 0);
  const parts = whereTimeGoes(partsOf(history), seconds);
  const memory = memoryTrend(history.map(({ time }) => time), history.map(({ ownRss }) => ownRss)).text;
  return { parts, memory, advice: advise({ samples: history, parts, cores: navigator.hardwareConcurrency }) };
}
