import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { loadConfig } from "../../lib/config/load.ts";
import { verifyLedger } from "../../lib/hyperopt/ledger.ts";
import { deleteTrial, openStudy } from "../../lib/hyperopt/study.ts";
import { listSweeps, otherSweeps, readSweep, sweepFolder } from "../../lib/pipeline/sweep/sweep.ts";
import { embeddedEngine, type OpenEngine } from "../../lib/pipeline/sweep/engine.ts";
import { openSweepHoldout } from "../../lib/pipeline/sweep/holdout.ts";
import { otherSweepsVerdict, sweepVerdict, trialTable } from "../../lib/pipeline/sweep/tables.ts";
import { openTrials } from "../../lib/pipeline/sweep/trial.ts";
import { resumedConfig, trackedTune, type TuneOptions } from "../../lib/pipeline/tune.ts";
import { tiny, withFolder, writeTiny } from "./tiny.ts";

/** Trials one after the other in this process: as quick as they can be. */
const here: OpenEngine = () => {
  const trials = openTrials();
  return Promise.resolve({
    name: "here",
    slots: 1,
    workers: [],
    advice: "one",
    run: (job, { onReport, signal }) => trials.run(job, onReport, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

const space = ["ppo.learning_rate = log(0.0001, 0.01)", 'agent.net_arch = choice(8, "8, 8")'];
const settings = ["tune.folds=2", "tune.seeds=1", "tune.timesteps=192", "tune.trials=5", "evaluate.resamples=100"];

const sweep = (path: string, storage: string, options: TuneOptions = {}, set: readonly string[] = []) =>
  trackedTune(tiny(path, [...settings, ...set]), {}, { storage, space, openEngine: here, ...options });

Deno.test("a sweep finds the best of its trials, and the same one again", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const seen: string[] = [];
    const events: string[] = [];
    const one = await trackedTune(tiny(path, settings), { onEvent: ({ kind }) => void events.push(kind) }, {
      ...{ storage: folder, space, openEngine: here, name: "one" },
      onStatus: ({ what, changed, left }) => void seen.push(`${what} ${changed.trial} ${Number.isNaN(left)}`),
    });
    assertEquals(one.rows.map(({ trial }) => trial), [0, 1, 2, 3, 4]);
    assertEquals(one.stopped, "trials");
    assertEquals(
      one.best!.value,
      Math.max(...one.rows.filter((row) => row.state === "finished").map((row) => row.value!)),
    );
    assertEquals(one.numbers["sweep/trials"], 5);
    assertEquals(one.numbers["sweep/best_value"], one.best!.value);
    assertEquals([...one.returns.keys()], [0, 1, 2, 3, 4]);
    assert(one.deflated!.trials === 5 && one.deflated!.expectedMax > 0);
    assert(one.overfitting!.probability >= 0 && one.overfitting!.trials === 5);
    assertEquals(seen.at(-1), "ended 4 false");
    assert(events.includes("trial") && events.includes("progress"));
    const two = await sweep(path, folder, { name: "two" });
    const timeless = (rows: typeof one.rows) => rows.map((row) => ({ ...row, seconds: 0 }));
    assertEquals(timeless(two.rows), timeless(one.rows));
    assertEquals(two.numbers, one.numbers);
    assertEquals((await listSweeps(folder)).sort(), ["one", "two"]);
    const others = await otherSweeps(one);
    assertEquals([others.names, others.trials, others.deflated!.trials, others.opened], [["two"], 5, 10, []]);
    assert(otherSweepsVerdict(others)[0].startsWith("1 other sweep tried 5 configurations on the same candles"));
    assert(trialTable(one).text.includes("Sharpe ratio"));
    assert(sweepVerdict(one).join(" ").includes("5 configurations were tried"));
    const whole = await sweep(path, folder, { name: "whole" }, ["tune.trials=3", "tune.scheduler=none"]);
    assertEquals(whole.rows.map(({ state }) => state), ["finished", "finished", "finished"]);
    assertEquals(whole.deflatedFinished, undefined); // it would say the same again
    {
      await using study = openStudy(whole.folder);
      deleteTrial(study, whole.best!.trial, "its data were wrong");
    }
    const less = await readSweep("whole", folder);
    assertNotEquals(less.best!.trial, whole.best!.trial);
    assertEquals([less.rows.length, less.count.trials, less.deflated!.trials], [2, 3, 3]);
    assert(sweepVerdict(less)[0].includes("1 of them deleted, which cannot win and still counts"));
  });
});

Deno.test("no bar of the test part reaches a sweep, nor the cleaning of what it sees: any garbage there, the same trials", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const clean = await sweep(path, folder, { name: "clean" }, ["tune.trials=2"]);
    const lines = Deno.readTextFileSync(path).split("\n");
    const first = 1 + 720 + 5; // the heading, training and validation, and a part of the embargo behind them
    const poisons: Record<string, (cells: string[], i: number) => string[]> = {
      other: (cells, i) => [cells[0], ...cells.slice(1).map((x, k) => String(Number(x) * (k === 4 ? i : 3)))],
      huge: (cells) => [cells[0], "1e250", "1e250", "1e250", "1e250", ...cells.slice(5)],
      nothing: (cells) => [cells[0], ...cells.slice(1).map(() => "")],
      negative: (cells) => [cells[0], "-5", "-5", "-5", "-5", ...cells.slice(5)],
    };
    for (const [name, poison] of Object.entries(poisons)) {
      const bad = lines.map((line, i) => i < first || line === "" ? line : poison(line.split(","), i).join(","));
      const dirty = join(folder, "poison", name, "tiny.csv");
      Deno.mkdirSync(join(folder, "poison", name), { recursive: true });
      Deno.writeTextFileSync(dirty, bad.join("\n"));
      const { rows, spec } = await sweep(dirty, folder, { name: `dirty-${name}` }, ["tune.trials=2"]);
      assertEquals(spec.market, clean.spec.market, name);
      assertEquals(rows.map(({ value }) => value), clean.rows.map(({ value }) => value), name);
    }
  });
});

