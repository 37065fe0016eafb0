import { assert, assertEquals, assertRejects } from "@std/assert";
import { sweepFigures, sweepImportance } from "../../../lib/pipeline/sweep/figures.ts";
import { sweepStage } from "../../../lib/pipeline/sweep/inline.ts";
import { bestTable, ledgerTable, sweepFinding, sweepSummary } from "../../../lib/pipeline/sweep/summary.ts";
import { tiny, withFolder, writeTiny } from "../tiny.ts";

const space = [
  "ppo.learning_rate = log(0.0001, 0.01)",
  "agent.net_arch.depth = int(1, 2)",
  "agent.net_arch.width = int(4, 8)",
];
const settings = ["tune.folds=2", "tune.seeds=1", "tune.timesteps=192", "evaluate.resamples=100"];

Deno.test("a sweep in a notebook shows itself whole: figures, tables, header; and leaves nothing behind", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const sweep = await sweepStage(tiny(path, [...settings, "tune.trials=9", "tune.scheduler=median"]), "", { space });
    await assertRejects(() => Deno.stat(sweep.folder), Deno.errors.NotFound);
    assertEquals(sweep.step, 36e5);
    const figures = sweepFigures(sweep);
    for (const [name, draw] of Object.entries(figures)) {
      const { title, alt, svg } = draw();
      assert(title.length > 8 && alt.length > 20, name);
      assertEquals(/NaN|undefined|Infinity/.test(title + alt + svg), false, name);
    }
    assert(sweepImportance(sweep)!.importance.trials >= 8);
    const shown = sweepSummary(sweep);
    assert(shown.finding.startsWith("9 configurations were tried; trial "), shown.finding);
    assertEquals(shown.metrics.trials, 9);
    assert(Object.values(shown.metrics).every(Number.isFinite));
    assert(bestTable(sweep).text.includes("log(0.0001, 0.01)"));
    assert(ledgerTable(sweep).text.includes("configurations tried"));
  });
});

Deno.test("of a sweep that has no winner yet, or one that never traded, it says so", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const sweep = await sweepStage(tiny(path, [...settings, "tune.trials=2"]), "", { space });
    const { best: _best, deflated, overfitting: _overfitting, ...rest } = sweep;
    const none = { ...rest, best: undefined, deflated: undefined, overfitting: undefined };
    assert(sweepFinding(none).endsWith("so there is no winner."));
    assert(sweepSummary(none).tiles.some(({ value }) => value === "–"));
    assert(bestTable(none).text.includes("No trial has finished"));
    const figures = sweepFigures(none);
    for (const draw of [figures.deflated, figures.overfitting, figures.importance]) assert(draw().alt.length > 10);
    const idle = { ...sweep, deflated: { ...deflated!, sharpe: NaN, deflated: NaN } };
    assert(sweepFinding(idle).includes("It did not trade"));
    assert(sweepFigures(idle).deflated().alt.includes("traded"));
    await assertRejects(() => sweepStage(tiny(path), "no-such-sweep"), RangeError, "no-such-sweep");
  });
});
