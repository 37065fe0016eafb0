import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { openOptuna } from "../../lib/hyperopt/optuna.ts";
import type { PastTrial, Sampler } from "../../lib/hyperopt/sampler.ts";
import { ensurePython } from "../../lib/track/python.ts";
import { postgresPrograms, withPostgres } from "../postgres.ts";
import { choice, float, log, type Space, when } from "../../lib/hyperopt/space.ts";

const { python } = await ensurePython();
const space: Space = { x: float(-3, 3), y: log(1e-3, 1e3) };

async function play(sampler: Sampler, from: number, to: number): Promise<PastTrial[]> {
  const trials: PastTrial[] = [];
  for (let n = from; n < to; n++) {
    const { trial, params } = (await sampler.ask())!;
    const value = -((Number(params.x) - 1) ** 2) - Math.log10(Number(params.y)) ** 2;
    await sampler.report(trial, 1, value - 1);
    await sampler.tell(trial, { state: "finished", value });
    trials.push({ trial, params, reports: [{ step: 1, value: value - 1 }], outcome: { state: "finished", value } });
  }
  return trials;
}

Deno.test({
  name: "CMA-ES goes on from a journal file as if it had never stopped, half a line at its end and all",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const [whole, cut] = [join(folder, "whole.log"), join(folder, "study", "cut.log")];
      const openAt = (storage: string, past: readonly PastTrial[] = []) =>
        openOptuna("cmaes", { space, seed: 3, python, storage, study: "s", past });
      await using reference = await openAt(whole);
      const past: PastTrial[] = [];
      {
        await using first = await openAt(cut);
        past.push(...await play(first, 0, 14));
        await first.ask(); // the process dies before it writes that it asked
      }
      await Deno.writeTextFile(cut, '{"op_code": 5, "wor', { append: true });
      await using second = await openAt(cut, past);
      const [resumed, straight] = await Promise.all([play(second, 14, 20), play(reference, 0, 20)]);
      assertEquals(resumed, straight.slice(14));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "a storage that holds another study's trials is refused",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const storage = join(folder, "j.log");
      const past: PastTrial[] = [];
      {
        await using first = await openOptuna("tpe", { space, seed: 1, python, storage });
        past.push(...await play(first, 0, 2));
      }
      const other = past.map((trial) => ({ ...trial, params: { ...trial.params, x: 0 } }));
      const open = () => openOptuna("tpe", { space, seed: 1, python, storage, past: other });
      await assertRejects(open, Error, "trial 0 of the study in the storage has other parameters");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "what was tried without a storage is told to Optuna again: conditions, pruned, failed and running ones",
  async fn() {
    const tree: Space = { kind: choice("a", "b"), depth: when("kind", "b", float(0, 1)), on: choice(true, false) };
    const past: PastTrial[] = [
      { trial: 0, params: { kind: "a", on: true }, reports: [], outcome: { state: "finished", value: 1 } },
      {
        trial: 1,
        params: { kind: "b", depth: 0.5, on: false },
        reports: [{ step: 3, value: 2 }],
        outcome: { state: "pruned" },
      },
      { trial: 2, params: { kind: "a", on: false }, reports: [], outcome: { state: "failed" } },
      { trial: 3, params: { kind: "b", depth: 0.1, on: true }, reports: [{ step: 3, value: 2 }] },
    ];
    await using sampler = await openOptuna("tpe", { space: tree, seed: 1, python, past, startup: 2 });
    await sampler.tell(3, { state: "finished", value: 3 });
    const asked = (await sampler.ask())!;
    assertEquals(asked.trial, 4);
    assertEquals("depth" in asked.params, asked.params.kind === "b");
    assertEquals(typeof asked.params.on, "boolean");
    const unknown = async () => await sampler.tell(9, { state: "failed" });
    await assertRejects(unknown, Error, "Optuna says: KeyError: 9");
  },
});

Deno.test({
  name: "in PostgreSQL a study lies in a schema of its own, beside what else is there, and goes on from it",
  ignore: postgresPrograms() === undefined, // Debian: apt install postgresql
  fn: () =>
    withPostgres(async (storage) => {
      await psql(storage, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('x')");
      const open = (past: readonly PastTrial[]) =>
        openOptuna("tpe", { space, seed: 1, python, storage, study: "s", past, startup: 2 });
      await using reference = await openOptuna("tpe", { space, seed: 1, python, startup: 2 });
      const past: PastTrial[] = [];
      {
        await using first = await open([]);
        past.push(...await play(first, 0, 4));
      }
      await using second = await open(past);
      assertEquals(await play(second, 4, 6), (await play(reference, 0, 6)).slice(4));
      const rows = "(SELECT count(*) FROM optuna.trials), (SELECT version_num FROM public.alembic_version)";
      assertEquals(await psql(storage, `SELECT ${rows}`), "6|x");
      const wrong = storage.replace("secret", "wrong-word");
      const error = await assertRejects(() => openOptuna("tpe", { space, seed: 1, python, storage: wrong }), Error);
      assert(error.message.includes("password authentication failed") && !error.message.includes("wrong-word"));
    }),
});

Deno.test("without Python it says that it needs one; a program that is none is told by what it said", async () => {
  await assertRejects(() => openOptuna("tpe", { space, seed: 1 }), TypeError, "Python must be given");
  await assertRejects(() => openOptuna("tpe", { space, seed: 1, python: "no-such-python" }), Deno.errors.NotFound);
  const wrong = () => openOptuna("tpe", { space, seed: 1, python: Deno.execPath() });
  const error = await assertRejects(wrong, Error, "process has ended");
  assert(error.message.length > 60, error.message);
});

async function psql(url: string, command: string): Promise<string> {
  const program = join(postgresPrograms()!, "psql");
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [url, "-Atc", command] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}
