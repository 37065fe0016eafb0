import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { openPolicy, type SavedPolicy } from "../../../lib/agent/policy_file.ts";
import { preferences } from "../../../lib/agent/distributions.ts";
import { exists } from "../../../lib/base/files.ts";
import { projectPath } from "../../../lib/base/project.ts";
import { normal, rng } from "../../../lib/base/random.ts";
import { settingsOf } from "../../../lib/config/environment.ts";
import type { LoadedConfig } from "../../../lib/config/load.ts";
import { trackedEvaluate } from "../../../lib/pipeline/evaluate.ts";
import { packageModel } from "../../../lib/pipeline/agent/model_package.ts";
import {
  findModel,
  judge,
  listModels,
  promoteModel,
  settingsOfModel,
} from "../../../lib/pipeline/agent/model_store.ts";
import { policiesOf, trackedTrain, trainStage } from "../../../lib/pipeline/train.ts";
import { getArtifact, listArtifacts } from "../../../lib/track/artifacts.ts";
import { mlflow } from "../../../lib/track/mlflow.ts";
import { metricHistory, searchRuns } from "../../../lib/track/runs.ts";
import { stopServer, trackingServer } from "../../../lib/track/server.ts";
import { tiny, withFolder, writeTiny } from "../tiny.ts";

Deno.test("a champion gives way only to one that did better on the same bars and costs", () => {
  const champion = { version: 3, tags: { "candelabra.trial": "a", "candelabra.validation": "0.1" } };
  assertEquals(judge(undefined, { trial: "a", score: -1 }).champion, true);
  assertEquals(judge(champion, { trial: "a", score: 0.2 }), {
    champion: true,
    reason: "it earned 20.0 % on validation, and takes the place of version 3 (10.0 %)",
  });
  assertEquals(judge(champion, { trial: "a", score: 0.1 }).champion, false);
  assertEquals(judge(champion, { trial: "b", score: 0.2 }).champion, false);
  assertEquals(judge(champion, { trial: "a", score: NaN }).champion, false);
  assert(judge(champion, { trial: "b", score: 9 }).reason.includes("cannot be compared"));
});

Deno.test("a training, its model and its champion on the real server", async (t) => {
  await withFolder(async (folder) => {
    const root = `${folder}/mlflow`;
    const path = await writeTiny(folder);
    const { uri } = await trackingServer({ root, variables: {} });
    const settings = settingsOf({ MLFLOW_TRACKING_URI: uri });
    const loadedWith = (...set: string[]): LoadedConfig => ({
      ...tiny(path, ["run.track=true", "run.experiment=tests", "train.model=small", "evaluate.resamples=100", ...set]),
      settings,
    });
    const server = mlflow(uri);
    try {
      const checkpoints = `${folder}/checkpoints`;
      const first = await trackedTrain(loadedWith("run.seeds=2"), {}, { checkpoints });

      await t.step("what Stable-Baselines3 logs is in the runs of the seeds, below the training's", async () => {
        assertEquals([first.registered?.version, first.registered?.champion], [1, true]);
        const runs = await searchRuns(server, { experiments: ["tests"] });
        assertEquals(runs.map(({ name }) => name).sort(), [`seed 7`, `seed 8`, `train mlp ${path}`]);
        const seed = runs.find(({ name }) => name === "seed 8")!;
        assertEquals(seed.tags["mlflow.parentRunId"], first.run.id);
        const points = await metricHistory(server, seed.id, "train/approx_kl");
        assertEquals(points.map(({ step }) => step), [64, 128, 192, 256, 320, 384, 448, 512]);
        assertEquals((await metricHistory(server, seed.id, "eval/total_return")).length, 4);
        const parent = runs.find(({ id }) => id === first.run.id)!;
        assertEquals(parent.metrics["test/agent/total_return"], first.evaluation.rows[0].totalReturn);
        const recorded = JSON.parse(new TextDecoder().decode(await getArtifact(server, parent, "metrics.json")));
        assertEquals(Object.keys(recorded).length, Object.keys(first.numbers).length);
        const files = await listArtifacts(server, parent, "model");
        assertEquals(files.map(({ path }) => path).sort().slice(0, 2), ["model/MLmodel", "model/conda.yaml"]);
      });

      await t.step("the champion is found, with all seeds, and evaluates as it did", async () => {
        const found = await findModel("small@champion", settings);
        assertEquals([found.name, found.reference], ["small version 1 (champion)", "small/1"]);
        assertEquals(found.policies, policiesOf(first.training));
        assertEquals(settingsOfModel(found).data, {
          input: path,
          timeframe: "",
          exchange: "",
          timerange: "",
          gaps: "fill",
        } as never);
        const told = settingsOfModel({ notes: found.notes }).data?.input as unknown;
        assertEquals(told, path.split("/").at(-1), "the file itself does not say where on the disk the candles lay");
        const again = await trackedEvaluate(loadedWith("run.seeds=2"), found);
        assertEquals(again.numbers, first.evaluation.numbers);
        assertEquals((await findModel(first.run.id.slice(0, 10), settings)).policies, found.policies);
        const file = `${folder}/policy.onnx`;
        await Deno.writeFile(file, found.policies[0].file);
        assertEquals((await findModel(file, settings)).policies, found.policies.slice(0, 1));
      });

      await t.step("the next one is the challenger; a person promotes it", async () => {
        const second = await trackedTrain(loadedWith("costs.transaction_fee=5"), {}, { checkpoints });
        assertEquals([second.registered?.version, second.registered?.champion], [2, false]);
        const aliases = async () =>
          (await listModels("small", settings)).map(({ version, aliases }) => [version, ...aliases]);
        assertEquals(await aliases(), [[2, "challenger"], [1, "champion"]]);
        assertEquals((await promoteModel("small", "challenger", settings)).version, 2);
        assertEquals(await aliases(), [[2, "challenger", "champion"], [1]]);
        assertEquals((await promoteModel("small", first.run.id, settings)).version, 1);
      });

      await t.step("what there is not is said, with what there is", async () => {
        await assertRejects(() => findModel("small@chamption", settings), RangeError, 'nearest is "@champion"');
        await assertRejects(() => findModel("small/7", settings), RangeError, "no such version");
        await assertRejects(() => findModel("large@champion", settings), RangeError, "deno task train makes one");
        await assertRejects(() => findModel("0123456789", settings), RangeError, "no run's id begins so");
        await assertRejects(() => findModel(`${folder}/none.onnx`, settings), RangeError, "no such file");
        const [evaluation] = await searchRuns(server, {
          experiments: ["tests"],
          filter: "attributes.run_name LIKE 'seed%'",
        });
        await assertRejects(() => findModel(evaluation.id, settings), RangeError, "it is no training");
      });
    } finally {
      await stopServer(root);
    }
  });
});

