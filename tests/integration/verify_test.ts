import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../../lib/base/files.ts";
import { ensurePython } from "../../lib/track/python.ts";
import { stopServer } from "../../lib/track/server.ts";
import { type Project, temporaryProject } from "./project.ts";

const windows = Deno.build.os === "windows"; // no process groups

const edit = async (project: Project, path: string, change: (text: string) => string) => {
  await Deno.writeTextFile(project.path(path), change(await Deno.readTextFile(project.path(path))));
};

Deno.test("a tracked run is executed again, from its own commit and data, and compared to the last bit", async (t) => {
  await ensurePython();
  await using project = await temporaryProject();
  await using _server = { [Symbol.asyncDispose]: async () => void await stopServer(project.path("mlflow_runs")) };
  const rows = Array.from({ length: 400 }, (_, i) => `${Date.UTC(2020, 0, 1, i)},${100 + 10 * Math.sin(i / 9)}`);
  const own = [
    "timestamp,open,high,low,close,volume",
    ...rows.map((row) => {
      const [time, price] = row.split(",");
      return [time, price, Number(price) + 1, Number(price) - 1, price, 1000].join(",");
    }),
  ].join("\n");
  await project.commit();
  await Deno.mkdir(project.path("data/raw"), { recursive: true });
  await Deno.writeTextFile(project.path("data/raw/own.csv"), own); // git does not have it
  const waits = await project.notebook("data/raw/waits.ipynb", [
    `if (await Deno.stat("wait").catch(() => 0)) {
       await Deno.writeTextFile("waiting", "");
       await new Promise((resolve) => setTimeout(resolve, 600_000));
     }`,
    `import * as lab from "candelabra";
     lab.summary({ finding: "none", tiles: [], badges: [], provenance: {}, metrics: { answer: 42 } });`,
  ]);
  const verify = (id: string, ...more: string[]) => project.lab(["verify", id, ...more]);
  const ids: Record<string, string> = {};

  await t.step("runs are made", async () => {
    const backtest = await project.lab([
      "backtest",
      "--input",
      "data/raw/own.csv",
      "--set",
      "strategy.fast=7",
      "--json",
    ]);
    assertEquals(backtest.code, 0, backtest.stderr);
    const report = await project.lab(["report", waits, "--json"]);
    assertEquals(report.code, 0, report.stderr);
    ids.backtest = JSON.parse(backtest.stdout).run.id;
    ids.report = JSON.parse(report.stdout)[0].run.id;
  });

  await t.step("in the working tree while nothing has changed, by the beginning of its id", async () => {
    const [text, json] = [await verify(ids.backtest.slice(0, 8)), await verify(ids.backtest, "--json")];
    assertEquals([text.code, json.code], [0, 0], text.stderr);
    assertStringIncludes(text.stdout, "came out the same, to the last bit");
    assertStringIncludes(text.stdout, "in the working tree");
    const { passed, from, numbers, notes } = JSON.parse(json.stdout);
    assertEquals([passed, from, notes], [true, "working tree", []]);
    assert(numbers.length > 50 && numbers.some(({ name }: { name: string }) => name === "sharpe_ratio"));
  });

  await t.step("a run of paper trading says by what it is verified", async () => {
    const trade = ["paper", "--replay", "data/raw/own.csv", "--json"];
    for (
      const [more, says] of [[["--name", "my own"], 'lab paper --replay "my own"'], [[], "without a --name"]] as const
    ) {
      const paper = await project.lab([...trade, ...more]);
      assertEquals(paper.code, 0, paper.stderr);
      const { code, stderr } = await verify(JSON.parse(paper.stdout).run.id);
      assertEquals(code, 1);
      assertStringIncludes(stderr, says);
    }
    const { code, stdout } = await project.lab(["paper", "--replay", "my own", "--json"]);
    assertEquals([code, JSON.parse(stdout).identical], [0, true]);
  });

  await t.step("Ctrl-C ends it, and nothing of it stays", async () => {
    if (windows) return;
    await Deno.writeTextFile(project.path("data/raw/wait"), "");
    const running = project.start(["verify", ids.report]);
    while (!await exists(project.path("data/raw/waiting"))) await new Promise((resolve) => setTimeout(resolve, 50));
    running.interrupt();
    const { code, stdout } = await running.ended;
    assertEquals([code, stdout], [130, ""]);
    await Deno.remove(project.path("data/raw/wait"));
    assertEquals((await verify(ids.report)).code, 0);
  });

  await t.step("in a checkout of its commit once the code has changed, with data that git does not have", async () => {
    await edit(project, "lib/strategies/momentum.ts", (text) => `${text}\nthrow new Error("broken since");\n`);
    const { code, stdout, stderr } = await verify(ids.backtest, "--json");
    assertEquals(code, 0, stderr);
    const { passed, from } = JSON.parse(stdout);
    assertEquals([passed, from], [true, "checkout"]);
    const worktrees = await new Deno.Command("git", { args: ["worktree", "list"], cwd: project.folder }).output();
    assertEquals(new TextDecoder().decode(worktrees.stdout).trim().split("\n").length, 1);
    await edit(project, "lib/strategies/momentum.ts", (text) => text.split("\nthrow new Error")[0] + "\n");
  });

  await t.step("a code that gives other numbers under the same commit is found out", async () => {
    // Uncommitted when the run was made: its commit does not have it, and the verdict says so.
    await edit(project, "lib/strategies/momentum.ts", (text) => text.replace(/\b30\b/, "31"));
    const made = await project.lab(["backtest", "--input", "data/raw/own.csv", "--json"]);
    assertEquals(made.code, 0, made.stderr);
    const { code, stdout } = await verify(JSON.parse(made.stdout).run.id);
    assertEquals(code, 1, stdout);
    assertStringIncludes(stdout, "numbers differ");
    assertStringIncludes(stdout, "uncommitted changes");
  });

  await t.step("data that are not what they were, or are gone, are told apart from code that is", async () => {
    await edit(project, "data/raw/own.csv", (text) => text.replace("1577836800000,100,", "1577836800000,100.5,"));
    const changed = await verify(ids.backtest);
    assertEquals(changed.code, 1);
    assertStringIncludes(changed.stderr, "data/raw/own.csv now hashes to");
    await Deno.remove(project.path("data/raw/own.csv"));
    const gone = await verify(ids.backtest);
    assertEquals(gone.code, 1);
    assertStringIncludes(gone.stderr, "its data can't be loaded");
  });

  await t.step("what is no run, or no whole one, is refused", async () => {
    const none = await verify("0000000000");
    assertEquals(none.code, 1);
    assertStringIncludes(none.stderr, "no run's id begins so");
    const throws = await project.notebook("throws.ipynb", [`throw new Error("x")`]);
    const { stdout } = await project.lab(["report", throws, "--json"]);
    const failed = await verify(JSON.parse(stdout)[0].run.id);
    assertStringIncludes(failed.stderr, "must have finished: its status is FAILED");
  });
});
