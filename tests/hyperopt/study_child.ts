/** A study that is killed from outside: its folder, and a file that each beginning of a trial is written into. */
import { runStudy } from "../../lib/hyperopt/run_study.ts";
import { openStudy } from "../../lib/hyperopt/study.ts";
import { fakeEngine, parabola } from "./fake_engine.ts";

const [folder, log, scheduler, sampler, slots] = Deno.args;
const engine = fakeEngine({
  slots: Number(slots),
  async before(job, rung) {
    Deno.writeTextFileSync(log, `${job.trial} ${rung}\n`, { append: true });
    await new Promise((resolve) => setTimeout(resolve, 2));
  },
});
await using study = openStudy(folder, parabola({ scheduler, sampler }));
await runStudy(study, engine, { trials: 24 });