Deno.test("a sweep that was interrupted goes on to the trials that it would have come to", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const whole = await sweep(path, folder, { name: "whole" });
    const stop = new AbortController();
    let reports = 0;
    const onStatus = () => {
      if (++reports === 7) stop.abort(new DOMException("Interrupted", "AbortError"));
    };
    const loaded = tiny(path, settings);
    await assertRejects(
      () =>
        trackedTune(loaded, { signal: stop.signal }, {
          storage: folder,
          space,
          openEngine: here,
          name: "cut",
          onStatus,
        }),
      DOMException,
    );
    const cut = await readSweep("cut", folder);
    assert(cut.rows.length < 5);
    await Deno.remove(path); // what trials see is in the sweep's folder
    const again = resumedConfig(loadConfig({ environment: {}, set: ["run.track=false"] }), "cut", folder);
    const done = await trackedTune(again, {}, { storage: folder, openEngine: here, resume: "cut" });
    assertEquals(
      done.rows.map(({ value, state }) => [value, state]),
      whole.rows.map(({ value, state }) => [value, state]),
    );
    const more = resumedConfig(
      loadConfig({ environment: {}, set: ["run.track=false", "tune.trials=6"] }),
      "cut",
      folder,
    );
    assertEquals((await trackedTune(more, {}, { storage: folder, openEngine: here, resume: "cut" })).rows.length, 6);
    const other = loadConfig({ environment: {}, set: ["tune.folds=4"] });
    assertThrows(() => resumedConfig(other, "cut", folder), RangeError, 'Cannot change "tune.folds"');
  });
});

Deno.test("the best settings are whole: training takes them, and a sweep's hold-out is opened with them, once", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const { config, best } = await sweep(path, folder, { name: "one" }, ["tune.trials=2"]);
    const { config: read } = loadConfig({ environment: {}, values: JSON.parse(JSON.stringify(config)) });
    assertEquals(read, config);
    assertEquals(read.ppo.learning_rate, best!.params["ppo.learning_rate"]);
    const loaded = tiny(path);
    const stop = new AbortController();
    const progress = (label: string) => {
      if (label.startsWith("Training")) stop.abort(new DOMException("Interrupted", "AbortError"));
      return { update() {}, [Symbol.dispose]() {} };
    };
    const deps = { signal: stop.signal, progress };
    await assertRejects(() => openSweepHoldout("one", loaded, deps, { storage: folder }), DOMException);
    const done = await openSweepHoldout("one", loaded, {}, { storage: folder }); // what was interrupted goes on
    assertEquals(done.evaluation.source.period, done.evaluation.source.split.test);
    const { lines } = verifyLedger(join(sweepFolder("one", folder), "ledger.jsonl"));
    const last = lines[lines.length - 1].entry;
    assert(last.kind === "holdout" && last.trial === best!.trial);
    await assertRejects(
      () => openSweepHoldout("one", loaded, {}, { storage: folder }),
      RangeError,
      "that is done once",
    );
    assert((await readSweep("one", folder)).count.holdout !== undefined);
    const more = resumedConfig(
      loadConfig({ environment: {}, set: ["run.track=false", "tune.trials=6"] }),
      "one",
      folder,
    );
    const openEngine = () => Promise.reject(new Error("a worker was started for nothing"));
    await assertRejects(
      () => trackedTune(more, {}, { storage: folder, openEngine, resume: "one" }),
      RangeError,
      "hold-out must still be closed",
    );
  });
});

