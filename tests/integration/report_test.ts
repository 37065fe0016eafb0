import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../../lib/base/files.ts";
import { fakeMlflow } from "../track/fake_mlflow.ts";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => {
  for (const made of ["reports", "mlflow_runs"].map((name) => project.path(name))) {
    if (await exists(made)) await Deno.remove(made, { recursive: true });
  }
});

const windows = Deno.build.os === "windows"; // no process groups

const pages = () =>
  [...Deno.readDirSync(project.path("reports"))].map(({ name }) => name).filter((name) => name.endsWith(".html"))
    .sort();
const page = (path: string) => Deno.readTextFile(project.path(path));

Deno.test("a user's own notebook becomes a page and a run: parameters, settings and preset reach it", async () => {
  await using mlflow = fakeMlflow();
  const env = { MLFLOW_TRACKING_URI: mlflow.uri };
  await project.notebook("mine/own.ipynb", [
    `let n = 3;\nlet who = "nobody";\nlet preset = "";\nlet set: string[] = [];`,
    "console.log(`n=${n + 1} who=${who} preset=${preset} set=${set}`)",
    `import * as lab from "candelabra";\nconst { config } = lab.loadConfig({ preset, set });`,
    "console.log(`fast=${config.strategy.fast} fee=${config.costs.transaction_fee} spec=${config.features.spec}`)",
    `await lab.keep("kept.json", { answer: 42 });`,
    `lab.summary({ finding: "It is " + (n + 1) + ".", tiles: [], provenance: {}, metrics: {} });`,
  ], true);
  const { code, stdout, stderr } = await project.lab([
    ...["report", "own.ipynb", "-p", "n=41", "-p", "who=me & you", "--preset", "full", "--set", "strategy.fast=12"],
    ...["--fee", "3", "--json"],
  ], { env, cwd: project.path("mine") });
  assertEquals(code, 0, stderr);
  const [result] = JSON.parse(stdout);
  assertEquals([result.notebook, result.kept], ["mine/own.ipynb", { "kept.json": { answer: 42 } }]);
  const html = await page(result.report);
  assertStringIncludes(html, "n=42 who=me &amp; you preset=full");
  assertStringIncludes(html, "fast=12 fee=3 spec=core44");
  const run = mlflow.runs.get(result.run.id)!;
  assertEquals([run.status, run.params["strategy.fast"], run.params["preset"]], ["FINISHED", "12", "full"]);
  assertEquals(JSON.parse(run.tags["candelabra.command"]).slice(0, 4), ["report", "mine/own.ipynb", "-p", "n=41"]);
  assertEquals(run.tags["mlflow.note.content"], "It is 42."); // what MLflow's page begins with
  for (const name of ["own.html", "own.ipynb", "results/kept.json"]) assert(run.artifacts.has(name), name);
  assertEquals(run.artifacts.get("own.html"), html);
  const found = JSON.parse((await project.lab(["explain", result.report, "--json"])).stdout);
  assertEquals([found.status, found.run, found.config["strategy.fast"]], ["finished", result.run.id, "12"]);
  assertEquals(JSON.parse((await project.lab(["explain", "own", "--json"])).stdout), found); // its notebook's newest
});

