import { join } from "node:path";
import { readCheckpoint, writeCheckpoint } from "../../agent/checkpoint.ts";
import { exists, writeAtomic } from "../../base/files.ts";

/** Where one agent of a trial stands, and what it did when it was last judged. */
export interface AgentRecord {
  readonly rung: number; // last one it was judged at; −1 before the first
  readonly state: Uint8Array; // of PPO, its env and its random numbers
  readonly metrics: Readonly<Record<string, number>>;
  readonly returns: Float64Array; // out of sample, per bar
}

/** Checkpoint of one trial: a file for each agent, and one that says what was answered. Each is whole or not there. */
export interface TrialFolder {
  /** Last rung that was answered; −1 for none. */
  readonly answered: number;
  /** Why the trial was told to stop; null while it goes on. */
  readonly stopped: string | null;
  answer(rung: number, stopped: string | null): Promise<void>;
  read(agent: string): Promise<AgentRecord | undefined>;
  write(agent: string, record: AgentRecord): Promise<void>;
  /** Seconds spent on the trial, in all its lives. */
  seconds(): number;
}

interface TrialFile {
  readonly identity: string;
  readonly answered: number;
  readonly stopped: string | null;
  readonly seconds: number;
}

/**
 * Opens the checkpoint of a trial, which is made where it is not there: empty, or a copy of another trial's agents.
 *
 * @param identity of all that decides the trial's values
 * @param agents their names
 * @param from folder of the other trial, which must not change meanwhile
 * @throws {RangeError} if the folder holds another trial
 */
export async function openTrialFolder(
  path: string,
  identity: string,
  agents: readonly string[],
  from?: string,
): Promise<TrialFolder> {
  const file = join(path, "trial.json");
  const fileOf = (root: string, agent: string) => join(root, `${agent}.agent`);
  const started = performance.now();
  let state: TrialFile = { identity, answered: -1, stopped: null, seconds: 0 };
  const read = async (agent: string, root = path) => {
    if (!await exists(fileOf(root, agent))) return undefined;
    const { numbers: { rung, ...metrics }, arrays } = readCheckpoint(await Deno.readFile(fileOf(root, agent)));
    return { rung, metrics, state: arrays.state as Uint8Array, returns: arrays.returns as Float64Array };
  };
  const seconds = () => state.seconds + (performance.now() - started) / 1000;
  const save = () => writeAtomic(file, JSON.stringify({ ...state, seconds: seconds() }) + "\n");

  if (await exists(file)) {
    state = JSON.parse(await Deno.readTextFile(file));
    if (state.identity !== identity) {
      throw new RangeError(
        `Cannot go on with the trial in ${path} as its parameters, settings, rungs, seeds, folds and candles must be ` +
          "those it was begun with",
      );
    }
  } else if (from !== undefined) {
    const records = await Promise.all(agents.map((agent) => read(agent, from)));
    const missing = agents.filter((_, i) => records[i] === undefined);
    if (missing.length > 0) {
      throw new RangeError(`Cannot start from the checkpoint ${from} as it must hold ${missing.join(", ")}`);
    }
    await Deno.mkdir(path, { recursive: true });
    for (const agent of agents) await Deno.copyFile(fileOf(from, agent), fileOf(path, agent));
    state = { ...state, answered: Math.min(...records.map((record) => record!.rung)) };
    await save(); // last: without it the copying is done again
  } else await save();

  return {
    get answered() {
      return state.answered;
    },
    get stopped() {
      return state.stopped;
    },
    seconds,
    read,
    async answer(answered, stopped) {
      state = { ...state, answered, stopped };
      await save();
    },
    write: (agent, { rung, metrics, state, returns }) =>
      writeAtomic(
        fileOf(path, agent),
        writeCheckpoint({ numbers: { rung, ...metrics }, arrays: { state, returns } }),
      ),
  };
}