Deno.test("the hold-out stays closed when the candles are others than the trials saw", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    await sweep(path, folder, { name: "one" }, ["tune.trials=1"]);
    await writeTiny(folder, { seed: 2 });
    await assertRejects(
      () => openSweepHoldout("one", tiny(path), {}, { storage: folder }),
      RangeError,
      "must be those that trials saw",
    );
    assertEquals((await readSweep("one", folder)).count.holdout, undefined);
  });
});

Deno.test("what cannot be searched is told before anything is done", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const refused = async (text: string, options: TuneOptions, set: readonly string[] = [], kind = RangeError) => {
      await assertRejects(() => sweep(path, folder, options, set), kind, text);
      assertEquals(await listSweeps(folder), []);
    };
    await refused('Cannot search "costs.transaction_fee"', { space: ["costs.transaction_fee = float(0, 10)"] });
    await refused("there is no such setting", { space: ["ppo.learn_rate = float(0, 1)"] });
    // each end and each choice, not the middle alone
    await refused('Cannot search "ppo.gamma" with 1.01 in it', { space: ["ppo.gamma = float(0.5, 1.01)"] });
    await refused('Cannot search "features.spec" with "bgus" in it', {
      space: ["features.spec = choice(bgus, quick)"],
    });
    await refused('Cannot search "risk.rules" with', { space: ['risk.rules = choice("stop_los(0.1)", "")'] });
    await refused('Cannot search "env.reward" with "luck" in it', { space: ["env.reward = choice(luck, log_return)"] });
    await refused("batch_size must divide the 64 samples", { space: ["ppo.batch_size = choice(32, 30, 16)"] });
    await refused('Cannot search "agent.lstm_hidden_size" with 0 in it', {
      space: ["agent.trunk = choice(lstm, mlp)", "agent.lstm_hidden_size = when(agent.trunk, lstm, int(0, 8))"],
    });
    await refused('Cannot make a grid of "ppo.gamma"', { space: ["ppo.gamma = float(0, 1)"] }, ["tune.sampler=grid"]);
    await refused("must have at least 2 numbers", { space: ["ppo.gamma = float(0, 1)"] }, ["tune.sampler=cmaes"]);
    await refused("Cannot read the space", { space: ["ppo.gamma = float(0"] }, [], SyntaxError as never);
    await refused("Cannot call a sweep", { name: "../up" });
    await refused("Cannot sweep without a test part", {}, ["split.train=0.7", "split.validation=0.3"]);
    await refused("there is none of that name", { resume: "nothing" });
    await sweep(path, folder, { name: "one" }, ["tune.trials=1"]);
    await assertRejects(() => sweep(path, folder, { name: "one" }), RangeError, "--resume one goes on");
    await assertRejects(() => readSweep("two", folder), RangeError, "known: one");
    const ledger = join(folder, "one", "ledger.jsonl");
    Deno.writeTextFileSync(ledger, Deno.readTextFileSync(ledger).replace('"value":', '"value":1'));
    await assertRejects(() => readSweep("one", folder), RangeError, "Cannot trust the sweep");
  });
});

Deno.test("workers are as many as were asked for, or as pay, and it is said when that was not found out", async () => {
  await withFolder(async (folder) => {
    const advice = async (set: readonly string[]) => {
      await using engine = await embeddedEngine({ folder, config: tiny("x.csv", [...settings, ...set]).config });
      return engine.advice;
    };
    assertEquals(await advice(["tune.workers=1"]), "1 worker, as asked for");
    assertEquals(
      await advice(["tune.workers=none"]),
      "2 workers at the end, too early to say how many pay (begins with 2 workers)",
    );
  });
});

Deno.test("worker processes come to the same trials as this process does", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder, { bars: 600 });
    const set = ["tune.trials=2", "tune.workers=2", "tune.scheduler=none", "features.spec=$close/logreturn"];
    const one = await sweep(path, folder, { name: "here" }, [...set, "tune.sampler=random"]);
    const events: string[] = [];
    const two = await trackedTune(tiny(path, [...settings, ...set, "tune.sampler=random"]), {
      onEvent: ({ kind }) => void events.push(kind),
    }, { storage: folder, space, name: "there", openEngine: embeddedEngine });
    assertEquals(two.rows.map(({ value }) => value), one.rows.map(({ value }) => value));
    assertNotEquals(two.rows[0].value, two.rows[1].value);
    assertEquals(two.workers, "2 workers, as asked for");
  });
});
