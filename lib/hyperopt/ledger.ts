import { openAppendFile, textOrNothing } from "../base/append_file.ts";
import { holdLock } from "../base/files.ts";
import { canonicalJson, hashOf } from "../base/hash.ts";
import type { Params, TrialState } from "./trial.ts";

/** What a study's ledger says, a line each. */
export type LedgerEntry =
  | {
    readonly kind: "study"; // first line
    readonly study: string;
    readonly space: string; // as text
    readonly settings: Readonly<Record<string, unknown>>; // sampler, scheduler, seeds, folds, data hash, …
  }
  | { readonly kind: "trial"; readonly trial: number; readonly params: Params } // is about to run
  | { readonly kind: "exploit"; readonly trial: number; readonly from: number; readonly params: Params }
  | {
    readonly kind: "end";
    readonly trial: number;
    readonly state: Extract<TrialState, "finished" | "pruned" | "failed">;
    readonly value?: number; // objective
    readonly sharpe?: number; // of its out-of-sample returns, per bar
    readonly bars?: number; // how many returns that is over
    readonly note?: string; // why it was pruned or failed
  }
  | { readonly kind: "deleted"; readonly trial: number; readonly note: string } // it still counts
  | { readonly kind: "holdout"; readonly trial: number; readonly reason: string }; // the test period was looked at

/** A line of the ledger. */
export interface LedgerLine {
  readonly line: number; // from 1
  readonly at: string; // ISO 8601, UTC
  readonly entry: LedgerEntry;
  readonly hash: string; // of the line before and this one
}

/** What the deflation of the winner's Sharpe ratio needs, counted. */
export interface LedgerCount {
  /** Configurations that were tried: every trial begun, whatever became of it, and every exploit. */
  readonly trials: number;
  readonly finished: number;
  readonly pruned: number;
  readonly failed: number;
  readonly deleted: number;
  readonly running: number; // begun and not ended
  readonly exploits: number;
  /** Sharpe ratios per bar that trials ended with, deleted and pruned ones too. */
  readonly sharpes: readonly number[];
  /** When the hold-out was opened, if it was. */
  readonly holdout?: { readonly at: string; readonly trial: number; readonly reason: string };
}

/** A study's ledger, held by one process. */
export interface Ledger extends Disposable {
  readonly lines: readonly LedgerLine[];
  /** Hash of the last line: kept elsewhere (in MLflow), it shows when lines were cut off the end. */
  readonly head: string;
  /** Writes a line; on disk when it returns. */
  append(entry: Exclude<LedgerEntry, { kind: "holdout" }>): void;
  /**
   * Writes that the test period is opened for `trial`, before it is.
   *
   * @throws {RangeError} that says when, if it was opened before
   */
  openHoldout(trial: number, reason: string): void;
}

/** How a ledger stands up to being checked. */
export interface LedgerCheck {
  readonly lines: readonly LedgerLine[]; // up to the fault
  readonly head: string;
  /** The first line that is not as it was written, and why. */
  readonly fault?: { readonly line: number; readonly why: string };
  /** Whether a process died while it wrote a last line, which then does not count: what it said had not begun. */
  readonly torn: boolean;
}

/** What stands before the first line. */
const start = hashOf("candelabra ledger");

/**
 * Opens a study's ledger to write on, or begins one. Each line carries a hash of itself and the line before, so that none
 * can be changed, dropped or put between without a trace (`verifyLedger`); a line is on disk when `append` returns. One
 * process holds it at a time, until it ends, however it ends.
 *
 * @param now the time of a line, ms UTC
 * @throws {RangeError} if another process holds the ledger, or a line is not as it was written
 */
