/**
 * Which sampler and scheduler find how much in how many trials: `deno run -A tests/bench/samplers.ts [--seeds 20]
 * [--trials 100] [--python .venv/bin/python] [--only branin,tpe,…]`. Every sampler runs on the same functions and
 * seeds, in turns within one run.
 */
import { parseArgs } from "node:util";
import { projectPath } from "../../lib/base/project.ts";
import { quantile } from "../../lib/base/stats.ts";
import { type SamplerName, samplers } from "../../lib/hyperopt/samplers.ts";
import type { Report } from "../../lib/hyperopt/scheduler.ts";
import { schedulers } from "../../lib/hyperopt/schedulers.ts";
import { sampleRandom } from "../../lib/hyperopt/sample_random.ts";
import { branin, hartmann6, ppo, type Surrogate } from "./surrogates.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    trials: { type: "string", default: "100" },
    python: { type: "string", default: projectPath(".venv", "bin", "python") },
    only: { type: "string", default: "" },
  },
});
const [seeds, trials] = [Number(values.seeds), Number(values.trials)];
const only = values.only.split(",").filter(Boolean);
const functions: Record<string, Surrogate> = { branin, hartmann6, ppo };
const chosen = <T>(table: Record<string, T>) => {
  const named = Object.entries(table).filter(([name]) => only.includes(name));
  return named.length > 0 ? named : Object.entries(table);
};
const { grid: _, ...searched } = samplers; // has no business with floats of so many dimensions
const marks = [25, 50, 100, 200].filter((mark) => mark <= trials);

if (!only.includes("asha")) {
  for (const [name, surrogate] of chosen(functions)) {
    console.log(`\n${name}: distance of the trial that looked best from the top, median (quartiles) of ${seeds} seeds`);
    console.log(["sampler".padEnd(12), ...marks.map((mark) => `${mark} trials`.padEnd(24)), "ms a trial"].join(" "));
    const regrets = new Map<string, number[][]>();
    const ms = new Map<string, number>();
    for (let seed = 1; seed <= seeds; seed++) {
      for (const [sampler] of chosen(searched)) {
        const found = await search(sampler as SamplerName, surrogate, seed);
        regrets.set(sampler, [...regrets.get(sampler) ?? [], found.regret]);
        ms.set(sampler, (ms.get(sampler) ?? 0) + found.ms / trials / seeds);
      }
    }
    for (const [sampler, all] of regrets) {
      const cells = marks.map((_, i) => {
        const column = all.map((regret) => regret[i]);
        const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(column, q).toPrecision(2));
        return `${middle} (${low}–${high})`.padEnd(24);
      });
      console.log([sampler.padEnd(12), ...cells, ms.get(sampler)!.toFixed(1)].join(" "));
    }
  }
}

/** Runs one search; at each mark, how far the trial that looked best is from the top. */
async function search(name: SamplerName, { space, top, value, observe }: Surrogate, seed: number) {
  await using sampler = await samplers[name].open({ space, seed, python: values.python });
  const regret: number[] = [];
  let [looked, true_] = [-Infinity, -Infinity];
  let ms = 0;
  for (let n = 1; n <= trials; n++) {
    const began = performance.now();
    const { trial, params } = (await sampler.ask())!;
    ms += performance.now() - began;
    const seen = observe(params, trial, seed);
    if (seen > looked) [looked, true_] = [seen, value(params)];
    await sampler.tell(trial, { state: "finished", value: seen });
    if (marks.includes(n)) regret.push(top - true_);
  }
  return { regret, ms };
}

const budget = 2700;
console.log(`\nppo, 64 random trials, 4 at once, median (quartiles) of ${seeds} seeds`);
const heads = ["steps used", "distance of the choice", "steps to as good a choice", "within half"];
console.log(["scheduler ", ...heads.map((head) => head.padEnd(24))].join(" "));
for (const name of ["none", "median", "asha"] as const) {
  const all = await Promise.all(Array.from({ length: seeds }, (_, i) => schedule(name, i + 1)));
  const cell = (of: (one: typeof all[number]) => number) => {
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(all.map(of), q).toFixed(3));
    return `${middle} (${low}–${high})`.padEnd(24);
  };
  const within = all.filter(({ reached }) => reached <= 0.5).length;
  const cells = [cell(({ used }) => used), cell(({ distance }) => distance), cell(({ reached }) => reached)];
  console.log([name.padEnd(10), ...cells, `${within} of ${seeds}`].join(" "));
}

/**
 * Random search under a scheduler, over the same trials as without one. Steps are shares of those that 64 whole trials
 * take: `used` for 64 trials; `reached` until the trial that looks best of those that ended is truly as good as the one
 * that looks best of the 64 whole ones, new trials being drawn, up to 320.
 */
async function schedule(name: "asha" | "median" | "none", seed: number) {
  await using sampler = sampleRandom({ space: ppo.space, seed });
  const all = await Promise.all(Array.from({ length: 320 }, async () => (await sampler.ask())!.params));
  const finals = all.slice(0, 64).map((params, trial) => ppo.observe(params, trial, seed));
  const wanted = ppo.value(all[finals.indexOf(Math.max(...finals))]);
  const rungs = schedulers[name].rungs(budget);
  const decide = schedulers[name].make({ rungs });
  const reports: Report[] = [];
  const running: { trial: number; rung: number; at: number }[] = [];
  let [next, steps, clock, used, distance, reached] = [0, 0, 0, 0, NaN, Infinity];
  let [looked, chosen] = [-Infinity, -Infinity];
  while (used === 0 || reached === Infinity) {
    while (running.length < 4 && next < all.length) running.push({ trial: next++, rung: 0, at: clock + rungs[0] });
    running.sort((a, b) => a.at - b.at || a.trial - b.trial);
    const one = running.shift();
    if (one === undefined) break;
    const { trial, rung, at } = one;
    clock = at;
    steps += rungs[rung] - (rungs[rung - 1] ?? 0);
    const value = ppo.observe(all[trial], trial, seed, rungs[rung] / budget);
    const report = { trial, rung, step: rungs[rung], value, params: all[trial] };
    const decision = decide(reports, report);
    reports.push(report);
    if (rung === rungs.length - 1 && value > looked) [looked, chosen] = [value, ppo.value(all[trial])];
    if (chosen >= wanted && reached === Infinity) reached = steps / (64 * budget);
    if (decision.do !== "stop" && rung < rungs.length - 1) {
      running.push({ trial, rung: rung + 1, at: clock + rungs[rung + 1] - rungs[rung] });
    }
    if (used === 0 && next >= 64 && running.every((one) => one.trial >= 64)) {
      used = steps / (64 * budget);
      distance = ppo.top - chosen;
    }
  }
  return { used, distance, reached };
}
