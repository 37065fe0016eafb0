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
import { type Ledger, openLedger } from "./ledger.ts";
import { samplerOf } from "./samplers.ts";
import { schedulerOf } from "./schedulers.ts";
import { parseSpace } from "./space.ts";
import {
  type JournalEntry,
  openStudyJournal,
  readJournal,
  type StudyJournal,
  type StudySpec,
} from "./study_journal.ts";
import { bestOf, rowsOf, type TrialRow } from "./study_rows.ts";

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

/** A trial's returns out of sample, per bar, as they were written when it ended. */
export async function returnsOf({ folder }: Pick<Study, "folder">, trial: number): Promise<Float64Array> {
  const bytes = await Deno.readFile(join(folder, "returns", `${trial}.f64`));
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}

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

/** How a trial ended, as the ledger has it. */
export const ledgerEnd = ({ trial, state, value, sharpe, bars, note }: Extract<JournalEntry, { kind: "end" }>) => ({
  ...{ kind: "end" as const, trial, state },
  ...(value === undefined ? {} : { value }),
  ...(sharpe === undefined ? {} : { sharpe }),
  ...(bars === undefined ? {} : { bars }),
  ...(note === undefined ? {} : { note }),
});
