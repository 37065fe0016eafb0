import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { below, rng } from "../../lib/base/random.ts";
import { countTrials, verifyLedger } from "../../lib/hyperopt/ledger.ts";
import { runStudy, type StudyOptions } from "../../lib/hyperopt/run_study.ts";
import { deleteTrial, openStudy, returnsOf } from "../../lib/hyperopt/study.ts";
import { readJournal, type StudySpec } from "../../lib/hyperopt/study_journal.ts";
import { rowsOf, type TrialRow } from "../../lib/hyperopt/study_rows.ts";
import { withFolder } from "../pipeline/tiny.ts";
import { fakeEngine, type FakeOptions, parabola, worth } from "./fake_engine.ts";

async function run(
  folder: string,
  spec: StudySpec | undefined,
  fake: FakeOptions = {},
  options: Partial<StudyOptions> = {},
) {
  await using study = openStudy(folder, spec);
  const stopped = await runStudy(study, fakeEngine(fake), { trials: 12, ...options });
  return { stopped, rows: study.rows, best: study.best };
}

const count = (folder: string) => countTrials(verifyLedger(join(folder, "ledger.jsonl")).lines);

Deno.test("a study tries as many as it was told, keeps each one's values and returns, and counts them", async () => {
  await withFolder(async (folder) => {
    const seen: string[] = [];
    const onTrial = (row: TrialRow, what: string) => void seen.push(`${row.trial} ${what} ${row.state}`);
    const { stopped, rows, best } = await run(folder, parabola(), {}, { onTrial });
    assertEquals([stopped, rows.length], ["trials", 12]);
    for (const row of rows) {
      assertEquals([row.state, row.reports.length, row.value], ["finished", 3, worth(row, 9)]);
      assertEquals([...await returnsOf({ folder }, row.trial)], [0.01, -0.005, row.value! / 1000]);
    }
    assertEquals(best!.value, Math.max(...rows.map(({ value }) => value!)));
    assertEquals(seen.slice(0, 5), ["0 begun running", ...Array(3).fill("0 report running"), "0 ended finished"]);
    const { trials, finished, sharpes } = count(folder);
    assertEquals([trials, finished, sharpes.length], [12, 12, 12]);
    assertEquals([...Deno.readDirSync(join(folder, "trials"))].length, 0); // checkpoints are no longer needed
  });
});

Deno.test("with one worker the same spec gives the same study, byte for byte; another seed another one", async () => {
  await withFolder(async (folder) => {
    for (const [scheduler, sampler] of [["asha", "tpe"], ["median", "random"], ["pbt", "random"]]) {
      const spec = parabola({ scheduler, sampler });
      const at = (name: string) => join(folder, `${scheduler}-${sampler}-${name}`);
      await run(at("a"), spec, {}, { trials: 20 });
      await run(at("b"), spec, {}, { trials: 20 });
      const text = (name: string) => Deno.readTextFileSync(join(at(name), "journal.jsonl"));
      assertEquals(text("b"), text("a"));
      const { rows } = await run(at("c"), { ...spec, seed: 4 }, {}, { trials: 1 });
      assert(rows[0].params.x !== rowsOf(readJournal(join(at("a"), "journal.jsonl")).entries)[0].params.x);
    }
  });
});

Deno.test("a study that is interrupted anywhere goes on as if it had not been", async () => {
  await withFolder(async (folder) => {
    for (const scheduler of ["asha", "pbt"]) {
      const spec = parabola({ scheduler, sampler: "tpe" });
      const whole = join(folder, `${scheduler}-whole`);
      const cut = join(folder, `${scheduler}-cut`);
      await run(whole, spec, {}, { trials: 16 });
      const random = rng(5);
      let lives = 0;
      for (let stopped: unknown; stopped !== "trials"; lives++) {
        const stop = new AbortController();
        let left = 1 + below(12, random);
        const before = () => {
          if (left-- <= 0) stop.abort(new DOMException("Interrupted", "AbortError"));
        };
        const again = lives === 0 ? spec : undefined;
        try {
          stopped = (await run(cut, again, { before }, { trials: 16, signal: stop.signal })).stopped;
        } catch (error) {
          assert(error instanceof DOMException && error.name === "AbortError", String(error));
        }
      }
      assert(lives > 3);
      const text = (at: string) => Deno.readTextFileSync(join(at, "journal.jsonl"));
      // A trial that goes on counts its seconds anew here; all else is the same.
      const timeless = (text: string) => text.replaceAll(/"seconds":\d+/g, "");
      assertEquals(timeless(text(cut)), timeless(text(whole)));
    }
  });
});

