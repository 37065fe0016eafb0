import type { LoadedConfig } from "../../config/load.ts";
import { formatSpace } from "../../hyperopt/space.ts";
import { spaces } from "../../hyperopt/spaces.ts";
import type { Deps } from "../deps.ts";
import { trackedTune, type TuneOptions } from "../tune.ts";
import { readSweep, type Sweep } from "./sweep.ts";
import type { OpenEngine } from "./engine.ts";
import { openTrials } from "./trial.ts";

/** Trials in this very process, one at a time: for notebooks, which may start no programs. */
export const inlineEngine: OpenEngine = () => {
  const trials = openTrials();
  return Promise.resolve({
    name: "inline",
    slots: 1,
    workers: [],
    advice: "one trial at a time, in this process",
    run: (job, { onReport, signal }) => trials.run(job, onReport, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

/**
 * The sweep of that name, which `deno task tune` ran, or without a name a new one by `config.tune`, run here, without MLflow, in
 * a folder that is gone when it is done. Repeatable: the same settings give the same trials.
 *
 * @param space what is searched, as text; that of the preset `quick` unless given, whose trials take seconds
 * @throws {RangeError} if there is no sweep of that name, or settings cannot be used
 */
export async function sweepStage(
  loaded: LoadedConfig,
  name = "",
  { space = [formatSpace(spaces.quick)], ...deps }: Deps & Pick<TuneOptions, "space"> = {},
): Promise<Sweep> {
  if (name !== "") return await readSweep(name);
  const storage = await Deno.makeTempDir({ prefix: "candelabra-sweep-" });
  try {
    const { config } = loaded;
    const untracked = { ...loaded, config: { ...config, run: { ...config.run, track: false } } };
    const how = {
      openEngine: inlineEngine,
      storage,
      name: loaded.preset,
      space: space.flatMap((text) => text.split("\n")),
    };
    return await trackedTune(untracked, deps, how);
  } finally {
    await Deno.remove(storage, { recursive: true });
  }
}
