import type { Outcome, PastTrial } from "./sampler.ts";
import type { Decision, Report } from "./scheduler.ts";
import type { JournalEntry } from "./study_journal.ts";
import type { Params, TrialState } from "./trial.ts";

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

/** A trial that begins. */
export const newRow = (trial: number, params: Params): TrialRow => ({
  ...{ trial, params, state: "running", value: null, reports: [], metrics: {}, seconds: 0 },
  lives: [{ params }],
});

/** The finished trial of the best value, the first of equals; deleted ones left out. */
export function bestOf(rows: readonly TrialRow[]): TrialRow | undefined {
  return rows.filter(({ state, deleted }) => state === "finished" && deleted === undefined)
    .reduce<TrialRow | undefined>(
      (best, row) => best === undefined || row.value! > best.value! ? row : best,
      undefined,
    );
}

/** Exploits of a trial, in order. */
export function livesOf(entries: readonly JournalEntry[], trial: number): TrialLife[] {
  return entries.flatMap((entry) =>
    entry.kind === "report" && entry.trial === trial && entry.decision.do === "exploit"
      ? [{ params: entry.decision.params, from: { trial: entry.decision.from, rung: entry.rung } }]
      : []
  );
}

/** Reports in the order they came, each with the parameters of its time. */
export function pastReports(entries: readonly JournalEntry[]): Report[] {
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

/** A trial as a new sampler is told of it. */
export function pastOf({ trial, lives, reports, state, value }: TrialRow): PastTrial {
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
