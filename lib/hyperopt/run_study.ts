import { join } from "node:path";
import { exists, writeAtomic } from "../base/files.ts";
import { mean, std } from "../base/stats.ts";
import type { TrialEnd, TrialEngine, TrialReport } from "./engine.ts";
import type { Outcome, Sampler, SamplerOptions } from "./sampler.ts";
import { samplerOf } from "./samplers.ts";
import type { Decision, Report, Scheduler } from "./scheduler.ts";
import { schedulerOf } from "./schedulers.ts";
import { snapshotTrial } from "./snapshot.ts";
import { parseSpace } from "./space.ts";
import { ledgerEnd, type Study } from "./study.ts";
import type { JournalEntry } from "./study_journal.ts";
import { livesOf, newRow, pastOf, pastReports, type TrialLife, type TrialRow } from "./study_rows.ts";
import type { TrialAnswer, TrialJob } from "./trial.ts";

/** How a study is run. */
export interface StudyOptions {
  /** Trials that there shall be, those that there were among them. */
  readonly trials: number;
  /** What samplers that run in Python need. */
  readonly sampler?: Pick<SamplerOptions, "python" | "storage" | "startup">;
  /** No trial begins after so long, and those that run are left for the next time. */
  readonly seconds?: number;
  /** The study stops with the error when so many trials in a row failed. */
  readonly mostFailures?: number;
  readonly signal?: AbortSignal;
  /** Hears of a trial whenever something happened to it. */
  readonly onTrial?: (row: TrialRow, what: "begun" | "report" | "ended") => void;
}

/** Why a study stopped: all trials are there, the sampler had no more, or the time was over. */
export type Stopped = "trials" | "exhausted" | "seconds";

/**
 * Runs a study until `trials` are there: those that were interrupted first, then new ones. Nothing that was finished is done
 * again; trials that were running go on from their checkpoints; the sampler and the scheduler go on as if nothing had been.
 * A trial that fails is recorded, and the study goes on.
 *
 * @throws {Error} of the last trial, if `mostFailures` in a row failed
 * @throws what made the engine useless, or the signal's reason; the study can be run again
 */