const python = projectPath(".venv-onnx", Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python");
const noPython = !await exists(python);
if (noPython) {
  console.log("skipped: a model in Python, as .venv-onnx is not there; requirements-onnx.in says how to make it");
}

Deno.test({
  name: "MLflow loads a model in Python, and it says the same to five digits",
  ignore: noPython,
  async fn() {
    await withFolder(async (folder) => {
      const here: Record<string, Float32Array> = {};
      const path = await writeTiny(folder);
      for (const actions of ["discrete", "box"]) {
        const { config } = tiny(path, [`env.actions=${actions}`]);
        const training = await trainStage(config, {}, { checkpoints: null });
        await using policy = await openPolicy(policiesOf(training)[0].file);
        const model = `${folder}/${actions}`;
        await Deno.mkdir(`${model}/seeds`, { recursive: true });
        for (const [path, body] of packageModel(policiesOf(training), policy.notes, "0".repeat(32))) {
          await Deno.writeFile(`${model}/${path}`, body);
        }
        const { asked, said } = await askHere(policy, training.features.matrix);
        await Deno.writeTextFile(`${model}/asked.json`, JSON.stringify(asked));
        here[model] = said;
      }
      const script = new URL("./load_model.py", import.meta.url).pathname;
      const { success, stdout, stderr } = await new Deno.Command(python, { args: [script, ...Object.keys(here)] })
        .output();
      assert(success, new TextDecoder().decode(stderr));
      const there = JSON.parse(new TextDecoder().decode(stdout));
      for (const [model, said] of Object.entries(here)) {
        for (const loader of ["pyfunc", "onnx"]) {
          const flat = there[model][loader].flat() as number[];
          assertEquals(flat.length, said.length);
          flat.forEach((value, i) => assertAlmostEquals(value, said[i], 1e-5));
        }
      }
    });
  },
});

/** 50 windows of the data with made-up accounts, and what the policy says of them here. */
async function askHere(policy: SavedPolicy, matrix: Parameters<SavedPolicy["policy"]>[0]) {
  const { window, stateSize, actions } = policy.notes;
  const F = matrix.names.length;
  const random = rng(3);
  const bars = Int32Array.from({ length: 50 }, (_, i) => matrix.warmup + window + 13 * i);
  const state = Float32Array.from({ length: 50 * stateSize }, () => 0.3 * normal(random));
  const look = await policy.policy(matrix).look(bars, state);
  const space = actions.kind === "discrete"
    ? { kind: "discrete" as const, n: actions.choices.length }
    : { kind: "box" as const, size: actions.assets };
  const windows = Array.from(
    bars,
    (bar) =>
      Array.from(
        { length: window },
        (_, w) => Array.from(matrix.values.subarray((bar - window + 1 + w) * F, (bar - window + 2 + w) * F)),
      ),
  );
  const rows = Array.from(bars, (_, i) => Array.from(state.subarray(i * stateSize, (i + 1) * stateSize)));
  return { asked: { window: windows, state: rows }, said: preferences(space, look.policy) };
}