Deno.test("a cell that throws: its page shows the error, the next notebook is run, the run is FAILED, the exit code 1", async () => {
  await using mlflow = fakeMlflow();
  const throwing = await project.notebook("throws.ipynb", [
    `console.log("as far as here")`,
    `const three = 3;\nthrow new RangeError("three is too many");`,
    `console.log("never reached")`,
  ]);
  const fine = await project.notebook("fine.ipynb", ["6 * 7"]);
  const { code, stdout, stderr } = await project.lab(["report", throwing, fine], {
    env: { MLFLOW_TRACKING_URI: mlflow.uri },
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "throws.ipynb: cell 2, line 2: RangeError: three is too many");
  assertStringIncludes(stdout, "✗ reports/throws-");
  assertStringIncludes(stdout, "✓ reports/fine-");
  assertEquals([...mlflow.runs.values()].map(({ name, status }) => [name, status]), [
    ["report throws", "FAILED"],
    ["report fine", "FINISHED"],
  ]);
  const [failed] = [...mlflow.runs.values()];
  assertStringIncludes(failed.tags["candelabra.failure"], "three is too many");
  assertStringIncludes(failed.artifacts.get("throws.ipynb")!, "as far as here"); // the partial notebook
  const [, , name] = pages();
  assert(name.startsWith("throws-"));
  const html = await page(`reports/${name}`);
  for (const text of ["as far as here", "three is too many"]) assertStringIncludes(html, text);
  const index = await page("reports/index.html");
  for (const text of ["fine-", "throws-", "failed"]) assertStringIncludes(index, text);

  const published = await project.lab(["publish", "--to", "site/pages", "--json"]);
  assertEquals(published.code, 0, published.stderr);
  const { files, skipped } = JSON.parse(published.stdout);
  assertEquals([files.length, skipped], [2, [name]]);
  assert(await exists(project.path("site/pages/index.html")));
  assert(!(await page(`site/pages/${files[0]}`)).includes(project.folder));
});

Deno.test({
  name:
    "Ctrl-C in the middle of a cell: 130, no page, its run KILLED with the notebook so far, no process left; the next completes",
  ignore: windows,
  async fn() {
    await using mlflow = fakeMlflow();
    const env = { MLFLOW_TRACKING_URI: mlflow.uri };
    const first = await project.notebook("first.ipynb", ["1 + 1"]);
    const waits = await project.notebook("waits.ipynb", [
      `console.log("before")`,
      `if (!await Deno.stat("go").catch(() => 0)) {
         await Deno.writeTextFile("waiting", String(Deno.pid));
         await new Promise((resolve) => setTimeout(resolve, 600_000));
       }`,
    ]);
    const running = project.start(["report", first, waits], { env });
    while (!await exists(project.path("waiting"))) await new Promise((resolve) => setTimeout(resolve, 50));
    running.interrupt();
    const { code, stdout, stderr } = await running.ended;
    assertEquals([code, stdout], [130, ""], stderr);
    const kernel = Number(await Deno.readTextFile(project.path("waiting")));
    if (Deno.build.os === "linux") assert(!await exists(`/proc/${kernel}`), "the kernel is still there");
    assertEquals(pages().map((name) => name.split("-")[0]), ["first", "index.html"]);
    assertStringIncludes(await page("reports/index.html"), "first-");
    const [, killed] = [...mlflow.runs.values()];
    assertEquals(killed.status, "KILLED");
    assertStringIncludes(killed.artifacts.get("waits.ipynb")!, "before");

    await Deno.writeTextFile(project.path("go"), "");
    const again = await project.lab(["report", first, waits], { env });
    assertEquals(again.code, 0, again.stderr);
    assertEquals(pages().length, 4);
  },
});

Deno.test("settings that a notebook has no parameter for are not lost in silence; tracking can be left out", async () => {
  const plain = await project.notebook("plain.ipynb", ["1"]);
  const { code, stdout, stderr } = await project.lab([
    "report",
    plain,
    "--set",
    "strategy.fast=3",
    "--no-track",
    "--json",
  ]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, 'plain.ipynb has no parameter "set", so it goes without the settings strategy.fast');
  assertEquals(JSON.parse(stdout)[0].report, "reports/plain-untracked.html");
  assert(!await exists(project.path("mlflow_runs")));
});

Deno.test("the bundled quickstart becomes a page with its finding and the table that demo ends with", async () => {
  const { code, stdout, stderr } = await project.lab(["report", "00_quickstart", "--no-track", "--json"]);
  assertEquals(code, 0, stderr);
  const [{ finding, metrics, kept, report }] = JSON.parse(stdout);
  assertStringIncludes(finding, "buy and hold");
  assert(Number.isFinite(metrics.sharpe_ratio));
  assert(kept["comparison.json"].length >= 4);
  assert(!/(?:src|href)="https?:/.test(await page(report)), "the page refers to the outside");
});
