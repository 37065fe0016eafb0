/**
 * Kills a real sweep, with its real trial processes, at random moments, and resumes it each time:
 *
 *     deno run -A tests/bench/sweep_kills.ts [--kills 20] [--trials 12] [--scheduler asha]
 *
 * Says how many trials that had ended were run again (must be 0), how many processes were left over (0), and whether values
 * and returns are those of the same sweep in one go, to the last bit. One worker, so that the order of reports is the same.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { rng } from "../../lib/base/random.ts";
import { exists } from "../../lib/base/files.ts";
import { hashOf } from "../../lib/base/hash.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { returnsOf } from "../../lib/hyperopt/study.ts";
import { readJournal } from "../../lib/hyperopt/study_journal.ts";
import { rowsOf } from "../../lib/hyperopt/study_rows.ts";
import { resumedConfig, trackedTune } from "../../lib/pipeline/tune.ts";
import { processUsage } from "../../lib/resources/usage.ts";
import { tiny, writeTiny } from "../pipeline/tiny.ts";

const { values: flags } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    trials: { type: "string", default: "12" },
    scheduler: { type: "string", default: "asha" },
    session: { type: "string" }, // of a child: folder and name
  },
});
const set = ["tune.folds=2", "tune.seeds=2", "tune.timesteps=4096", "tune.workers=1", `tune.trials=${flags.trials}`];
const space = [
  "ppo.learning_rate = log(0.0001, 0.01)",
  "ppo.gamma = float(0.5, 0.99)",
  "ppo.ent_coef = log(0.0001, 0.1)",
];

async function session(folder: string, name: string): Promise<void> {
  const begun = await exists(join(folder, name, "journal.jsonl"));
  const options = { storage: folder, ...(begun ? { resume: name } : { name, space }) };
  const loaded = begun
    ? resumedConfig(loadConfig({ environment: {}, set: ["run.track=false"] }), name, folder)
    : tiny(join(folder, "tiny.csv"), [...set, `tune.scheduler=${flags.scheduler}`, "train.checkpoint_every=0"]);
  await trackedTune(loaded, {}, options);
}

if (flags.session !== undefined) {
  const [folder, name] = flags.session.split("|");
  await session(folder, name);
  Deno.exit(0);
}

const folder = await Deno.makeTempDir();
try {
  await writeTiny(folder);
  const start = performance.now();
  await session(folder, "whole");
  const seconds = (performance.now() - start) / 1000;
  const journalOf = (name: string) => readJournal(join(folder, name, "journal.jsonl")).entries;
  const random = rng(1);
  let [kills, repeated, left, sessions] = [0, 0, 0, 0];
  for (let done = false; !done; sessions++) {
    const ended = rowsOf(journalOf("killed")).filter(({ state }) => state !== "running").map(({ trial }) => trial);
    const before = journalOf("killed").length;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--no-check", fileURLToPath(import.meta.url)],
        ...[`--session=${folder}|killed`, `--trials=${flags.trials}`, `--scheduler=${flags.scheduler}`],
      ],
      stderr: "null",
    }).spawn();
    let status: Deno.CommandStatus | undefined;
    void child.status.then((end) => status = end);
    // From its first steps on, for about as long as three trials take.
    const wait = kills < Number(flags.kills) ? 1500 + random() * 3000 * seconds / Number(flags.trials) : Infinity;
    const began = performance.now();
    const workers = new Set<number>();
    while (!status && performance.now() - began < wait) {
      for (const pid of childrenOf(child.pid)) workers.add(pid);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!status) {
      child.kill("SIGKILL");
      kills++;
    }
    const { success } = await child.status;
    done = success;
    await new Promise((resolve) => setTimeout(resolve, 300));
    left += processUsage([...workers]).size;
    const news = journalOf("killed").slice(before);
    repeated += news.filter((entry) => "trial" in entry && entry.kind !== "run" && ended.includes(entry.trial!)).length;
  }
  const facts = async (name: string) => {
    const rows = rowsOf(journalOf(name));
    const returns = await Promise.all(rows.map(({ trial }) => returnsOf({ folder: join(folder, name) }, trial)));
    return JSON.stringify([
      rows.map(({ trial, state, value, metrics, reports }) => [trial, state, value, metrics, reports]),
      returns.map((bars) => hashOf(bars)),
    ]);
  };
  console.log(
    `${flags.trials} trials in one go: ${seconds.toFixed(1)} s; killed ${kills} times, in ${sessions} sessions`,
  );
  console.log(`ended trials that were run again: ${repeated}; processes left over: ${left}`);
  console.log(`same values, reports and returns to the last bit: ${await facts("killed") === await facts("whole")}`);
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** Processes that `pid` started. Linux. */
function childrenOf(pid: number): number[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
