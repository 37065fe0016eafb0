import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readColumns } from "../../lib/data/frames.ts";
import { rng } from "../../lib/base/random.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

const start = Date.UTC(2020, 0, 1);
const { time, $open, $high, $low, $close, $volume } = synthetic(400, rng(1), { start });
const rows = Array.from(time, (ms, t) => [ms, $open[t], $high[t], $low[t], $close[t], $volume[t]].join(","));
const header = "timestamp,open,high,low,close,volume";

async function csv(name: string, lines: readonly string[], head = header): Promise<string> {
  await Deno.writeTextFile(project.path(name), [head, ...lines, ""].join("\n"));
  return name;
}

/** The rows with another close in the 51st. */
const with51st = (close: string) => rows.map((row, t) => t === 50 ? row.split(",").with(4, close).join(",") : row);

const backtest = (input: string) => ["backtest", "--input", input, "--no-track", "--json"];

Deno.test("a file that is no use is refused in a sentence that says why", async () => {
  await Deno.writeTextFile(project.path("empty.csv"), "");
  await Deno.writeFile(project.path("binary.csv"), Uint8Array.from({ length: 4096 }, (_, i) => i % 251));
  await Deno.writeFile(project.path("empty.parquet"), new Uint8Array());
  const sample = await Deno.readFile(project.path("data/sample/bitstamp_LTC-USD_1d.parquet"));
  await Deno.writeFile(project.path("cut.parquet"), sample.subarray(0, sample.length / 2));
  await Deno.writeFile(project.path("nearly.parquet"), sample.subarray(0, -3));
  const wrong: readonly [file: string, ...parts: string[]][] = [
    ["empty.csv", "is empty"],
    [await csv("header.csv", []), "it has no rows"],
    [await csv("one.csv", rows.slice(0, 1)), "at least 2 bars"],
    [await csv("five.csv", rows.slice(0, 5)), "5 bars", "embargo"],
    [
      await csv("short.csv", rows.map((row) => row.split(",").slice(0, 4).join(",")), "timestamp,open,high,low"),
      '"$close"',
      '"$volume"',
    ],
    [await csv("odd.csv", rows, "a,b,d,e,f,g"), '"timestamp"', "known: a, b, d"],
    [await csv("none.csv", rows.map((row) => `${row.split(",")[0]},,,,,`)), "400 bars has a valid close"],
    ["binary.csv", "binary.csv"],
    ["empty.parquet", "the file is empty"],
    ["cut.parquet", "damaged or cut short"],
    ["nearly.parquet", "damaged or cut short"],
  ];
  const outcomes = await project.each(wrong.map(([file]) => backtest(file)));
  for (const [i, [file, ...parts]] of wrong.entries()) {
    const { code, stdout, stderr } = outcomes[i];
    assertEquals([file, code, stdout], [file, 1, ""]);
    for (const part of parts) assertStringIncludes(stderr, part, file);
    assert(!stderr.includes("    at ") && !stderr.includes(project.folder), stderr);
  }
});

Deno.test("what can be repaired is repaired, counted and shown: prices, order, duplicates, gaps", async () => {
  const repaired: readonly [file: string, ...parts: string[]][] = [
    [await csv("nan.csv", with51st("NaN")), "1 bar had no valid price"],
    [await csv("negative.csv", with51st("-5")), "1 negative"],
    [await csv("zero.csv", with51st("0")), "no valid price"],
    [await csv("infinite.csv", with51st("inf")), "1 infinite"],
    [await csv("word.csv", with51st("abc")), 'row 51 "abc"'],
    [await csv("backwards.csv", rows.toReversed()), "newest first"],
    [await csv("twice.csv", [...rows.slice(0, 100), ...rows.slice(50)]), "50 bars repeated", "sorted"],
    [await csv("gap.csv", [...rows.slice(0, 100), ...rows.slice(150)]), "50 bars missing in 1 gap"],
  ];
  const lines = repaired.flatMap((
    [file],
  ) => [backtest(file), backtest(file).slice(0, -1), ["check-leaks", "--input", file, "--features", "rsi(14)"]]);
  const outcomes = await project.each(lines);
  for (const [i, [file, ...parts]] of repaired.entries()) {
    const [json, text, leaks] = outcomes.slice(3 * i);
    assertEquals([file, json.code, text.code, leaks.code], [file, 0, 0, 0]);
    const { cleaning } = JSON.parse(json.stdout);
    for (const part of parts) {
      assertStringIncludes(text.stdout, part, file);
      assertStringIncludes(leaks.stdout, part, file);
      assertStringIncludes(JSON.stringify(cleaning).replaceAll('\\"', '"'), part, file);
    }
  }
});