export function openLedger(path: string, now: () => number = Date.now): Ledger {
  const lock = holdLock(
    `${path}.lock`,
    () => new RangeError(`Cannot open the ledger ${path} as one process at a time must hold it: another one does`),
  );
  try {
    const { lines: written, head: last, fault } = verifyLedger(path);
    if (fault) throw new RangeError(`Cannot go on with the ledger ${path} as line ${fault.line} ${fault.why}`);
    const file = openAppendFile(path, written.reduce((sum, line) => sum + encode(line).length, 0));
    const lines = [...written];
    let head = last;
    const append = (entry: LedgerEntry) => {
      const fault = entryFault(lines, entry);
      if (fault) throw new RangeError(`Cannot write "${entry.kind}" into the ledger ${path} as ${fault}`);
      const body = { line: lines.length + 1, at: new Date(now()).toISOString(), entry };
      const line = { ...body, hash: hashOf(head, canonicalJson(body)) };
      file.append(encode(line), "all");
      lines.push(line);
      head = line.hash;
    };
    return {
      lines,
      get head() {
        return head;
      },
      append,
      openHoldout: (trial, reason) => append({ kind: "holdout", trial, reason }),
      [Symbol.dispose]() {
        file[Symbol.dispose]();
        lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/**
 * Checks a ledger line by line, without holding it. A line that was changed, dropped, moved or put between shows; lines cut
 * off the end show only against a `head` that was kept elsewhere.
 *
 * @param head hash that the ledger had once: it must be among the lines
 */
export function verifyLedger(path: string, head?: string): LedgerCheck {
  const texts = textOrNothing(path).split("\n");
  const torn = texts.pop() !== "";
  const lines: LedgerLine[] = [];
  let last = start;
  for (const text of texts) {
    const found = lineOf(text);
    const why = found === undefined
      ? "must be as it was written: it is not a line of a ledger"
      : found.line !== lines.length + 1
      ? `must be number ${lines.length + 1}: it is number ${found.line}`
      : found.hash !== hashOf(last, canonicalJson({ line: found.line, at: found.at, entry: found.entry }))
      ? "must be as it was written: its hash does not fit it and the line before"
      : undefined;
    if (why || found === undefined) {
      return { lines, head: last, torn, fault: { line: lines.length + 1, why: why ?? "" } };
    }
    lines.push(found);
    last = found.hash;
  }
  const cut = head !== undefined && head !== start && !lines.some((line) => line.hash === head);
  const why = `must be there: the ledger once went on to ${head?.slice(0, 12)}…, and ends before`;
  return { lines, head: last, torn, ...(cut ? { fault: { line: lines.length + 1, why } } : {}) };
}

/** What a ledger counts. */
export function countTrials(lines: readonly LedgerLine[]): LedgerCount {
  const entries = lines.map(({ entry }) => entry);
  const of = <K extends LedgerEntry["kind"]>(kind: K) =>
    entries.filter((entry): entry is Extract<LedgerEntry, { kind: K }> => entry.kind === kind);
  const [begun, ends, exploits] = [of("trial"), of("end"), of("exploit")];
  const ended = (state: string) => ends.filter((end) => end.state === state).length;
  const opened = lines.find(({ entry }) => entry.kind === "holdout");
  return {
    trials: begun.length + exploits.length,
    finished: ended("finished"),
    pruned: ended("pruned"),
    failed: ended("failed"),
    deleted: of("deleted").length,
    running: begun.length - ends.length,
    exploits: exploits.length,
    sharpes: ends.flatMap(({ sharpe }) => sharpe !== undefined && Number.isFinite(sharpe) ? [sharpe] : []),
    ...(opened?.entry.kind === "holdout"
      ? { holdout: { at: opened.at, trial: opened.entry.trial, reason: opened.entry.reason } }
      : {}),
  };
}

/** What keeps an entry from being written after `lines`. */
function entryFault(lines: readonly LedgerLine[], entry: LedgerEntry): string | undefined {
  const has = (kind: LedgerEntry["kind"], trial: number) =>
    lines.some(({ entry }) => entry.kind === kind && "trial" in entry && entry.trial === trial);
  if (entry.kind === "study") return lines.length > 0 ? "it must be the first line: there are others" : undefined;
  if (lines.length === 0) return "the first line must say what the study is: there is none";
  const { kind, trial } = entry;
  if (kind === "trial") return has("trial", trial) ? `trial ${trial} must begin once: it has begun` : undefined;
  if (!has("trial", trial)) return `trial ${trial} must have begun: it has not`;
  if (kind === "end" && has("end", trial)) return `trial ${trial} must end once: it has ended`;
  if (kind === "exploit" && has("end", trial)) return `trial ${trial} must be running: it has ended`;
  if (kind === "deleted" && has("deleted", trial)) return `trial ${trial} must be deleted once: it was`;
  const opened = lines.find(({ entry }) => entry.kind === "holdout");
  if (kind !== "holdout" || opened?.entry.kind !== "holdout") return undefined;
  return `the hold-out of a study must be opened once: it was opened at ${opened.at} for trial ${opened.entry.trial}, ` +
    `"${opened.entry.reason}"`;
}

function encode(line: LedgerLine): Uint8Array {
  return new TextEncoder().encode(canonicalJson(line) + "\n");
}

function lineOf(text: string): LedgerLine | undefined {
  try {
    const line = JSON.parse(text);
    const whole = typeof line?.line === "number" && typeof line.entry?.kind === "string" &&
      canonicalJson(line) === text;
    return whole ? line : undefined;
  } catch {
    return undefined; // not JSON: the caller says so
  }
}
