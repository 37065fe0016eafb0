import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { TrialEnd, TrialReport } from "../../../lib/hyperopt/engine.ts";
import { poolEngine } from "../../../lib/hyperopt/engine.ts";
import type { TrialAnswer, TrialJob } from "../../../lib/hyperopt/trial.ts";
import type { Market } from "../../../lib/market/market.ts";
import { rng } from "../../../lib/base/random.ts";
import { slice } from "../../../lib/market/candles.ts";
import { noCosts } from "../../../lib/market/market.ts";
import { synthetic } from "../../../lib/market/synthetic.ts";
import { splitOf } from "../../../lib/pipeline/market.ts";
import { openTrials } from "../../../lib/pipeline/sweep/trial.ts";
import { trialCommand } from "../../../lib/pipeline/sweep/trial_command.ts";
import { snapshotTrial } from "../../../lib/hyperopt/snapshot.ts";
import { readTrialMarket, writeTrialMarket } from "../../../lib/pipeline/sweep/trial_market.ts";
import { openPool } from "../../../lib/resources/pool.ts";
import { tiny, withFolder } from "../tiny.ts";

const BARS = 700;
const { config } = tiny("none", ["features.spec=$close/logreturn, rsi(7)", "train.checkpoint_every=0"]);
const split = splitOf(BARS, config);

function marketOf(seed: number): Market {
  const candles = synthetic(BARS, rng(seed));
  return { assets: [candles], length: BARS, costs: { ...noCosts, transactionFee: 10, spread: 2 } };
}

async function jobIn(folder: string, change: Partial<TrialJob> = {}, market = marketOf(1)): Promise<TrialJob> {
  await writeTrialMarket(join(folder, "market"), { market, split });
  return {
    study: "test",
    trial: 0,
    market: join(folder, "market"),
    params: { "ppo.learning_rate": 0.003 },
    config: config as unknown as TrialJob["config"],
    rungs: [64, 256],
    seeds: [1, 2],
    folds: 2,
    checkpoint: join(folder, "trials", "0"),
    ...change,
  };
}

const go: TrialAnswer = { answer: "go" };

/** What a trial said, without how long it took. */
async function said(job: TrialJob, answer: (report: TrialReport) => TrialAnswer = () => go, signal?: AbortSignal) {
  const reports: Omit<TrialReport, "seconds">[] = [];
  const end = await openTrials().run(job, ({ seconds: _, ...report }) => {
    reports.push(report);
    return answer({ ...report, seconds: 0 });
  }, signal);
  return { reports, end };
}

Deno.test("a trial reports the mean objective at each rung and ends with its returns out of sample", async () => {
  await withFolder(async (folder) => {
    const { reports, end } = await said(await jobIn(folder));
    assert(end.kind === "done", JSON.stringify(end));
    assertEquals(reports.map(({ rung, step }) => [rung, step]), [[0, 64], [1, 256]]);
    assert(end.kind === "done", JSON.stringify(end));
    const { bars } = { bars: Math.floor(split.validation.to / 2 / 2) };
    assertEquals(end.returns.length, 2 * (bars - 1));
    assertEquals(end.value, reports[1].value);
    assertEquals(end.metrics["eval/sharpe_ratio"], end.value);
    const folds = [end.metrics["fold_0/sharpe_ratio"], end.metrics["fold_1/sharpe_ratio"]];
    assert(Math.abs((folds[0] + folds[1]) / 2 - end.value) < 1e-12);
    assert(Number.isFinite(end.value) && end.value !== 0);
  });
});

Deno.test("whatever the bars of the test part and of its embargo are, a trial does the same", async () => {
  await withFolder(async (folder) => {
    const clean = await said(await jobIn(join(folder, "clean")));
    assertEquals(clean.end.kind, "done");
    const poisons: ((column: Float64Array) => void)[] = [
      (column) => column.fill(NaN),
      (column) => column.fill(1e300),
      (column) => column.fill(-1),
      (column) => column.set(column.map((x, i) => i % 2 ? x * 1e6 : x / 1e6)),
    ];
    for (const [i, poison] of poisons.entries()) {
      const market = marketOf(1);
      const after = slice(market.assets[0], split.validation.to, BARS);
      for (const name of ["$open", "$high", "$low", "$close", "$volume"] as const) poison(after[name]);
      const dirty = await said(await jobIn(join(folder, `dirty-${i}`), {}, market));
      assertEquals(dirty, clean);
    }
    const written = await readTrialMarket(join(folder, "clean", "market"));
    assertEquals(written.market.length, split.validation.to);
    assert(split.test.from - split.validation.to === config.split.embargo);
  });
});