Deno.test("what was finished is not done again, whenever the process is killed: 20 times", async () => {
  const child = fileURLToPath(import.meta.resolve("./study_child.ts"));
  await withFolder(async (folder) => {
    const random = rng(11);
    let kills = 0;
    for (let round = 0; kills < 20; round++) { // a study may come to its end between two kills
      const [scheduler, sampler, slots] = round % 2 === 0 ? ["asha", "tpe", "1"] : ["pbt", "random", "3"];
      const at = join(folder, String(round));
      const log = `${at}.log`;
      Deno.writeTextFileSync(log, "");
      for (;;) {
        const process = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", "--no-check", child, at, log, scheduler, sampler, slots],
          stdout: "inherit",
          stderr: "inherit",
        }).spawn();
        const finished = rowsOf(readJournal(join(at, "journal.jsonl")).entries)
          .filter(({ state }) => state !== "running").map(({ trial }) => trial);
        const before = Deno.readTextFileSync(log).length;
        const target = before + 4 * (1 + below(8, random)); // so many rungs further
        let done = false;
        const status = process.status.then((status) => (done = true, status));
        while (!done && kills < 20) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (Deno.statSync(log).size < target) continue;
          try {
            process.kill("SIGKILL");
            kills++;
          } catch (error) {
            if (!(error instanceof TypeError)) throw error; // it has ended
          }
          break;
        }
        const { success, signal } = await status;
        const repeated = Deno.readTextFileSync(log).slice(before).split("\n")
          .filter((line) => line !== "" && finished.includes(Number(line.split(" ")[0])));
        assertEquals(repeated, []);
        if (success) break;
        assertEquals(signal, "SIGKILL");
      }
      const rows = rowsOf(readJournal(join(at, "journal.jsonl")).entries);
      assertEquals(rows.filter(({ state }) => state !== "running").length, 24);
      const { trials, finished, pruned, exploits } = count(at);
      assertEquals(trials, 24 + exploits);
      assertEquals(finished + pruned, 24);
      if (slots !== "1") continue;
      // With one worker it is also the study that was never killed.
      const whole = join(folder, `${round}-whole`);
      await run(whole, parabola({ scheduler, sampler }), {}, { trials: 24 });
      const calm = rowsOf(readJournal(join(whole, "journal.jsonl")).entries);
      const timeless = (rows: readonly TrialRow[]) => rows.map((row) => ({ ...row, seconds: 0 }));
      assertEquals(timeless(rows), timeless(calm));
    }
  });
});

Deno.test("half a last line of a killed process is dropped; another line that is not whole is told", async () => {
  await withFolder(async (folder) => {
    await run(folder, parabola(), {}, { trials: 3 });
    const path = join(folder, "journal.jsonl");
    const text = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, text + '{"kind":"asked","tri');
    const { rows } = await run(folder, undefined, {}, { trials: 4 });
    assertEquals(rows.map(({ state }) => state), Array(4).fill("finished"));
    Deno.writeTextFileSync(path, text.replace('{"kind":"report"', '{"kind":"rep'));
    assertThrows(() => openStudy(folder), SyntaxError, "is not whole");
  });
});

Deno.test("what the journal has and the ledger lacks is written into it", async () => {
  await withFolder(async (folder) => {
    await run(folder, parabola({ scheduler: "pbt" }), {}, { trials: 16 });
    const before = count(folder);
    assert(before.exploits > 0);
    const path = join(folder, "ledger.jsonl");
    const lines = Deno.readTextFileSync(path).split("\n");
    for (const kept of [0, 1, 5, lines.length - 2]) {
      Deno.writeTextFileSync(path, lines.slice(0, kept).map((line) => line + "\n").join(""));
      openStudy(folder)[Symbol.asyncDispose]();
      assertEquals({ ...count(folder), sharpes: [] }, { ...before, sharpes: [] });
    }
  });
});

