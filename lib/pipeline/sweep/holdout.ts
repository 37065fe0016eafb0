import { join } from "node:path";
import { exists, writeAtomic } from "../../base/files.ts";
import { log } from "../../base/log.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { openLedger } from "../../hyperopt/ledger.ts";
import type { Deps } from "../deps.ts";
import { loadMarket } from "../market.ts";
import { trackedTrain, type TrackedTraining } from "../train.ts";
import { otherSweeps, readSweep } from "./sweep.ts";
import { writeTrialMarket } from "./trial_market.ts";

/**
 * Opens the hold-out of a sweep: trains its winner on the training part, with the validation part to say which weights are
 * kept, and lets it trade the test part, which nothing of the sweep has seen. This can be done once: the ledger says so before
 * the test part is looked at, and after it nothing more is tried in the sweep. If the training is interrupted, the same call
 * goes on with it.
 *
 * @throws {RangeError} if it was opened before, no trial finished, or the candles are not those that trials saw
 */
export async function openSweepHoldout(
  name: string,
  loaded: LoadedConfig,
  deps: Deps = {},
  { storage, reason = "asked for" }: { readonly storage?: string; readonly reason?: string } = {},
): Promise<TrackedTraining> {
  const sweep = await readSweep(name, storage);
  const { folder, config, best, spec, count } = sweep;
  if (!config || !best) {
    throw new RangeError(`Cannot open the hold-out of "${name}" as a trial must have finished: none has`);
  }
  const { holdout } = count;
  const file = join(folder, "holdout.json");
  if (holdout && (holdout.trial !== best.trial || await exists(file))) {
    throw new RangeError(
      `Cannot open the hold-out of "${name}" as that is done once: it was opened at ${holdout.at} for trial ` +
        `${holdout.trial}, "${holdout.reason}"; what came out is in ${file}`,
    );
  }
  const scratch = await Deno.makeTempDir({ prefix: "candelabra-holdout-" });
  try {
    const hash = await writeTrialMarket(scratch, await loadMarket(config, deps));
    if (hash !== spec.market) {
      throw new RangeError(
        `Cannot open the hold-out of "${name}" as its candles must be those that trials saw: ${spec.data} changed since`,
      );
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  for (const { name: other, at } of (await otherSweeps(sweep)).opened) {
    log("warn", `The test part is not new: the sweep "${other}" of the same candles opened it at ${at}`);
  }
  if (holdout) {
    log("info", `The hold-out of "${name}" was opened at ${holdout.at}, and its training interrupted: it goes on`);
  } else {
    using ledger = openLedger(join(folder, "ledger.jsonl"));
    ledger.openHoldout(best.trial, reason);
    log(
      "info",
      `The hold-out of "${name}" is open now, once and for all: trial ${best.trial} is trained and tried on it`,
    );
  }
  const { run } = loaded.config;
  const winner = { ...config, run: { ...config.run, track: run.track, seeds: run.seeds } };
  const checkpoints = join(folder, "holdout");
  const done = await trackedTrain({ ...loaded, config: winner }, deps, { checkpoints, resume: holdout !== undefined });
  await writeAtomic(file, JSON.stringify({ trial: best.trial, run: done.run, numbers: done.numbers }, null, 2) + "\n");
  await Deno.remove(checkpoints, { recursive: true });
  return done;
}