Deno.test("what a trial reads is what was written, bit for bit: two assets, further columns, spreads, no limit of volume", async () => {
  await withFolder(async (folder) => {
    const assets = [1, 2].map((seed) => {
      const candles = synthetic(BARS, rng(seed), { symbol: `S${seed}` });
      const $spread = candles.$close.map((x) => x % 3);
      return { ...candles, $spread, extra: { "my signal": candles.$open.map((x, t) => (t < 9 ? NaN : x / 3)) } };
    });
    const market = { assets, length: BARS, costs: { ...noCosts, impact: 0.1 } };
    const hash = await writeTrialMarket(join(folder, "market"), { market, split });
    const read = await readTrialMarket(join(folder, "market"));
    assertEquals(read.hash, hash);
    assertEquals(read.market.costs, market.costs);
    assertEquals(read.market.assets, assets.map((candles) => slice(candles, 0, split.validation.to)));
    // And an agent trades both.
    const box = { ...config, env: { ...config.env, actions: "box" } };
    const { end, reports } = await said(await jobIn(folder, { config: box as never, seeds: [1] }, market));
    assert(end.kind === "done", JSON.stringify(end));
    assertEquals(reports.length, 2);
    const bytes = await Deno.readFile(join(folder, "market", "candles.bin"));
    bytes[bytes.length - 3] ^= 1;
    await Deno.writeFile(join(folder, "market", "candles.bin"), bytes);
    await assertRejects(() => readTrialMarket(join(folder, "market")), SyntaxError, "must be those");
  });
});

Deno.test("a parameter that would change what trials are judged by is refused", async () => {
  await withFolder(async (folder) => {
    for (const name of ["data.input", "split.train", "costs.transaction_fee", "backtest.period", "tune.folds"]) {
      const { end } = await said(await jobIn(folder, { params: { [name]: 0.5 } }));
      assert(end.kind === "failed" && end.error.startsWith(`Cannot search "${name}"`), JSON.stringify(end));
    }
    const { end } = await said(await jobIn(folder, { params: { "ppo.batch_size": 7 } }));
    assert(end.kind === "failed" && end.error.includes("batch_size must divide"));
  });
});

Deno.test("a trial that is stopped between any two writes goes on to the same values", async () => {
  await withFolder(async (folder) => {
    const whole = await said(await jobIn(join(folder, "whole")));
    const job = await jobIn(join(folder, "cut"));
    const reports: unknown[] = [];
    let end: TrialEnd | undefined;
    let lives = 0;
    for (let wait = 5; !end; wait *= 1.3) { // longer each time, so that it comes to an end
      lives++;
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(new DOMException("stopped", "AbortError")), wait);
      try {
        const one = await openTrials().run(job, ({ seconds: _, ...report }) => {
          reports.push(report);
          return go;
        }, stop.signal);
        end = one;
      } catch (error) {
        assert(error instanceof DOMException && error.name === "AbortError", String(error));
      }
      clearTimeout(timer);
    }
    assert(lives > 2);
    assertEquals(end, whole.end);
    for (const report of whole.reports) assert(reports.some((one) => JSON.stringify(one) === JSON.stringify(report)));
    // Once more: it is done, says so, and reports nothing.
    const again = await said(job);
    assertEquals(again, { reports: [], end: whole.end });
  });
});

Deno.test("a trial that was told to stop ends with what it had, also when it is asked again", async () => {
  await withFolder(async (folder) => {
    const job = await jobIn(folder);
    const { reports, end } = await said(job, () => ({ answer: "stop", why: "others were better" }));
    assertEquals(reports.length, 1);
    assert(end.kind === "done");
    assertEquals(end.value, reports[0].value);
    assertEquals(await said(job), { reports: [], end });
  });
});

Deno.test("a checkpoint is gone on from with the settings it was begun with, and no others", async () => {
  await withFolder(async (folder) => {
    const job = await jobIn(folder);
    await said(job, () => ({ answer: "stop", why: "" }));
    const { end } = await said({ ...job, params: { "ppo.learning_rate": 0.01 } });
    assert(end.kind === "failed" && end.error.includes("must be those it was begun with"));
    // What says nothing of its values may differ.
    const other = { ...config, tune: { ...config.tune, workers: 7 }, data: { ...config.data, input: ["elsewhere"] } };
    assertEquals((await said({ ...job, config: other as never })).end.kind, "done");
  });
});