export async function runStudy(study: Study, engine: TrialEngine, options: StudyOptions): Promise<Stopped> {
  const { trials, seconds = Infinity, mostFailures = 5, signal, onTrial = () => {} } = options;
  const { spec, journal, ledger } = study;
  const space = parseSpace(spec.space);
  const rows = new Map(study.rows.map((row) => [row.trial, row]));
  const waiting = [...rows.values()].filter(({ state }) => state === "running");
  checkClosed(study, trials);
  const { make } = schedulerOf(spec.scheduler);
  const scheduler: Scheduler = make({ space, seed: spec.seed, rungs: spec.rungs });
  const copies = spec.scheduler === "pbt";
  const past = pastReports(journal.entries);
  const stop = new AbortController();
  const end = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const turn = inTurn();
  const running = new Map<number, Promise<void>>();
  let failures = 0;
  let fatal: { readonly error: unknown } | undefined;
  let exhausted = false;
  let late = false;
  const timer = seconds < Infinity
    ? setTimeout(() => {
      late = true;
      stop.abort(new DOMException("The study's time is over", "AbortError"));
    }, 1000 * seconds)
    : undefined;
  await using sampler: Sampler = await samplerOf(spec.sampler).open({
    space,
    seed: spec.seed,
    study: spec.study,
    past: [...rows.values()].map(pastOf),
    ...options.sampler,
  });

  const update = (trial: number, change: Partial<TrialRow>, what: "begun" | "report" | "ended") => {
    const row = { ...rows.get(trial)!, ...change };
    rows.set(trial, row);
    onTrial(row, what);
    return row;
  };

  /** What is answered to a report; the same one is answered alike if it comes again. */
  const hear = (report: TrialReport): Promise<TrialAnswer> =>
    turn(async () => {
      const { trial, rung, step, value, metrics, seconds } = report;
      end.throwIfAborted();
      const known = journal.entries.find((entry) =>
        entry.kind === "report" && entry.trial === trial && entry.rung === rung
      );
      if (known?.kind === "report") return answerTo(known.decision);
      if (typeof value !== "number" || !Number.isFinite(value)) { // JSON has null for NaN
        return { answer: "stop", why: `${NOT_A_NUMBER} ${value} after ${step} steps` };
      }
      const row = rows.get(trial)!;
      const told: Report = { trial, rung, step, value, params: row.params };
      const wish = scheduler(past, told);
      const decision = wish.do === "exploit" && rung >= spec.rungs.length - 1 ? { do: "go" } as const : wish;
      const copied = copies && rung < spec.rungs.length - 1; // at the last one nobody starts from another
      if (copied) await snapshotTrial(checkpointOf(study, row), snapshotOf(study, trial, rung));
      await sampler.report(trial, step, value);
      past.push(told);
      journal.append({ kind: "report", trial, rung, step, value, metrics, seconds, decision });
      if (decision.do === "exploit") {
        ledger.append({ kind: "exploit", trial, from: decision.from, params: decision.params });
      }
      if (copied) await thin(rung);
      const point = { rung, step, value, decision: decision.do };
      update(trial, { value, metrics, seconds, reports: [...row.reports, point] }, "report");
      return answerTo(decision);
    });

  /** Keeps the copies of the better half at a rung, of as many trials as there will be: nobody starts from the others. */
  const thin = async (rung: number) => {
    const there = past.filter((report) => report.rung === rung).toSorted((a, b) => b.value - a.value);
    const running = [...rows.values()].filter(({ state }) => state === "running");
    const wanted = running.map(({ trial }) => livesOf(journal.entries, trial).at(-1)?.from);
    for (const { trial } of there.slice(Math.ceil(trials / 2))) {
      if (wanted.some((from) => from?.trial === trial && from.rung === rung)) continue;
      await remove(snapshotOf(study, trial, rung));
    }
  };

  /** Runs a trial through all its lives. */
  const runTrial = async (trial: number) => {
    for (;;) {
      const row = rows.get(trial)!;
      const last = await engine.run(jobOf(study, row), { onReport: hear, signal: end });
      const exploit = last.kind === "done" ? exploitAfter(journal.entries, rows.get(trial)!) : undefined;
      if (!exploit) return await ended(trial, last);
      const { lives } = rows.get(trial)!;
      update(trial, { params: exploit.params, lives: [...lives, exploit] }, "report");
    }
  };

  const ended = (trial: number, last: TrialEnd) =>
    turn(async () => {
      const row = rows.get(trial)!;
      const entry = await endOf(study, row, last);
      const outcome: Outcome = entry.state === "finished"
        ? { state: "finished", value: entry.value! }
        : entry.state === "pruned"
        ? { state: "pruned", ...(row.value === null ? {} : { value: row.value }) }
        : { state: "failed" };
      await sampler.tell(trial, outcome);
      journal.append(entry);
      ledger.append(ledgerEnd(entry));
      if (!copies) await forget(study, trial); // others may still start from it
      const { kind: _, trial: __, ...rest } = entry;
      update(trial, { ...rest, value: entry.value ?? row.value, metrics: entry.metrics ?? row.metrics }, "ended");
      failures = entry.state === "failed" ? failures + 1 : 0;
      if (failures < mostFailures) return;
      throw new Error(`Cannot go on with the study as the last ${failures} trials failed; the last one: ${entry.note}`);
    });

  const begin = (trial: number) => {
    const work = runTrial(trial).catch((error) => {
      if (stop.signal.aborted || signal?.aborted) return;
      fatal ??= { error };
      stop.abort(error);
    }).finally(() => running.delete(trial));
    running.set(trial, work);
    onTrial(rows.get(trial)!, "begun");
  };

  try {
    for (;;) {
      while (!end.aborted && running.size < engine.slots) {
        const next = waiting.shift();
        if (next) {
          begin(next.trial);
          continue;
        }
        if (exhausted || rows.size >= trials) break;
        const asked = await turn(() => sampler.ask());
        exhausted = asked === undefined;
        if (!asked) break;
        const { trial, params } = asked;
        journal.append({ kind: "asked", trial, params });
        ledger.append({ kind: "trial", trial, params });
        rows.set(trial, newRow(trial, params));
        begin(trial);
      }
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
  } catch (error) {
    fatal ??= { error };
    stop.abort(error);
  } finally {
    clearTimeout(timer);
    await Promise.all(running.values());
  }
  if (fatal) throw fatal.error;
  signal?.throwIfAborted();
  if (late && (waiting.length > 0 || rows.size < trials || study.rows.some(({ state }) => state === "running"))) {
    return "seconds";
  }
  if (copies) { for (const { trial } of rows.values()) await forget(study, trial); }
  return exhausted && rows.size < trials ? "exhausted" : "trials";
}

/**
 * Once its hold-out is open a study tries nothing more.
 *
 * @param trials that there shall be
 * @throws {RangeError} if it is open and trials are missing, which says when that was
 */
export function checkClosed({ spec, rows, ledger }: Study, trials: number): void {
  const opened = ledger.lines.find(({ entry }) => entry.kind === "holdout");
  if (!opened || (rows.length >= trials && rows.every(({ state }) => state !== "running"))) return;
  throw new RangeError(
    `Cannot try more in the study ${spec.study} as its hold-out must still be closed: it was opened at ${opened.at}`,
  );
}

const NOT_A_NUMBER = "its objective must be a number: it was";

const answerTo = (decision: Decision): TrialAnswer =>
  decision.do === "go"
    ? { answer: "go" }
    : { answer: "stop", why: decision.do === "exploit" ? `goes on as trial ${decision.from}` : decision.why };

/** Work that must not overlap, in the order it came. */
function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined); // whoever asked for it hears of it
    return next;
  };
}