Deno.test("backtest --json prints JSON alone, in the shape its help names", async () => {
  await csv("good.csv", rows);
  const args = [
    "backtest",
    "--input",
    "good.csv",
    "--set",
    "strategy.fast=12",
    "--timerange",
    "20200102-20200115",
    "--period",
    "all",
  ];
  const { code, stdout, stderr } = await project.lab([...args, "--no-track", "--json"]);
  assertEquals([code, stderr], [0, ""]);
  const found = JSON.parse(stdout);
  const help = (await project.lab(["backtest", "--help"])).stdout;
  const documented = help.match(/--json: ([\s\S]*?);/)![1].split(/,\s+/);
  assertEquals(Object.keys(found), documented);
  assertEquals(found.span, "2020-01-02 to 2020-01-14 23:00");
  assertEquals([found.settings, found.period, found.seed], [{ name: "momentum", fast: 12 }, "all", 7]);
  assertEquals(found.metrics.bars, 13 * 24 - 1); // returns
  assertEquals(found.comparison[0].total_return, found.metrics.total_return);
  assertEquals(found.lag.map((point: { lag: number }) => point.lag), [0, 1, 2]);
  assertEquals(found.fees["buy and hold"].map(({ multiple }: { multiple: number }) => multiple), [0, 0.5, 1, 2]);
  assertEquals([found.leaks.passed, found.run.url], [true, undefined]);
  const camel = stdout.match(/"[a-z]+[A-Z]\w*":/)?.[0];
  assertEquals(camel, undefined);
});

Deno.test("features of a CSV come out as parquet and as CSV, the same, with whole ms; a second request is a read", async () => {
  await csv("good.csv", rows);
  const line = (...more: string[]) => ["features", "--input", "good.csv", "--spec", "core44", "--json", ...more];
  const [first, second] = await Promise.all([ // two that write the same store at once
    project.lab(line("--output", "out/features.parquet")),
    project.lab(line("--output", "out/twin.parquet")),
  ]);
  assertEquals([first.code, second.code], [0, 0], first.stderr + second.stderr);
  const twins = ["features", "twin"].map((name) => Deno.readFileSync(project.path(`out/${name}.parquet`)));
  assertEquals(twins[0], twins[1]);
  const again = await project.lab(line("--output", "features.csv"));
  const [made, read] = [JSON.parse(first.stdout), JSON.parse(again.stdout)];
  assertEquals([read.cached, made.hash, JSON.parse(second.stdout).hash], [true, read.hash, read.hash]);
  assertEquals(made.features.length, 50);
  const columns = await readColumns(project.path("out/features.parquet"));
  assertEquals(Object.keys(columns), ["timestamp", ...made.features]);
  assertEquals(columns.timestamp, time);
  const [head, firstRow, ...others] = (await Deno.readTextFile(project.path("features.csv"))).trimEnd().split("\n");
  assertStringIncludes(head, "timestamp,sma(20)/$close - 1,");
  assert(firstRow.startsWith(`${start},NaN,`), firstRow.slice(0, 60));
  const column = columns["rsi(14)"] as Float64Array;
  assertEquals(Number(others.at(-1)!.split(",")[made.features.indexOf("rsi(14)") + 1]), column[399]);
});

