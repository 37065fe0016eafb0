import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readJournal } from "../../lib/hyperopt/study_journal.ts";
import { tinySettings, writeTiny } from "../pipeline/tiny.ts";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

/** Trial processes of the project that there are. By a program: Deno keeps `/proc` from all but `--allow-all`. */
function trialProcesses(): number[] {
  const args = ["-c", "head -n 1 /proc/[0-9]*/cmdline"];
  const { stdout } = new Deno.Command("sh", { args, stderr: "null" }).outputSync(); // some end while they are read
  const [, ...found] = new TextDecoder().decode(stdout).split(/^==> \/proc\/(\d+)\/cmdline <==\n/m);
  const pids: number[] = [];
  for (let i = 0; i < found.length; i += 2) {
    if (found[i + 1].includes(project.folder) && found[i + 1].includes("trial_worker")) pids.push(Number(found[i]));
  }
  return pids;
}

Deno.test({
  name: "Ctrl-C ends a sweep with 130 and no trial process, says how it goes on, and it does, repeating nothing",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const path = await writeTiny(project.folder);
    const set = [...tinySettings, "tune.folds=2", "tune.seeds=1"].flatMap((setting) => ["--set", setting]);
    const sweep = project.start([
      ...["tune", "quick", "--input", path, "--name", "cut", "--trials", "6", "--timesteps", "16384", "--workers", "2"],
      ...["--scheduler", "none", "--space", "ppo.gamma=float(0.5, 0.9)", "--no-track", ...set],
    ]);
    await sweep.said("finished");
    assertEquals(trialProcesses().length, 2);
    sweep.interrupt();
    const { code, stdout, stderr } = await sweep.ended;
    assertEquals([code, stdout, trialProcesses()], [130, "", []], stderr);
    assertStringIncludes(stderr, "deno task tune --resume cut goes on with the rest");
    assert(!stderr.includes("run the same command again"), stderr);

    const journal = project.path("mlflow_runs/.sweeps/cut/journal.jsonl");
    const before = readJournal(journal).entries.filter(({ kind }) => kind === "end");
    assert(before.length >= 1 && before.length < 6);
    const again = await project.lab(["tune", "--resume", "cut", "--set", "run.track=false", "--json"]);
    assertEquals(again.code, 0, again.stderr);
    const { trials, count } = JSON.parse(again.stdout);
    assertEquals([trials.length, count.finished, count.trials], [6, 6, 6]);
    const ends = readJournal(journal).entries.flatMap((entry) => entry.kind === "end" ? [entry.trial] : []);
    assertEquals(ends.toSorted(), [0, 1, 2, 3, 4, 5]); // each ended once
  },
});
