/**
 * Trials of a sweep an hour, with one worker and with two:
 *
 *     deno run -A tests/bench/trials.ts [--rounds 4] [--trials 8] [--timesteps 32768]
 *
 * Real trials of the preset `quick` in real trial processes, as many by one worker one after the other as by two at once, in
 * turn. Who ends a trial takes the next, as in a sweep; only at the end of a round does one wait for the other. Wall time is
 * what a user sees; on a machine that others use, two workers also get twice their share of it, so trials per second of
 * processor time say what the machine itself loses when both cores work.
 */
import { parseArgs } from "node:util";
import type { Json } from "../../lib/base/json.ts";
import { quantile } from "../../lib/base/stats.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { TrialJob } from "../../lib/hyperopt/trial.ts";
import { loadMarket } from "../../lib/pipeline/market.ts";
import { sweepPaths, trialCommand } from "../../lib/pipeline/sweep/trial_command.ts";
import { writeTrialMarket } from "../../lib/pipeline/sweep/trial_market.ts";
import { openPool, type Pool } from "../../lib/resources/pool.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "4" },
    trials: { type: "string", default: "8" },
    timesteps: { type: "string", default: "32768" },
  },
});
const { config } = loadConfig({ environment: {}, preset: "quick", set: ["agent.threads=1", "run.track=false"] });
const trials = Number(flags.trials);
const folder = await Deno.makeTempDir({ prefix: "candelabra-bench-" });
let trial = 0;

try {
  await writeTrialMarket(sweepPaths(folder).market, await loadMarket(config));
  const job = (): Json => {
    const own = { ...config } as unknown as TrialJob["config"];
    return {
      ...{ study: "bench", trial, params: {}, config: own, rungs: [Number(flags.timesteps)], seeds: [7], folds: 2 },
      ...{ market: sweepPaths(folder).market, checkpoint: sweepPaths(folder).trial(trial++) },
    } as unknown as Json;
  };
  const onMessage = () => ({ answer: "go" });
  const open = (workers: number) => openPool({ ...trialCommand(folder), workers });
  await using one = open(1);
  await using two = open(2);
  const round = async (pool: Pool) => {
    const [cpu, at] = [pool.cpuSeconds, performance.now()];
    await Promise.all(Array.from({ length: trials }, () => pool.run(job(), { onMessage })));
    const seconds = (performance.now() - at) / 1000;
    await new Promise((resolve) => setTimeout(resolve, 600)); // the pool looks at most twice a second
    return { seconds, cpu: pool.cpuSeconds - cpu };
  };
  await round(two);
  await round(one); // both have loaded their code
  const seen: { one: Awaited<ReturnType<typeof round>>; two: Awaited<ReturnType<typeof round>> }[] = [];
  for (let i = 0; i < Number(flags.rounds); i++) {
    const first = i % 2 === 0 ? await round(one) : undefined;
    const both = await round(two);
    seen.push({ one: first ?? await round(one), two: both });
  }
  const median = (of: (pair: typeof seen[number]) => number) => quantile(seen.map(of), 0.5);
  for (const name of ["one", "two"] as const) {
    console.log(
      `${name} worker${name === "two" ? "s" : ""}: ${trials} trials in ${
        median((p) => p[name].seconds).toFixed(2)
      } s, ` +
        `${(3600 * trials / median((p) => p[name].seconds)).toFixed(0)} an hour, ${
          median((p) => p[name].cpu).toFixed(2)
        } s of processor, ` +
        `${median((p) => p[name].cpu / p[name].seconds).toFixed(2)} cores`,
    );
  }
  console.log(`trials an hour, two workers to one: ${median((p) => p.one.seconds / p.two.seconds).toFixed(2)}`);
  console.log(
    `by processor time (2 × what a second of it gives with both at work): ${
      median((p) => 2 * p.one.cpu / p.two.cpu).toFixed(2)
    }`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
