import { assert, assertEquals, assertRejects } from "@std/assert";
import { nearestTraining, openCheckpoints } from "../../../lib/pipeline/agent/checkpoints.ts";
import { withFolder } from "../tiny.ts";

const settings = { ppo: { gamma: 0.99, clip_range: 0.2 }, data: { hash: "abc" } };
const checkpoint = {
  timesteps: 128,
  state: Uint8Array.of(1, 2, 3),
  best: [Float32Array.of(0.5, -0.5), Float32Array.of(1)],
  history: { "time/total_timesteps": [64, 128], "rollout/ep_rew_mean": [NaN, 0.25] },
  trials: { "eval/total_return": [0.1] },
};

Deno.test("a checkpoint is read as it was written, by the same settings in any order, and by no others", async () => {
  await withFolder(async (root) => {
    const checkpoints = await openCheckpoints(settings, root);
    assertEquals(await checkpoints.read(7), undefined);
    await checkpoints.write(7, checkpoint);
    assertEquals(await checkpoints.read(7), checkpoint);
    const { data, ppo } = settings;
    assertEquals(await (await openCheckpoints({ data, ppo }, root)).read(7), checkpoint);
    assertEquals(await checkpoints.read(8), undefined);
    assertEquals(await (await openCheckpoints({ ...settings, data: { hash: "abd" } }, root)).read(7), undefined);
  });
});

Deno.test("when there is nothing to resume, the nearest training says what is different", async () => {
  await withFolder(async (root) => {
    assertEquals(await nearestTraining(settings, root), undefined);
    for (const gamma of [0.9, 0.95]) {
      const data = { hash: gamma === 0.9 ? "xyz" : "abc" };
      await (await openCheckpoints({ ...settings, ppo: { ...settings.ppo, gamma }, data }, root)).write(1, checkpoint);
    }
    assertEquals(await nearestTraining(settings, root), ["ppo.gamma was 0.95 and is 0.99"]);
  });
});

Deno.test("a checkpoint that is cut short is refused, and old trainings are forgotten", async () => {
  await withFolder(async (root) => {
    const checkpoints = await openCheckpoints(settings, root);
    await checkpoints.write(7, checkpoint);
    const bytes = await Deno.readFile(checkpoints.pathOf(7));
    await Deno.writeFile(checkpoints.pathOf(7), bytes.subarray(0, bytes.length - 9));
    await assertRejects(() => checkpoints.read(7), SyntaxError, "cut short");
    await Deno.writeFile(checkpoints.pathOf(7), bytes.subarray(0, 30));
    await assertRejects(() => checkpoints.read(7), SyntaxError, `${checkpoints.pathOf(7)} (Cannot read`);
    for (let i = 0; i < 15; i++) await (await openCheckpoints({ i }, root)).write(1, checkpoint);
    const left = Array.from(Deno.readDirSync(root));
    assert(left.length === 12, `${left.length} are left`);
  });
});
