import { join } from "node:path";
import { readCheckpoint, writeCheckpoint } from "../../agent/checkpoint.ts";
import { exists, writeAtomic } from "../../base/files.ts";
import { canonicalJson, hashOf } from "../../base/hash.ts";
import { projectPath } from "../../base/project.ts";

/** Where a seed's training stands: the last good state, the best weights so far, and what was logged. */
export interface Checkpoint {
  readonly timesteps: number;
  readonly state: Uint8Array; // of PPO, its env and its random numbers
  readonly best: readonly Float32Array[]; // weights; none before the first validation
  /** One number per update by name; `timesteps` among them. [U] */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The same per trial on validation. [C] */
  readonly trials: Readonly<Record<string, readonly number[]>>;
}

/** Checkpoints of trainings with equal settings and data, one file a seed. */
export interface Checkpoints {
  readonly folder: string;
  pathOf(seed: number): string;
  write(seed: number, checkpoint: Checkpoint): Promise<void>;
  /** @throws {SyntaxError} if the file is not whole */
  read(seed: number): Promise<Checkpoint | undefined>;
}

/** Trainings whose checkpoints are kept; older ones are deleted when another begins. */
const KEPT = 12;

/**
 * Opens the checkpoints of a training. Its name is the hash of all that decides what comes out, so that a training goes
 * on from its own checkpoint and from no other.
 *
 * @param settings everything that the weights depend on but the seed: plain JSON
 */
export async function openCheckpoints(
  settings: Readonly<Record<string, unknown>>,
  root: string = projectPath("mlflow_runs", ".checkpoints"),
): Promise<Checkpoints> {
  const folder = join(root, hashOf(canonicalJson(settings)).slice(0, 16));
  await forgetOld(root, folder);
  const pathOf = (seed: number) => join(folder, `seed-${seed}.checkpoint`);
  return {
    folder,
    pathOf,
    async write(seed, { timesteps, state, best, history, trials }) {
      const columns = (prefix: string, values: Checkpoint["history"]) =>
        Object.entries(values).map(([name, column]) => [prefix + name, Float64Array.from(column)] as const);
      const bytes = writeCheckpoint({
        numbers: { timesteps },
        arrays: {
          state,
          ...Object.fromEntries(best.map((vector, i) => [`best ${i}`, vector])),
          ...Object.fromEntries([...columns("history ", history), ...columns("trials ", trials)]),
        },
      });
      if (!await exists(join(folder, "settings.json"))) {
        await writeAtomic(join(folder, "settings.json"), JSON.stringify(settings, null, 2) + "\n");
      }
      await writeAtomic(pathOf(seed), bytes);
    },
    async read(seed) {
      if (!await exists(pathOf(seed))) return undefined;
      const { numbers, arrays } = wholeCheckpoint(pathOf(seed), await Deno.readFile(pathOf(seed)));
      const named = (prefix: string) =>
        Object.entries(arrays).filter(([name]) => name.startsWith(prefix))
          .map(([name, array]) => [name.slice(prefix.length), array] as const);
      const columns = (prefix: string) =>
        Object.fromEntries(named(prefix).map(([name, array]) => [name, Array.from(array)]));
      return {
        timesteps: numbers.timesteps,
        state: arrays.state as Uint8Array,
        best: named("best ").map(([, array]) => array as Float32Array),
        history: columns("history "),
        trials: columns("trials "),
      };
    },
  };
}

function wholeCheckpoint(path: string, bytes: Uint8Array): ReturnType<typeof readCheckpoint> {
  try {
    return readCheckpoint(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot resume from ${path} (${error.message}): delete it to begin that seed anew`, {
      cause: error,
    });
  }
}

/**
 * Settings of the training nearest to these that has a checkpoint, and where they differ: what to say when there is
 * nothing to resume.
 */
export async function nearestTraining(
  settings: Readonly<Record<string, unknown>>,
  root: string = projectPath("mlflow_runs", ".checkpoints"),
): Promise<readonly string[] | undefined> {
  const mine = leaves(settings);
  let best: string[] | undefined;
  for (const { path } of await trainingsIn(root)) {
    const other = leaves(JSON.parse(await Deno.readTextFile(join(path, "settings.json"))));
    const differing = [...new Set([...mine.keys(), ...other.keys()])]
      .filter((name) => mine.get(name) !== other.get(name))
      .map((name) => `${name} was ${other.get(name) ?? "not set"} and is ${mine.get(name) ?? "not set"}`);
    if (best === undefined || differing.length < best.length) best = differing;
  }
  return best;
}

/** Plain values of nested settings by dotted path. */
function leaves(value: unknown, path = ""): Map<string, string> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return new Map([[path, String(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, path === "" ? key : `${path}.${key}`)]),
  );
}

async function trainingsIn(root: string): Promise<{ path: string; time: number }[]> {
  if (!await exists(root)) return [];
  const found: { path: string; time: number }[] = [];
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    const settings = join(root, name, "settings.json");
    if (!isDirectory || !await exists(settings)) continue;
    let time = 0;
    for await (const file of Deno.readDir(join(root, name))) {
      time = Math.max(time, (await Deno.stat(join(root, name, file.name))).mtime?.getTime() ?? 0);
    }
    found.push({ path: join(root, name), time });
  }
  return found.sort((a, b) => b.time - a.time);
}

async function forgetOld(root: string, keep: string): Promise<void> {
  for (const { path } of (await trainingsIn(root)).filter(({ path }) => path !== keep).slice(KEPT - 1)) {
    await Deno.remove(path, { recursive: true });
  }
}