Deno.test("a trial that fails is recorded and the study goes on; several in a row end it with the error", async () => {
  await withFolder(async (folder) => {
    const engine = fakeEngine();
    const failing = (which: (trial: number) => boolean) => ({
      ...engine,
      run: (...[job, listener]: Parameters<typeof engine.run>) =>
        which(job.trial)
          ? Promise.resolve({ kind: "failed" as const, trial: job.trial, error: "the loss is not a number" })
          : engine.run(job, listener),
    });
    await using study = openStudy(join(folder, "some"), parabola());
    await runStudy(study, failing((trial) => trial % 3 === 0), { trials: 9 });
    assertEquals(
      study.rows.map(({ state }) => state === "failed"),
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => n % 3 === 0),
    );
    assertEquals(study.rows[0].note, "the loss is not a number");
    await using all = openStudy(join(folder, "all"), parabola());
    const error = await assertRejects(() => runStudy(all, failing(() => true), { trials: 9 }), Error);
    assert(error.message.startsWith("Cannot go on with the study as the last 5 trials failed; the last one: the loss"));
    assertEquals(all.rows.length, 5);
    assertEquals(await runStudy(all, engine, { trials: 9 }), "trials"); // mended, it goes on
    assertEquals(all.rows.filter(({ state }) => state === "finished").length, 4);
  });
});

Deno.test("an objective that is not a number is a failure, and nothing that samplers or schedulers hear of", async () => {
  await withFolder(async (folder) => {
    const value = ({ trial }: { trial: number }) => trial === 1 ? NaN : trial;
    const { rows } = await run(folder, parabola({ sampler: "tpe", scheduler: "asha" }), { value }, { trials: 4 });
    assertEquals(rows.map(({ state }) => state), ["finished", "failed", "finished", "finished"]);
    assertEquals(rows[1].note, "its objective must be a number: it was NaN");
    assertEquals(rows[1].reports, []);
  });
});

