import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { log } from "../../base/log.ts";
import { projectPath } from "../../base/project.ts";
import { openRay } from "../../hyperopt/ray.ts";
import { ensurePython } from "../../track/python.ts";
import { barOf } from "../deps.ts";
import type { EngineNeeds, SweepEngine } from "./engine.ts";

/**
 * Runs a sweep's trials with Ray Tune: on a cluster where `needs.address` names one, else on a Ray that is started here and
 * ends with the sweep. First use installs Ray into `.venv-ray` (600 MB).
 *
 * A node needs two things. It must see the sweep's folder under the same path (`--storage-path` on a disk that all share):
 * candles, checkpoints and Ray Tune's records are there. And it needs `deno` (`$DENO`, on its PATH, or npm to fetch it): a
 * cluster is brought the code itself, as its runtime environment, and npm's packages are installed by the first trial of
 * each node. A Ray that runs here takes the project as it is.
 *
 * @throws {RangeError} if one trial takes more than the cluster has
 * @throws {Error} if Ray cannot be installed, started or reached, or a node does not see the folder
 */
export async function rayEngine(needs: EngineNeeds): Promise<SweepEngine> {
  const { folder, config, address } = needs;
  const { workers, trials, trial_seconds, trial_cpus, trial_gpus } = config.tune;
  using bar = barOf(needs, address === undefined ? "Starting Ray" : `Joining Ray at ${address}`);
  const { python } = await ensurePython({
    folder: projectPath(".venv-ray"),
    lock: projectPath("requirements-ray.lock"),
    onProgress: bar.update,
  });
  const ray = await openRay({
    python,
    storage: folder,
    folder: projectPath(),
    ...(address === undefined ? {} : { address, upload: await packed(folder) }),
    program: {
      deno: [Deno.execPath()],
      arguments: [
        ...["run", "--quiet", "--no-prompt", "--config=deno.json"],
        `--allow-read=lib,node_modules,deno.json,deno.lock,package.json,${folder}`,
        `--allow-write=${folder}`,
        ...["--allow-env", "--allow-sys", "--allow-ffi", "lib/pipeline/sweep/trial_worker.ts"],
      ],
      environment: {},
    },
    trialCpus: trial_cpus,
    trialGpus: trial_gpus,
    ...(trial_seconds === null ? {} : { seconds: trial_seconds }),
  });
  const { nodes, cpus, gpus, version } = ray.cluster;
  const slots = Math.max(1, Math.min(ray.slots, workers ?? ray.slots, trials));
  const has = `Ray ${version}: ${nodes} ${nodes === 1 ? "node" : "nodes"}, ${cpus} CPUs, ${gpus} GPUs`;
  log("info", `${has}; ${slots} trials at once`);
  return {
    name: ray.name,
    slots,
    workers: [],
    advice: `${has}; a trial takes ${trial_cpus} CPUs and ${trial_gpus} GPUs, so ${slots} run at once`,
    run: (job, listener) => ray.run(job, listener),
    [Symbol.asyncDispose]: () => ray[Symbol.asyncDispose](),
  };
}

/** The code that trials run, copied to the sweep's folder for Ray to bring to its nodes: as it is now. */
async function packed(folder: string): Promise<string> {
  const code = join(folder, "code");
  await rm(code, { recursive: true, force: true });
  await mkdir(code, { recursive: true });
  for (const name of ["deno.json", "deno.lock", "lib"]) {
    await cp(projectPath(name), join(code, name), { recursive: true });
  }
  return code;
}
