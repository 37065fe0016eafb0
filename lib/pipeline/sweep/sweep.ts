import { basename, dirname, join, resolve } from "node:path";
import { type DeflatedSharpe, deflatedSharpe, sharpeSample } from "../../backtest/deflated_sharpe.ts";
import { type Overfitting, overfitting } from "../../backtest/overfitting.ts";
import { exists } from "../../base/files.ts";
import { projectPath } from "../../base/project.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { Config } from "../../config/schema.ts";
import { countTrials, type LedgerCount, verifyLedger } from "../../hyperopt/ledger.ts";
import { parseSpace, type Space } from "../../hyperopt/space.ts";
import { returnsOf } from "../../hyperopt/study.ts";
import { readJournal, type StudySpec } from "../../hyperopt/study_journal.ts";
import { bestOf, rowsOf, type TrialRow } from "../../hyperopt/study_rows.ts";
import { configOf } from "./trial.ts";
import { sweepPaths } from "./trial_command.ts";
import { trialStep } from "./trial_market.ts";

/** A sweep as it stands on disk. */
export interface Sweep {
  readonly name: string;
  readonly folder: string;
  readonly spec: StudySpec;
  readonly space: Space;
  readonly step: number; // bar length, ms
  readonly rows: readonly TrialRow[]; // by trial, without deleted ones
  /** The finished trial of the best value. */
  readonly best: TrialRow | undefined;
  /** Settings with which `lab train` trains the best. */
  readonly config: Config | undefined;
  /** Out-of-sample returns per bar of each trial that ended with some, on the same bars, in the order of `rows`. */
  readonly returns: ReadonlyMap<number, Float64Array>;
  /** All that was tried, as the ledger counts it, and the hash it ends with. */
  readonly count: LedgerCount;
  readonly ledgerHead: string;
  /** The Sharpe ratio of the best beside what so many trials show by luck. */
  readonly deflated: DeflatedSharpe | undefined;
  /**
   * The same, for as many trials that differ as much as those that used their whole budget do. Trials given up half-trained
   * lose to costs what no finished one would, which makes all of them differ more than luck would have it. Nothing of fewer
   * than 3 finished trials, and where none was given up: it would be the same number.
   */
  readonly deflatedFinished: DeflatedSharpe | undefined;
  /** What becomes of the best of one half of the bars in the other; nothing of fewer than two trials or 32 bars. */
  readonly overfitting: Overfitting | undefined;
}

/** Folder of all sweeps. */
export const sweepsFolder = (storage?: string): string =>
  storage === undefined ? projectPath("mlflow_runs", ".sweeps") : resolve(storage);

/**
 * Folder of a sweep.
 *
 * @throws {RangeError} if the name is not one for a folder
 */
export function sweepFolder(name: string, storage?: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,99}$/u.test(name)) return join(sweepsFolder(storage), name);
  throw new RangeError(
    `Cannot call a sweep "${name}" as its name must be letters, digits, "-", "_" and ".", 100 at the most`,
  );
}

/** Names of the sweeps there are, the newest first. */
export async function listSweeps(storage?: string): Promise<string[]> {
  const root = sweepsFolder(storage);
  if (!await exists(root)) return [];
  const found: { name: string; time: number }[] = [];
  for await (const { name } of Deno.readDir(root)) {
    const journal = join(root, name, "journal.jsonl");
    if (await exists(journal)) found.push({ name, time: (await Deno.stat(journal)).mtime?.getTime() ?? 0 });
  }
  return found.sort((a, b) => b.time - a.time).map(({ name }) => name);
}

/**
 * Reads a sweep, also one that is running: its trials, and what its winner is worth given that so many were tried.
 *
 * Trials that were stopped early count among those tried, and their returns among those that the winner is compared with;
 * nothing that the test part says is in here.
 *
 * @throws {RangeError} if there is none of that name, or its ledger is not as it was written
 */
export async function readSweep(name: string, storage?: string): Promise<Sweep> {
  const folder = sweepFolder(name, storage);
  const { entries } = readJournal(join(folder, "journal.jsonl"));
  const [first] = entries;
  if (first?.kind !== "study") {
    const known = await listSweeps(storage);
    const help = known.length === 0 ? "deno task tune begins one" : didYouMean(name, known);
    throw new RangeError(`Cannot find the sweep "${name}" as there is none of that name: ${help}`);
  }
  const { lines, head, fault } = verifyLedger(join(folder, "ledger.jsonl"));
  if (fault) throw new RangeError(`Cannot trust the sweep "${name}" as line ${fault.line} of its ledger ${fault.why}`);
  const { spec } = first;
  const rows = rowsOf(entries).filter(({ deleted }) => deleted === undefined);
  const best = bestOf(rows);
  const count = countTrials(lines);
  const returns = new Map<number, Float64Array>();
  for (const { trial, state } of rows) {
    if (state === "finished" || state === "pruned") returns.set(trial, await returnsOf({ folder }, trial));
  }
  const own = best && returns.get(best.trial);
  const finished = rows.flatMap(({ state, sharpe }) => state === "finished" && sharpe !== undefined ? [sharpe] : []);
  return {
    ...{
      name,
      folder,
      spec,
      space: parseSpace(spec.space),
      step: await trialStep(sweepPaths(folder).market),
      rows,
      best,
      returns,
      count,
      ledgerHead: head,
    },
    config: best && configOf({ config: spec.config, params: best.params }),
    deflated: own && deflatedSharpe(sharpeSample(own), Math.max(1, count.trials), count.sharpes),
    deflatedFinished: own && finished.length >= 3 && count.pruned > 0
      ? deflatedSharpe(sharpeSample(own), Math.max(1, count.trials), finished)
      : undefined,
    overfitting: overfittingOf([...returns.values()]),
  };
}

/** What other sweeps did with the same candles: their trials had their chance of luck too. */
export interface OtherSweeps {
  readonly names: readonly string[];
  readonly trials: number;
  /** The Sharpe ratio of this sweep's best, deflated by all their trials together. */
  readonly deflated: DeflatedSharpe | undefined;
  /** Those whose hold-out was opened: the test part that this sweep keeps closed has been seen. */
  readonly opened: readonly { readonly name: string; readonly at: string }[];
}

/** Finds the other sweeps in the same folder of sweeps that were made on the same candles at the same costs. */
export async function otherSweeps({ folder, spec, best, returns, count }: Sweep): Promise<OtherSweeps> {
  const root = dirname(folder);
  const others: { name: string; count: LedgerCount }[] = [];
  for (const name of await listSweeps(root)) {
    if (name === basename(folder)) continue;
    const [first] = readJournal(join(root, name, "journal.jsonl")).entries;
    if (first?.kind !== "study" || first.spec.market !== spec.market) continue;
    others.push({ name, count: countTrials(verifyLedger(join(root, name, "ledger.jsonl")).lines) });
  }
  const all = [count, ...others.map(({ count }) => count)];
  const trials = all.reduce((sum, { trials }) => sum + trials, 0);
  const own = best && returns.get(best.trial);
  return {
    names: others.map(({ name }) => name),
    trials: trials - count.trials,
    deflated: own && deflatedSharpe(sharpeSample(own), Math.max(1, trials), all.flatMap(({ sharpes }) => sharpes)),
    opened: others.flatMap(({ name, count: { holdout } }) => holdout ? [{ name, at: holdout.at }] : []),
  };
}

function overfittingOf(returns: readonly Float64Array[]): Overfitting | undefined {
  if (returns.length < 2 || returns[0].length < 32) return undefined;
  return overfitting(returns, returns[0].length < 160 ? 8 : 16);
}
