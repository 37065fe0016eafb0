/**
 * A study asks a sampler what to try, has an engine run it, and lets a scheduler say what goes on.
 *
 * It is a loop over `TrialEngine` (`engine.ts`), which is all that differs between worker processes of this machine and Ray
 * on many: jobs in, messages out, answers back. An engine has
 *
 *     name                        "embedded", "ray"
 *     slots                       trials it runs at once
 *     run(job, { onReport, signal })  → done | failed
 *
 * and is opened by whoever starts the study: `poolEngine(pool)`, `openRay(options)`. Everything that must survive lies in the
 * study's folder:
 *
 *     journal.jsonl    what was asked, reported, decided, and how trials ended: from it the study goes on
 *     ledger.jsonl     every trial, hash-chained: what the winner is deflated by
 *     market/          the candles that trials see, cut before the test part
 *     trials/N/L       checkpoint of trial N in its L-th life (an exploit begins a new one)
 *     trials/N/rung-R  of population-based training: what others may start from
 *     returns/N.f64    out-of-sample returns of an ended trial, 64-bit little-endian
 *
 * **Repeatable.** With one slot the same spec gives the same trials, decisions and values, interrupted and resumed or not.
 * With more, what a trial comes to is still the same for the same parameters and lives, but reports arrive in an order that
 * depends on the machine's mood, and with it which trials a scheduler stops and what a sampler that learns asks next.
 */
import { join } from "node:path";
import { exists, writeAtomic } from "../base/files.ts";
import { mean, std } from "../base/stats.ts";
import type { TrialEnd, TrialEngine, TrialReport } from "./engine.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { Outcome, PastTrial, Sampler, SamplerOptions } from "./sampler.ts";
import { samplerOf } from "./samplers.ts";
import type { Decision, Report, Scheduler } from "./scheduler.ts";
import { schedulerOf } from "./schedulers.ts";
import { snapshotTrial } from "./snapshot.ts";
import { parseSpace } from "./space.ts";
import {
  type JournalEntry,
  openStudyJournal,
  readJournal,
  type StudyJournal,
  type StudySpec,
} from "./study_journal.ts";
import type { Params, TrialAnswer, TrialJob, TrialState } from "./trial.ts";

