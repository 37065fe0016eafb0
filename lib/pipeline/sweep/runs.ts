import { log } from "../../base/log.ts";
import type { LoadedConfig } from "../../config/load.ts";
import type { Study } from "../../hyperopt/study.ts";
import type { TrialRow } from "../../hyperopt/study_rows.ts";
import { adoptRuns } from "../../track/adopt.ts";
import { openRun } from "../../track/open_run.ts";
import type { Run } from "../../track/run.ts";
import { trackingVariables } from "../tracked.ts";

/** MLflow runs of a sweep's trials. Disposing ends those of trials that still run as killed. */
export interface SweepRuns extends AsyncDisposable {
  readonly onTrial: (row: TrialRow, what: "begun" | "report" | "ended") => void;
  /** Waits until all that was said is written. */
  end(): Promise<void>;
}

/**
 * Opens a nested run for each trial as it begins: parameters, the objective and its parts by step, the state as a tag.
 * Trials of earlier sessions of the sweep, which ended below that session's run, are put below this one.
 */
export async function sweepRuns(
  { config, settings }: LoadedConfig,
  parent: Run,
  { rows, journal }: Study,
  name: string,
): Promise<SweepRuns> {
  const { track, experiment } = config.run;
  if (!track) return { onTrial() {}, end: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() };
  const variables = trackingVariables(settings);
  const open = new Map<number, Promise<Run | undefined>>();
  const closed: Promise<unknown>[] = [];
  await adopt();

  /** After all that was said of the trial before. A tracker that refuses a run does not stop the sweep. */
  const say = (trial: number, work: (run: Run) => unknown) => {
    const next = open.get(trial)!.then(async (run) => {
      if (run) await work(run);
      return run;
    });
    open.set(trial, next.catch((error) => void log("warn", `Cannot record trial ${trial}: ${error.message}`)));
  };

  return {
    onTrial(row, what) {
      const { trial } = row;
      if (what === "begun") {
        open.set(
          trial,
          begin(row).catch((error) => void log("warn", `Cannot record trial ${trial}: ${error.message}`)),
        );
      } else if (what === "report") {
        const { rung, step, value, decision } = row.reports[row.reports.length - 1];
        say(trial, (run) => {
          run.metrics({ objective: value, ...row.metrics, "time/seconds": row.seconds }, step);
          if (decision === "exploit") run.tags({ [`candelabra.exploit_${rung}`]: JSON.stringify(row.params) });
        });
      } else {
        say(trial, async (run) => {
          run.tags({
            "candelabra.state": row.state,
            ...(row.note === undefined ? {} : { "candelabra.note": row.note }),
          });
          if (row.state === "failed") run.fail(row.note ?? "failed");
          await run[Symbol.asyncDispose]();
        });
        closed.push(open.get(trial)!);
        open.delete(trial);
      }
    },
    async end() {
      await Promise.all([...closed.splice(0), ...open.values()]);
    },
    async [Symbol.asyncDispose]() {
      for (const trial of open.keys()) {
        say(trial, async (run) => {
          run.tags({ "candelabra.state": "interrupted" });
          run.fail("The sweep was interrupted; resumed, the trial goes on in another run", "KILLED");
          await run[Symbol.asyncDispose]();
        });
      }
      await Promise.all([...closed.splice(0), ...open.values()]);
    },
  };

  async function begin({ trial, params, reports }: TrialRow): Promise<Run> {
    const run = await openRun({
      ...{ experiment, variables, parent, name: `trial ${trial}`, source: "lab tune" },
      tags: { "candelabra.kind": "trial", "candelabra.sweep": name, "candelabra.trial": String(trial) },
    });
    journal.append({ kind: "run", trial, id: run.id });
    run.params({ trial, ...params });
    run.tags({ "candelabra.state": "running" });
    for (const { step, value } of reports) run.metrics({ objective: value }, step); // of earlier sessions
    return run;
  }

  async function adopt(): Promise<void> {
    const earlier = rows.flatMap(({ state, run }) =>
      state !== "running" && run && !run.startsWith("local-") ? [run] : []
    );
    if (earlier.length === 0 || parent.id.startsWith("local-")) return;
    try {
      await adoptRuns(earlier, parent.id, { variables });
    } catch (error) {
      log("warn", `Trials of earlier sessions stay below their own run in MLflow: ${(error as Error).message}`);
    }
  }
}