Deno.test("population-based training starts the bad from checkpoints of the good, at the same rung", async () => {
  await withFolder(async (folder) => {
    const begun: string[] = [];
    const before = (job: { trial: number; from?: string }, rung: number) => void begun.push(`${job.trial} ${rung}`);
    let most = 0; // copies of a rung at a time
    const list = (path: string) => {
      try {
        return [...Deno.readDirSync(path)].map(({ name }) => join(path, name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return []; // not yet, or no longer
        throw error;
      }
    };
    const onTrial = () => {
      const copies = list(join(folder, "trials")).flatMap(list).filter((path) => path.endsWith("rung-0"));
      most = Math.max(most, copies.length);
    };
    const spec = parabola({ scheduler: "pbt" });
    const { rows } = await run(folder, spec, { before, slots: 4 }, { trials: 16, onTrial });
    assert(most <= 16 / 2 + 2, `${most}`);
    const exploited = rows.filter(({ lives }) => lives.length > 1);
    assert(exploited.length > 0);
    for (const { trial, lives, reports, params, state } of exploited) {
      assertEquals(state, "finished");
      const from = lives[1].from!;
      assertEquals(reports.map(({ rung }) => rung), [0, 1, 2]);
      assertEquals(reports[from.rung].decision, "exploit");
      assert(from.trial !== trial && rows[from.trial].value !== null);
      assertEquals(params, lives[lives.length - 1].params);
    }
    assertEquals(begun.length, 16 * 3); // no rung twice
    assertEquals([...Deno.readDirSync(join(folder, "trials"))].length, 0);
  });
});

Deno.test("asynchronous halving stops most trials early, and says why", async () => {
  await withFolder(async (folder) => {
    const { rows } = await run(folder, parabola({ scheduler: "asha" }), { slots: 3 }, { trials: 30 });
    const pruned = rows.filter(({ state }) => state === "pruned");
    assert(pruned.length > 12);
    for (const { note, reports, value } of pruned) {
      assert(note!.includes("were better at"), note);
      assertEquals(reports.at(-1)!.value, value);
    }
  });
});

Deno.test("a study whose time is over leaves what runs for the next time", async () => {
  await withFolder(async (folder) => {
    const before = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
    const { stopped, rows } = await run(folder, parabola(), { before }, { trials: 100, seconds: 0.15 });
    assertEquals(stopped, "seconds");
    assert(rows.length < 20);
    assertEquals((await run(folder, undefined, {}, { trials: rows.length })).stopped, "trials");
  });
});

Deno.test("a grid ends when all of it was tried", async () => {
  await withFolder(async (folder) => {
    const space = "x = choice(-1, 0, 1)\ny = choice(0.1, 1)";
    const { stopped, rows } = await run(folder, parabola({ space, sampler: "grid" }), {}, { trials: 50 });
    assertEquals([stopped, rows.length], ["exhausted", 6]);
  });
});

Deno.test("what went wrong with the engine ends the study, and everything that runs", async () => {
  await withFolder(async (folder) => {
    const before = ({ trial }: { trial: number }) => {
      if (trial === 3) throw new Error("The pool is gone");
    };
    await assertRejects(() => run(folder, parabola(), { before, slots: 2 }), Error, "The pool is gone");
    assertEquals((await run(folder, undefined)).rows.map(({ state }) => state), Array(12).fill("finished"));
  });
});

Deno.test("a study is begun once, held by one process, and only gone on with if it is there", async () => {
  await withFolder(async (folder) => {
    const at = join(folder, "one");
    assertThrows(() => openStudy(at), RangeError, "Cannot resume a study as there must be one");
    await using _study = openStudy(at, parabola());
    assertThrows(() => openStudy(at), RangeError, "one process at a time");
    const other = join(folder, "two");
    openStudy(other, parabola())[Symbol.asyncDispose]();
    assertThrows(() => openStudy(other, parabola({ seed: 9 })), RangeError, "must be none of that name");
    openStudy(other, parabola())[Symbol.asyncDispose]();
    const wrong: [Partial<StudySpec>, string][] = [
      [{ sampler: "tpa" }, 'nearest is "tpe"'],
      [{ scheduler: "ash" }, 'nearest is "asha"'],
      [{ space: "x = flot(0, 1)" }, "Cannot read the space"],
      [{ rungs: [3, 1] }, "rungs must be rising"],
      [{ seeds: [] }, "there must be a seed"],
      [{ folds: 0 }, "at least 1 fold"],
    ];
    for (const [change, text] of wrong) {
      assertThrows(() => openStudy(join(folder, "wrong"), parabola(change)), Error, text);
    }
  });
});

Deno.test("a trial that is deleted cannot win, and counts all the same", async () => {
  await withFolder(async (folder) => {
    await using study = openStudy(folder, parabola({ sampler: "tpe" }));
    await runStudy(study, fakeEngine(), { trials: 6 });
    const { trial } = study.best!;
    deleteTrial(study, trial, "its data were wrong");
    assert(study.best!.trial !== trial);
    assertEquals(study.rows[trial].deleted, "its data were wrong");
    assertThrows(() => deleteTrial(study, trial, "again"), RangeError, "it was before");
    assertThrows(() => deleteTrial(study, 99, "none"), RangeError, "there is none");
    await runStudy(study, fakeEngine(), { trials: 8 }); // numbers go on
    assertEquals(study.rows.map((row) => row.trial), [0, 1, 2, 3, 4, 5, 6, 7]);
    const { trials, deleted, sharpes } = countTrials(study.ledger.lines);
    assertEquals([trials, deleted, sharpes.length], [8, 1, 8]);
  });
});

Deno.test("once its hold-out is open a study tries nothing more", async () => {
  await withFolder(async (folder) => {
    await using study = openStudy(folder, parabola());
    await runStudy(study, fakeEngine(), { trials: 3 });
    study.ledger.openHoldout(study.best!.trial, "the end");
    assertEquals(await runStudy(study, fakeEngine(), { trials: 3 }), "trials");
    await assertRejects(() => runStudy(study, fakeEngine(), { trials: 4 }), RangeError, "must still be closed");
    assertThrows(() => study.ledger.openHoldout(0, "again"), RangeError, "must be opened once");
  });
});
