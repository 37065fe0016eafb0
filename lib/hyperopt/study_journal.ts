import { dirname } from "node:path";
import { openAppendFile, textOrNothing } from "../base/append_file.ts";
import type { Decision } from "./scheduler.ts";
import type { Params, TrialJob } from "./trial.ts";

/** What a study searches, and how: fixed for its life. */
export interface StudySpec {
  readonly study: string;
  readonly space: string; // as text
  readonly sampler: string;
  readonly scheduler: string;
  readonly seed: number;
  readonly rungs: readonly number[];
  readonly seeds: readonly number[];
  readonly folds: number;
  readonly config: TrialJob["config"];
  readonly data: string; // "BTC/USD 1h", for people
  readonly market: string; // hash of the candles that trials see
}

/** What happened in a study. */
export type JournalEntry =
  | { readonly kind: "study"; readonly spec: StudySpec } // first line
  | { readonly kind: "asked"; readonly trial: number; readonly params: Params }
  | {
    readonly kind: "report";
    readonly trial: number;
    readonly rung: number;
    readonly step: number;
    readonly value: number;
    readonly metrics: Readonly<Record<string, number>>;
    readonly seconds: number;
    readonly decision: Decision;
  }
  | {
    readonly kind: "end";
    readonly trial: number;
    readonly state: "finished" | "pruned" | "failed";
    readonly value?: number;
    readonly metrics?: Readonly<Record<string, number>>;
    readonly note?: string; // why it was stopped, or failed
    readonly sharpe?: number; // per bar
    readonly bars?: number;
  }
  | { readonly kind: "deleted"; readonly trial: number; readonly note: string } // it still counts as tried
  /** Where it is recorded: MLflow runs of a session of the study, or of a trial. */
  | { readonly kind: "run"; readonly trial?: number; readonly id: string };

/** A study's diary. One process writes it at a time: the one that holds the study's ledger. */
export interface StudyJournal extends Disposable {
  readonly entries: readonly JournalEntry[];
  /** Writes a line; on disk when it returns. */
  append(entry: JournalEntry): void;
}

/**
 * Opens a study's journal: JSON, a line each. Half a last line, of a process that died while it wrote, is dropped: what it
 * said had not happened.
 *
 * @throws {SyntaxError} if another line cannot be read
 */
export function openStudyJournal(path: string): StudyJournal {
  Deno.mkdirSync(dirname(path), { recursive: true });
  const { entries: read, bytes } = readJournal(path);
  const entries = [...read];
  const file = openAppendFile(path, bytes);
  return {
    entries,
    append(entry) {
      file.append(new TextEncoder().encode(JSON.stringify(entry) + "\n"), "data");
      entries.push(entry);
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/**
 * Reads a journal without holding it; one that is not there is empty.
 *
 * @returns its whole lines, and how many bytes they are
 * @throws {SyntaxError} if a whole line cannot be read
 */
export function readJournal(path: string): { entries: JournalEntry[]; bytes: number } {
  const text = textOrNothing(path);
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const entries = lines.map((line, i): JournalEntry => {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new SyntaxError(`Cannot read the study's journal ${path} as line ${i + 1} is not whole`, { cause: error });
    }
  });
  return { entries, bytes: new TextEncoder().encode(text.slice(0, end)).length };
}