function jobOf(study: Study, row: TrialRow): TrialJob {
  const { spec: { study: name, config, rungs, seeds, folds }, folder } = study;
  const { from } = row.lives[row.lives.length - 1];
  return {
    ...{ study: name, trial: row.trial, params: row.params, config, rungs, seeds, folds },
    market: join(folder, "market"),
    checkpoint: checkpointOf(study, row),
    ...(from ? { from: snapshotOf(study, from.trial, from.rung) } : {}),
  };
}

const checkpointOf = ({ folder }: Study, { trial, lives }: TrialRow) =>
  join(folder, "trials", String(trial), String(lives.length - 1));

const snapshotOf = ({ folder }: Study, trial: number, rung: number) =>
  join(folder, "trials", String(trial), `rung-${rung}`);

const forget = ({ folder }: Study, trial: number) => remove(join(folder, "trials", String(trial)));

async function remove(path: string): Promise<void> {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}

/** The life that begins where this one was stopped, if it was stopped for that. */
function exploitAfter(entries: readonly JournalEntry[], { trial, lives }: TrialRow): TrialLife | undefined {
  const exploits = livesOf(entries, trial);
  return exploits[lives.length - 1];
}

/** How a trial ended, its returns written down before. */
async function endOf(study: Study, row: TrialRow, last: TrialEnd): Promise<Extract<JournalEntry, { kind: "end" }>> {
  const { trial } = row;
  if (last.kind === "failed") return { kind: "end", trial, state: "failed", note: last.error };
  if (typeof last.value !== "number" || !Number.isFinite(last.value)) {
    return { kind: "end", trial, state: "failed", note: `${NOT_A_NUMBER} ${last.value}` };
  }
  const returns = Float64Array.from(last.returns);
  await writeAtomic(join(study.folder, "returns", `${trial}.f64`), new Uint8Array(returns.buffer));
  const spread = returns.length > 1 ? std(returns) : 0;
  const known = study.journal.entries.findLast((entry) => entry.kind === "report" && entry.trial === trial);
  const decision = known?.kind === "report" ? known.decision : undefined;
  return {
    ...{ kind: "end", trial, state: decision?.do === "stop" ? "pruned" : "finished" },
    ...{ value: last.value, metrics: last.metrics, bars: returns.length },
    ...{ sharpe: spread > 0 ? mean(returns) / spread : 0 },
    ...(decision?.do === "stop" ? { note: decision.why } : {}),
  };
}
