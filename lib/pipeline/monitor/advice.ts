import type { Config } from "../../config/schema.ts";
import { advise } from "../../resources/analyse.ts";
import type { MonitorReport } from "../monitor.ts";

/** What a worker more adds, in words: `35 % of a worker's work`, `nothing`. */
export const addsText = (share: number): string =>
  share < 0.02 ? "nothing" : `${(100 * share).toFixed(0)} % of a worker's work`;

/** What to do, in words. */
export function adviceOf(
  { levels, decision, threads, parts, sizes, samples, othersBusy, machine: { busy, cores } }: Omit<
    MonitorReport,
    "advice"
  >,
  config: Config,
): string[] {
  const advice: string[] = [];
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const { workers } = decision;
  const [one, chosen, next] = [levels[0], levels[workers - 1], levels[workers]];
  if (othersBusy) {
    advice.push(
      `Other programs used ${
        busy.toFixed(1)
      } of ${cores} cores: workers are judged by what a second of processor time ` +
        `gives, as more of them only take from the others. Measure again when the machine is quiet.`,
    );
  }
  const times = (othersBusy ? chosen.quiet / one.quiet : chosen.throughput / one.throughput).toFixed(2);
  advice.push(
    workers === 1
      ? `One worker for sweeps (tune.workers=1): ${
        next ? `a second adds ${addsText(next.adds)}` : "no more were tried"
      }.`
      : `${workers} workers for sweeps (tune.workers=${workers}): together they do ${times} times what one does${
        next ? `; worker ${next.workers} adds ${addsText(next.adds)}, so more than ${workers} do not help` : ""
      }.`,
  );
  const bestThreads = threads.reduce((best, level) => level.throughput > 1.05 * best.throughput ? level : best);
  const gain = bestThreads.throughput / threads[0].throughput - 1;
  if (!othersBusy) {
    advice.push(
      bestThreads.threads === 1
        ? `One thread for a training on its own (agent.threads=1): more add nothing to a network of this size.`
        : `${bestThreads.threads} threads for a training on its own (agent.threads=${bestThreads.threads}): ${
          percent(gain)
        } faster than one.`,
    );
  }
  if (sizes) {
    const { sizes: { batch, rows, threads }, throughput } = sizes.best;
    const own = sizes.measured.find(({ sizes }) =>
      sizes.batch === config.ppo.batch_size && sizes.rows === config.env.n_envs &&
      sizes.threads === (config.agent.threads ?? 1)
    );
    const faster = own ? throughput / own.throughput - 1 : NaN;
    const worth = faster > 0.05 ? `, ${percent(faster)} faster than as set` : "";
    advice.push(
      faster <= 0.05
        ? `Batch, rows and threads are as fast as any that were tried.`
        : `Fastest with ${workers} at work: ppo.batch_size=${batch}, env.n_envs=${rows}, agent.threads=${threads}${worth}. ` +
          `Batch and rows also change what is learnt: compare before you keep them.`,
    );
  }
  // What follows from shares of time holds for whatever is measured; of the machine's use, only that of the samples.
  const working = samples.filter(({ workersCpu, ownCpu }) => workersCpu + ownCpu > 0.5);
  return [
    ...advice,
    ...advise({ samples: working, parts, cores }).filter((line) => !/Other programs|cores are used/.test(line)),
  ];
}