/** A trial as it stands. */
export interface TrialRow {
  readonly trial: number;
  readonly state: Extract<TrialState, "running" | "finished" | "pruned" | "failed">;
  readonly params: Params; // of its present life
  readonly value: number | null; // the last that was reported
  readonly reports: readonly TrialPoint[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number; // up to its last report
  readonly lives: readonly TrialLife[];
  readonly note?: string; // why it was stopped, or failed
  readonly sharpe?: number; // per bar, of its returns out of sample
  readonly bars?: number; // how many those are
  readonly run?: string; // MLflow's
  readonly deleted?: string; // why; it can't win, and still counts among what was tried
}

/** What a trial said at a rung. */
export interface TrialPoint {
  readonly rung: number;
  readonly step: number;
  readonly value: number;
  readonly decision: Decision["do"];
}

/** A stretch of a trial with the same parameters; each but the first begins with an exploit. */
export interface TrialLife {
  readonly params: Params;
  /** Whose checkpoint it began from, and at which rung. */
  readonly from?: { readonly trial: number; readonly rung: number };
}

/** A study on disk, held by this process. */
export interface Study extends AsyncDisposable {
  readonly spec: StudySpec;
  readonly folder: string;
  readonly ledger: Ledger;
  readonly journal: StudyJournal;
  readonly rows: readonly TrialRow[];
  /** The finished trial of the best value, the first of equals. */
  readonly best: TrialRow | undefined;
}

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
 * Opens a study in `folder`, or begins one by `spec`.
 *
 * @throws {RangeError} if there is none and no spec is given; if there is one of another spec; if another process holds it;
 * if its space, sampler or scheduler is not usable
 */
export function openStudy(folder: string, spec?: StudySpec): Study {
  if (spec) check(spec);
  const there = readJournal(join(folder, "journal.jsonl")).entries[0];
  if (!there && !spec) throw new RangeError(`Cannot resume a study as there must be one in ${folder}: there is none`);
  const ledger = openLedger(join(folder, "ledger.jsonl"));
  try {
    const journal = openStudyJournal(join(folder, "journal.jsonl"));
    if (journal.entries.length === 0) journal.append({ kind: "study", spec: spec! });
    const [first] = journal.entries;
    if (first.kind !== "study") {
      throw new SyntaxError(`Cannot open the study in ${folder} as its journal has no beginning`);
    }
    if (spec && JSON.stringify(first.spec) !== JSON.stringify(spec)) {
      throw new RangeError(
        `Cannot begin the study ${spec.study} as there must be none of that name: ${folder} holds one`,
      );
    }
    catchUp(ledger, journal.entries);
    return {
      spec: first.spec,
      folder,
      ledger,
      journal,
      get rows() {
        return rowsOf(journal.entries);
      },
      get best() {
        return bestOf(rowsOf(journal.entries));
      },
      [Symbol.asyncDispose]() {
        journal[Symbol.dispose]();
        ledger[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  } catch (error) {
    ledger[Symbol.dispose]();
    throw error;
  }
}

/** @throws {RangeError} | {SyntaxError} if a spec cannot be used */
function check({ space, sampler, scheduler, rungs, seed, seeds, folds }: StudySpec): void {
  const searched = parseSpace(space);
  samplerOf(sampler).check?.(searched);
  schedulerOf(scheduler).make({ space: searched, seed, rungs });
  const rising = rungs.length > 0 && rungs.every((rung, i) => Number.isSafeInteger(rung) && rung > (rungs[i - 1] ?? 0));
  if (!rising) throw new RangeError(`Cannot study as rungs must be rising whole steps: current value is ${rungs}`);
  if (seeds.length === 0) throw new RangeError("Cannot study as there must be a seed: there is none");
  if (folds >= 1) return;
  throw new RangeError(`Cannot study as there must be at least 1 fold: current value is ${folds}`);
}

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
  const opened = ledger.lines.find(({ entry }) => entry.kind === "holdout");
  const rows = new Map(study.rows.map((row) => [row.trial, row]));
  const waiting = [...rows.values()].filter(({ state }) => state === "running");
  if (opened && (waiting.length > 0 || rows.size < trials)) {
    throw new RangeError(
      `Cannot try more in the study ${spec.study} as its hold-out must still be closed: it was opened at ${opened.at}`,
    );
  }
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

const newRow = (trial: number, params: Params): TrialRow => ({
  ...{ trial, params, state: "running", value: null, reports: [], metrics: {}, seconds: 0 },
  lives: [{ params }],
});

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

/** Exploits of a trial, in order. */
function livesOf(entries: readonly JournalEntry[], trial: number): TrialLife[] {
  return entries.flatMap((entry) =>
    entry.kind === "report" && entry.trial === trial && entry.decision.do === "exploit"
      ? [{ params: entry.decision.params, from: { trial: entry.decision.from, rung: entry.rung } }]
      : []
  );
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

const ledgerEnd = ({ trial, state, value, sharpe, bars, note }: Extract<JournalEntry, { kind: "end" }>) => ({
  ...{ kind: "end" as const, trial, state },
  ...(value === undefined ? {} : { value }),
  ...(sharpe === undefined ? {} : { sharpe }),
  ...(bars === undefined ? {} : { bars }),
  ...(note === undefined ? {} : { note }),
});

/** Writes into the ledger what the journal has and it lacks: the process died between the two. */
function catchUp(ledger: Ledger, entries: readonly JournalEntry[]): void {
  const written = (kind: string, trial: number) =>
    ledger.lines.filter(({ entry }) => entry.kind === kind && "trial" in entry && entry.trial === trial).length;
  const seen = new Map<number, number>(); // exploits
  for (const entry of entries) {
    if (entry.kind === "study" && ledger.lines.length === 0) {
      const { study, space, ...settings } = entry.spec;
      ledger.append({ kind: "study", study, space, settings });
    } else if (entry.kind === "asked" && written("trial", entry.trial) === 0) {
      ledger.append({ kind: "trial", trial: entry.trial, params: entry.params });
    } else if (entry.kind === "report" && entry.decision.do === "exploit") {
      const { trial, decision: { from, params } } = entry;
      seen.set(trial, (seen.get(trial) ?? 0) + 1);
      if (written("exploit", trial) < seen.get(trial)!) ledger.append({ kind: "exploit", trial, from, params });
    } else if (entry.kind === "end" && written("end", entry.trial) === 0) ledger.append(ledgerEnd(entry));
    else if (entry.kind === "deleted" && written("deleted", entry.trial) === 0) ledger.append(entry);
  }
}

/** Trials as a journal tells of them, in the order of their numbers. */
export function rowsOf(entries: readonly JournalEntry[]): TrialRow[] {
  const rows = new Map<number, TrialRow>();
  for (const entry of entries) {
    if (entry.kind === "asked") rows.set(entry.trial, newRow(entry.trial, entry.params));
    if (!("trial" in entry) || entry.trial === undefined) continue;
    const row = rows.get(entry.trial)!;
    if (entry.kind === "report") {
      const { rung, step, value, metrics, seconds, decision } = entry;
      const reports = [...row.reports, { rung, step, value, decision: decision.do }];
      const life = decision.do === "exploit"
        ? { params: decision.params, from: { trial: decision.from, rung } }
        : undefined;
      rows.set(row.trial, {
        ...{ ...row, value, metrics, seconds, reports },
        ...(life ? { params: life.params, lives: [...row.lives, life] } : {}),
      });
    } else if (entry.kind === "end") {
      const { kind: _, ...rest } = entry;
      rows.set(row.trial, { ...row, ...rest, value: entry.value ?? row.value, metrics: entry.metrics ?? row.metrics });
    } else if (entry.kind === "run") rows.set(row.trial, { ...row, run: entry.id });
    else if (entry.kind === "deleted") rows.set(row.trial, { ...row, deleted: entry.note });
  }
  return [...rows.values()].sort((a, b) => a.trial - b.trial);
}

/**
 * Takes a trial that ended out of the running: what it found was wrong. The ledger goes on counting it.
 *
 * @throws {RangeError} if there is no such trial, it has not ended, or was deleted before
 */
export function deleteTrial({ journal, ledger, rows, spec }: Study, trial: number, note: string): void {
  const row = rows.find((one) => one.trial === trial);
  const fault = !row
    ? `there is none of that number in ${spec.study}`
    : row.state === "running"
    ? "it must have ended: it runs"
    : row.deleted !== undefined
    ? `it was before, "${row.deleted}"`
    : undefined;
  if (fault) throw new RangeError(`Cannot delete trial ${trial} as ${fault}`);
  journal.append({ kind: "deleted", trial, note });
  ledger.append({ kind: "deleted", trial, note });
}

/** The finished trial of the best value, the first of equals; deleted ones left out. */
export function bestOf(rows: readonly TrialRow[]): TrialRow | undefined {
  return rows.filter(({ state, deleted }) => state === "finished" && deleted === undefined)
    .reduce<TrialRow | undefined>(
      (best, row) => best === undefined || row.value! > best.value! ? row : best,
      undefined,
    );
}

/** A trial's returns out of sample, per bar, as they were written when it ended. */
export async function returnsOf({ folder }: Pick<Study, "folder">, trial: number): Promise<Float64Array> {
  const bytes = await Deno.readFile(join(folder, "returns", `${trial}.f64`));
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}

/** Reports in the order they came, each with the parameters of its time. */
function pastReports(entries: readonly JournalEntry[]): Report[] {
  const params = new Map<number, Params>();
  const reports: Report[] = [];
  for (const entry of entries) {
    if (entry.kind === "asked") params.set(entry.trial, entry.params);
    if (entry.kind !== "report") continue;
    const { trial, rung, step, value, decision } = entry;
    reports.push({ trial, rung, step, value, params: params.get(trial)! });
    if (decision.do === "exploit") params.set(trial, decision.params);
  }
  return reports;
}

function pastOf({ trial, lives, reports, state, value }: TrialRow): PastTrial {
  const outcome: Outcome | undefined = state === "finished"
    ? { state, value: value! }
    : state === "pruned"
    ? { state, ...(reports.length > 0 ? { value: reports[reports.length - 1].value } : {}) }
    : state === "failed"
    ? { state }
    : undefined;
  return {
    ...{ trial, params: lives[0].params, reports: reports.map(({ step, value }) => ({ step, value })) },
    ...(outcome ? { outcome } : {}),
  };
}