Deno.test("a trial that starts from another's checkpoint goes on where that one stood", async () => {
  await withFolder(async (folder) => {
    const job = await jobIn(folder);
    const snapshot = join(folder, "snapshot");
    const first = await openTrials().run(job, async ({ rung }) => {
      if (rung === 0) await snapshotTrial(job.checkpoint, snapshot);
      return go;
    });
    const heir = { ...job, trial: 1, from: snapshot, checkpoint: join(folder, "trials", "1") };
    const same = await said(heir); // with the same settings it is the same trial
    assertEquals(same.reports.map(({ rung }) => rung), [1]);
    assertEquals(same.end, { ...first, trial: 1 });
    const other = { ...heir, checkpoint: join(folder, "trials", "2"), params: { "ppo.learning_rate": 0.02 } };
    const { end } = await said(other);
    assert(end.kind === "done");
    assertNotEquals(end.value, (first as typeof end).value);
    const { end: bare } = await said({
      ...heir,
      from: join(folder, "nowhere"),
      checkpoint: join(folder, "trials", "3"),
    });
    assert(bare.kind === "failed" && bare.error.includes("Cannot start from the checkpoint"));
  });
});

Deno.test("the objective may be the log return; doing nothing is worth nothing", async () => {
  await withFolder(async (folder) => {
    const still = {
      ...config,
      env: { ...config.env, actions: "0, 0" },
      tune: { ...config.tune, objective: "log_return" },
    };
    const { end } = await said(await jobIn(folder, { config: still as never }));
    assert(end.kind === "done");
    assertEquals([end.value, end.metrics["eval/sharpe_ratio"], end.metrics["eval/time_in_market"]], [0, 0, 0]);
    const set = new Set(end.returns);
    assertEquals([...set], [0]);
  });
});

Deno.test("a trial process that is killed at any point loses its current step only: the same bytes come out", async () => {
  await withFolder(async (folder) => {
    const job = await jobIn(folder, { rungs: [128, 256] });
    const whole = await said({ ...job, checkpoint: join(folder, "whole") });
    const reports = new Map<number, unknown>();
    let killed = 0;
    const pool = openPool({ ...trialCommand(folder), workers: 1 });
    await using engine = poolEngine(pool, { retries: 9 });
    const pids = new Set<number>();
    await Deno.mkdir(job.checkpoint, { recursive: true });
    const kill = (pid: number) => {
      if (pids.has(pid)) return;
      pids.add(pid);
      killed++;
      try {
        Deno.kill(pid, "SIGKILL");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    };
    const killer = setInterval(() => {
      for (const { name } of Deno.readDirSync(job.checkpoint)) {
        // Once there is something to lose: the process is known by the temporary files it writes.
        const pid = Number(name.match(/\.(\d+)\.[0-9a-f]{8}\.tmp$/)?.[1] ?? 0);
        if (pid !== 0 && pid !== Deno.pid && killed < 3) kill(pid);
      }
    }, 3);
    try {
      const end = await engine.run(job, {
        onReport: ({ seconds: _, ...report }) => {
          reports.set(report.rung, report);
          if (killed === 0) kill(pool.workers[0].pid); // where no file was seen in the making
          return go;
        },
      });
      assertEquals(end, whole.end);
      assertEquals([...reports.values()], whole.reports);
    } finally {
      clearInterval(killer);
    }
    assert(killed > 0);
  });
});

Deno.test("a trial process may read the sweep's folder and the code, and nothing of the project's candles", async () => {
  const { args } = trialCommand("/sweep");
  const read = args.find((arg) => arg.startsWith("--allow-read="))!;
  assert(!read.split(/[=,]/).some((path) => /\/data(\/|$)|mlflow_runs/.test(path)), read);
  assertEquals(args.find((arg) => arg.startsWith("--allow-write=")), "--allow-write=/sweep");
  assert(!args.some((arg) => /allow-(net|run|all)|^-A$/.test(arg)));
  await assertRejects(() => readTrialMarket("/nowhere"), Deno.errors.NotFound);
});