Deno.test("check-leaks finds a planted leak, in features by text and in a module of the user's, and exits with 1", async () => {
  await csv("good.csv", rows.map((row, t) => `${row},${$close[Math.min(t + 1, 399)]}`), `${header},signal`);
  const module = (body: string) => `export default ({ $close }) => ({ own: ${body} });\n`;
  await Deno.writeTextFile(
    project.path("honest.ts"),
    module("$close.map((price, t) => price / ($close[t - 1] ?? price))"),
  );
  await Deno.writeTextFile(
    project.path("peeks.ts"),
    module("$close.map((price, t) => ($close[t + 1] ?? price) / price)"),
  );
  await Deno.writeTextFile(project.path("greedy.ts"), "await fetch('http://127.0.0.1:1');\n" + module("$close"));
  const check = (...args: string[]) => project.lab(["check-leaks", "--input", "good.csv", ...args]);
  const [honest, peeks, greedy, column] = await Promise.all([
    check("--module", "honest.ts"),
    check("--module", "peeks.ts", "--json"),
    check("--module", "greedy.ts"),
    check("--features", "signal/$close"),
  ]);
  assertEquals(honest.code, 0, honest.stderr);
  assertEquals(peeks.code, 1, peeks.stderr);
  const { features } = JSON.parse(peeks.stdout);
  assertEquals([features.passed, features.leaks[0].feature, features.leaks[0].ahead], [false, "own", 1]);
  assertEquals(greedy.code, 1);
  assertStringIncludes(greedy.stderr, "Requires net access");
  assertEquals(column.code, 1, column.stdout);
  assertStringIncludes(column.stdout, "? "); // a column that was worked out beforehand can only be suspected
});

Deno.test({
  name: "Ctrl-C ends a leak check that is deep in a computation",
  ignore: Deno.build.os === "windows", // no process groups
  async fn() {
    await csv("good.csv", rows);
    await Deno.writeTextFile(
      project.path("slow.ts"),
      `export default ({ $close }) => {
        console.error("computing");
        for (const began = performance.now(); performance.now() - began < 150;);
        return { own: $close };
      };`,
    );
    const running = project.start(["check-leaks", "--input", "good.csv", "--module", "slow.ts"]);
    await running.said("computing");
    running.interrupt();
    const { code, stdout, stderr } = await running.ended;
    assertEquals([code, stdout], [130, ""], stderr);
  },
});

Deno.test("paths are where the user is, and mean the same in the record", async () => {
  await Deno.mkdir(project.path("deep/er"), { recursive: true });
  await csv("deep/here.csv", rows);
  const options = { cwd: project.path("deep/er") };
  const line = ["features", "--input", "../here.csv", "--output", "out.csv", "--json"];
  const { code, stderr } = await project.lab(line, options);
  assertEquals(code, 0, stderr);
  assert((await Deno.stat(project.path("deep/er/out.csv"))).isFile);
  const { stdout } = await project.lab(["config", "--input", "../here.csv", "--json"], options);
  assertEquals(JSON.parse(stdout).config.data.input, ["deep/here.csv"]);
});

Deno.test("list and config show all there is, as tables and as JSON", async () => {
  const [table, json, config] = await project.each([["list"], ["list", "--json"], ["config", "--json", "--fee", "5"]]);
  const kinds = JSON.parse(json.stdout);
  assert(kinds.indicators.length >= 44 && kinds.samples.length === 4 && kinds.settings.length > 40);
  for (const row of [...kinds.indicators, ...kinds.strategies]) assertStringIncludes(table.stdout, row.name);
  for (const { setting } of kinds.settings) assertStringIncludes(table.stdout, setting);
  const { origins, config: { costs } } = JSON.parse(config.stdout);
  assertEquals([costs.transaction_fee, origins["costs.transaction_fee"]], [5, "--set"]);
});
