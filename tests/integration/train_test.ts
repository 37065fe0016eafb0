import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../../lib/base/files.ts";
import { tinySettings, writeTiny } from "../pipeline/tiny.ts";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

Deno.test({
  name: "Ctrl-C in the middle of a training ends it with 130 and says how it goes on, and it does, to the same weights",
  ignore: Deno.build.os === "windows",
  async fn() {
    const path = await writeTiny(project.folder);
    const longer = ["env.n_envs=32", "ppo.batch_size=128", "ppo.total_timesteps=100000", "train.eval_freq=50000"];
    const set = [...tinySettings, ...longer, "train.checkpoint_every=0.1"].flatMap((setting) => ["--set", setting]);
    const line = ["train", "--input", path, "--no-track", ...set];
    const training = project.start(line);
    const folder = project.path("mlflow_runs/.checkpoints");
    for (let tries = 0; !await exists(folder) || [...Deno.readDirSync(folder)].length === 0; tries++) {
      assert(tries < 5000, "no checkpoint was written");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    training.interrupt();
    const { code, stdout, stderr } = await training.ended;
    assertEquals([code, stdout], [130, ""], stderr);
    assertStringIncludes(stderr, "the same command with --resume goes on");
    assert(!stderr.includes("run the same command again"), stderr);

    const [resumed, whole] = [
      await project.lab([...line, "--resume", "--json"]),
      await project.lab([...line, "--json"]),
    ];
    assertStringIncludes(resumed.stderr, "Goes on with seed");
    assertEquals(JSON.parse(resumed.stdout), JSON.parse(whole.stdout));
  },
});

Deno.test("a training says what ran it, and for how long", async () => {
  const path = await writeTiny(project.folder);
  const set = tinySettings.flatMap((setting) => ["--set", setting]);
  const { stdout } = await project.lab(["train", "--input", path, "--engine", "tfjs", "--backend", "cpu", ...set]);
  assertStringIncludes(stdout, "Trained: 1 seed of 512 steps in ");
  assertStringIncludes(stdout, "; TensorFlow.js 4.22.0 on cpu\n");
});
