/** Every sampler in the table keeps these laws; the one that wants torch is skipped without it. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ensurePython } from "../../lib/track/python.ts";
import { samplerOf, samplers } from "../../lib/hyperopt/samplers.ts";
import type { PastTrial, Sampler, SamplerOptions } from "../../lib/hyperopt/sampler.ts";
import { choice, float, int, log, logInt, paramsFault, type Space, when } from "../../lib/hyperopt/space.ts";
import type { Params } from "../../lib/hyperopt/trial.ts";

const space: Space = {
  rate: log(1e-5, 1e-1, 5),
  share: float(-1, 1, 5),
  width: logInt(4, 64, 4),
  stride: int(2, 20, 3),
  kind: choice("mlp", "lstm"),
  cells: when("kind", "lstm", int(1, 4)),
};
const bowl = { x: float(-3, 3, 9), y: log(1e-3, 1e3, 9) } satisfies Space;
const height = ({ x, y }: Params) => -((Number(x) - 0.75) ** 2) - (Math.log10(Number(y)) - 0.75) ** 2 / 2;

const { python } = await ensurePython();
const hasTorch = await ended([python, "-c", "import torch"]);

for (const [name, entry] of Object.entries(samplers)) {
  const ignore = name === "gp" && !hasTorch;
  const open = (options: Omit<SamplerOptions, "python">) => entry.open({ ...options, python });
  const law = (says: string, fn: () => Promise<void>) => Deno.test({ name: `${name}: ${says}`, ignore, fn });

  law("stays in the space, has what is there and not what is not, and counts from 0", async () => {
    await using sampler = await open({ space, seed: 5 });
    for (let n = 0; n < 30; n++) {
      const asked = (await sampler.ask())!;
      assertEquals(asked.trial, n);
      assertEquals(paramsFault(space, asked.params), undefined);
      const value = Number(asked.params.share) + (asked.params.kind === "lstm" ? Number(asked.params.cells) : 0);
      await sampler.tell(n, n % 7 === 3 ? { state: "failed" } : { state: "finished", value });
    }
  });

  law("the same seed and history give the same trials, another seed others", async () => {
    const run = async (seed: number) => {
      await using sampler = await open({ space, seed });
      return await play(sampler, 0, 16);
    };
    const [first, again, other] = await Promise.all([run(3), run(3), run(4)]);
    assertEquals(first, again);
    assert(JSON.stringify(first) !== JSON.stringify(other));
  });

  // CMA-ES keeps its distribution in Optuna's storage, which here is a new one in memory
  if (name !== "cmaes") {
    law("goes on from a journal as if it had never stopped, a running trial among what there was", async () => {
      await using whole = await open({ space, seed: 9 });
      const trials = await play(whole, 0, 15);
      const running = (await whole.ask())!;
      const past: PastTrial[] = [...trials, { ...running, reports: [] }];
      await using resumed = await open({ space, seed: 9, past });
      for (const sampler of [whole, resumed]) await sampler.tell(running.trial, { state: "finished", value: 0.5 });
      assertEquals(await play(whole, 16, 20), await play(resumed, 16, 20));
    });
  }

  law("finds the top of a parabola", async () => {
    await using sampler = await open({ space: bowl, seed: 2 });
    let best = -Infinity;
    for (let n = 0; n < 60; n++) {
      const asked = await sampler.ask();
      if (asked === undefined) break;
      const value = height(asked.params);
      await sampler.tell(asked.trial, { state: "finished", value });
      best = Math.max(best, value);
    }
    assert(best > (name === "random" ? -0.6 : -0.25), `best is ${best}`);
  });

  law("asks for several before one is told, and takes them in any order", async () => {
    await using sampler = await open({ space: bowl, seed: 6, startup: 3 });
    for (let round = 0; round < 4; round++) {
      const asked = [(await sampler.ask())!, (await sampler.ask())!, (await sampler.ask())!];
      assertEquals(new Set(asked.map(({ params }) => JSON.stringify(params))).size, 3, "no two are the same");
      for (const { trial, params } of asked.reverse()) {
        await sampler.report(trial, 1, height(params) - 1);
        const value = height(params);
        await sampler.tell(trial, round === 2 ? { state: "pruned", value } : { state: "finished", value });
      }
    }
  });

  law("refuses a space that cannot be searched", async () => {
    const wrong: Space = { x: float(1, 0, 3), y: float(0, 1) }; // two: CMA-ES takes no fewer
    await assertRejects(async () => await open({ space: wrong, seed: 1 }), RangeError, '"x"');
  });
}

Deno.test("a sampler nobody knows is answered with those there are", () => {
  assertThrows(() => samplerOf("tpx"), RangeError, 'nearest is "tpe"');
});

/** Trials `from` to `to`, told by a fixed function: finished, pruned and failed ones. */
async function play(sampler: Sampler, from: number, to: number): Promise<PastTrial[]> {
  const trials: PastTrial[] = [];
  for (let n = from; n < to; n++) {
    const { trial, params } = (await sampler.ask())!;
    const value = Number(params.share) - Math.abs(Math.log10(Number(params.rate)) + 3);
    const reports = [{ step: 10, value: value - 1 }];
    await sampler.report(trial, 10, value - 1);
    const outcome = n % 5 === 2
      ? { state: "pruned", value: value - 1 } as const
      : n % 7 === 3
      ? { state: "failed" } as const
      : { state: "finished", value } as const;
    await sampler.tell(trial, outcome);
    trials.push({ trial, params, reports, outcome });
  }
  return trials;
}

async function ended([program, ...args]: string[]): Promise<boolean> {
  return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
}
