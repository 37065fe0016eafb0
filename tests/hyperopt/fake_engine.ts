import type { TrialEngine } from "../../lib/hyperopt/engine.ts";
import type { StudySpec } from "../../lib/hyperopt/study_journal.ts";
import type { TrialJob } from "../../lib/hyperopt/trial.ts";
import { exists } from "../../lib/base/files.ts";

/** A study of a parabola: cheap, and its best is known. */
export function parabola(change: Partial<StudySpec> = {}): StudySpec {
  return {
    study: "parabola",
    space: "x = float(-1, 1)\ny = log(0.01, 100)",
    sampler: "random",
    scheduler: "none",
    seed: 3,
    rungs: [1, 3, 9],
    seeds: [1],
    folds: 1,
    config: {},
    data: "none",
    market: "none",
    ...change,
  };
}

/** What a trial of `parabola` is worth after some steps: nearer to its end the longer it runs. */
export function worth({ params }: Pick<TrialJob, "params">, step: number): number {
  const [x, y] = [Number(params.x), Math.log10(Number(params.y))];
  return -((x - 0.3) ** 2) - (y + 1) ** 2 - 1 / step;
}

/** How a fake engine behaves. */
export interface FakeOptions {
  readonly slots?: number;
  /** Called before each rung: throws, waits or kills. */
  readonly before?: (job: TrialJob, rung: number) => void | Promise<void>;
  readonly value?: (job: TrialJob, step: number) => number;
}

/** Trials in this process, with the checkpoints of real ones: a file that says which rung was answered. */
export function fakeEngine({ slots = 1, before = () => {}, value = worth }: FakeOptions = {}): TrialEngine {
  return {
    name: "fake",
    slots,
    async run(job, { onReport, signal }) {
      const { trial, rungs, checkpoint, from } = job;
      const file = `${checkpoint}/rung`;
      const read = async (path: string) => await exists(path) ? Number(await Deno.readTextFile(path)) : undefined;
      const write = async (path: string, rung: number) => { // whole or not there, as real ones; not flushed, to be quick
        await Deno.writeTextFile(`${path}.tmp`, String(rung));
        await Deno.rename(`${path}.tmp`, path);
      };
      await Deno.mkdir(checkpoint, { recursive: true });
      let answered = await read(file) ?? (from === undefined ? -1 : await read(`${from}/reached`) ?? NaN);
      if (Number.isNaN(answered)) return { kind: "failed", trial, error: `no checkpoint in ${from}` };
      let seconds = 0;
      while (answered < rungs.length - 1) {
        const rung = answered + 1;
        signal?.throwIfAborted();
        await before(job, rung);
        await write(`${checkpoint}/reached`, rung);
        const report = { kind: "report", trial, rung, step: rungs[rung], value: value(job, rungs[rung]) } as const;
        const answer = await onReport({ ...report, metrics: { score: report.value }, seconds: ++seconds });
        await write(file, answered = rung);
        if (answer.answer === "stop") break;
      }
      const last = value(job, rungs[answered]);
      return { kind: "done", trial, value: last, metrics: {}, returns: [0.01, -0.005, last / 1000] };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
