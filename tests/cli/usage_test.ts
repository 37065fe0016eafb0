import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { temporaryProject } from "../integration/project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

/** Command lines that can't be carried out, with the exit code and what the error must have in it. */
const wrong: readonly [line: string, code: number, ...parts: string[]][] = [
  ["bactest", 2, "Unknown command 'bactest' (Did you mean backtest?)"],
  ["backtest --stratgy momentum", 2, "Unknown option '--stratgy' (Did you mean --strategy?)"],
  ["backtest extra", 2, "Too many arguments for 'backtest'"],
  ["fetch --symbol BTC/USDT", 2, "Required option '--exchange <name>' not specified"],
  ["verify", 2, "Missing required argument 'run'"],
  ["backtest --strategy momentun", 1, '"momentun"', 'nearest is "momentum"', "mean_reversion"],
  ["backtest --set strategy.fsat=3", 1, '"fsat" of momentum', 'nearest is "fast"'],
  ["backtest --set costs.transacton_fee=3", 1, 'nearest is "costs.transaction_fee"'],
  ["backtest --set costs.transaction_fee", 1, "must be like costs.transaction_fee=5"],
  ["backtest --fee -3", 1, "must be a number from 0 to 1000", '"-3"'],
  ["backtest --seed x", 1, "must be a whole number", '"x"'],
  ["backtest --period tset", 1, 'nearest is "test"'],
  ["backtest --preset quik", 1, 'nearest is "quick"'],
  ["backtest --input BTC/UDS", 1, 'nearest is "BTC/USD"', "lab fetch --exchange binance --symbol BTC/UDS"],
  ["backtest --input nothing.csv", 1, 'Cannot load "nothing.csv" as there is no such file'],
  ["backtest --timeframe 7x", 1, '"7x"', "such as 15m, 1h or 1d"],
  ["backtest --timeframe 7m", 1, "7m"],
  ["backtest --timerange 2018", 1, "20180131-20180301"],
  ["backtest --timerange 20180301-20180131", 1, "ends before it starts"],
  ["backtest --timerange 19990101-19990201", 1, "2017-07-01"],
  ["backtest --config nothing.json", 1, 'Cannot read settings from "nothing.json" as there is no such file'],
  ["features --spec rsii(14)", 1, 'nearest is "rsi"', "^^^^"],
  ["features --spec core4", 1, 'nearest is "core44"'],
  ["features --output features.xls", 1, ".csv or .parquet"],
  ["check-leaks --module nothing.ts", 1, "there is no such file"],
  ["fetch --exchange binanse --symbol BTC/USDT --since 2023-01-01", 1, 'nearest is "binance"'],
  ["fetch --exchange binance --symbol BTC/USDT --since 2099-01-01", 1, "since must lie in the past", "2099-01-01"],
  ["fetch --exchange binance --symbol BTC/USDT --since yesterday", 1, '"yesterday"', "2023-01-31"],
  ["fetch --exchange binance --symbol X --since 2023-01-01 --output x.doc", 1, ".csv or .parquet"],
  ["report 03_backtst", 1, 'nearest is "03_backtest"'],
  ["report 00_quickstart -p prest=full", 1, '"prest"', 'nearest is "preset"'],
  ["report 00_quickstart -p preset", 1, "must be like name=value"],
  ["explain nothing.html", 1, 'Cannot explain "nothing.html" as there is no such report'],
  ["publish --to site", 1, "deno task report"],
  ["risk --rules limit_drawdwn(0.2)", 1, 'nearest is "limit_drawdown"'],
  ["scenarios --model model.onnx --strategy momentum", 1, "the model goes in the strategy's place"],
  ["scenarios --scenario flash_crsh", 1, 'nearest is "flash_crash"'],
  ["train --set ppo.batch_size=7", 1, "the nearest that does is 8"],
  ["train --input nothing.csv", 1, "there is no such file"],
  ["train --backend cdua", 1, 'nearest is "cuda"'],
  ["train --backend wasm", 1, "a backend of tfjs"],
  ["train --engine tfjs --backend wsam", 1, 'nearest is "wasm"'],
  ["train --set agent.trunk=transformer --set agent.n_heads=5", 1, "n_heads must divide d_model 64"],
  ["train --strategy momentum", 2, "Unknown option '--strategy'"],
  ["evaluate --model candelabra@champion --strategy momentum", 2, "Unknown option '--strategy'"],
  ["paper", 1, "it must be said where bars come from", "--replay FILE"],
  ["paper --exchange binanse --symbol BTC/USDT --no-track", 1, 'nearest is "binance"'],
  ["paper --replay nothing.csv", 1, "there is no such file"],
  ["paper --replay BTC/USD --speed fast", 1, "must be max or a factor such as 1000x"],
  ["paper --replay BTC/USD --bars x", 1, "must be a whole number above 0"],
  ["paper --replay BTC/USD --strategy momentun --no-track", 1, 'nearest is "momentum"'],
  ["paper --replay BTC/USD --name ../x --no-track", 1, "must begin with a letter or digit"],
  ["paper --replay BTC/USD --orders sandbox --no-track", 1, "bars are of a replay"],
  ["paper --replay BTC/USD --orders real", 1, "sandbox"],
  ["paper --resume", 1, "it must be said with which session"],
  ["paper --resume --name b --cash 5", 1, "a session goes on as it began"],
  ["paper --resume --name b", 1, "there is none yet"],
  ["paper --kill b", 1, "there is none yet"],
  ["paper --replay BTC/USD --set paper.alerts=drawdwn --no-track", 1, 'nearest is "drawdown"'],
  ["tune --sampler tp", 1, 'nearest is "tpe"'],
  ["tune --workers two", 1, "must be a whole number", '"two"'],
  ["tune --space ppo.gama=float(0,1)", 1, 'nearest is "ppo.gamma"'],
  ["tune --space ppo.gamma=float(0,1) --sampler grid", 1, "write float(0, 1, 5) for 5"],
  ["tune --resume nothing", 1, "there is none of that name"],
  ["tune --delete nothing", 1, "must be a sweep and a trial of it"],
  ["tune --engine rya", 2, "Allowed choices are embedded, ray"],
  ["list strategy", 1, 'nearest is "strategies"'],
  ["notebook --port x", 1, "from 1 to 65535"],
  ["notebook 03_backtst", 1, 'nearest is "03_backtest"'],
];

Deno.test("what can't be done is said in a sentence that names the nearest thing that can, with nothing on standard output", async () => {
  const outcomes = await project.each(wrong.map(([line]) => line.split(" ")));
  for (const [i, [line, code, ...parts]] of wrong.entries()) {
    const ran = outcomes[i];
    assertEquals([line, ran.code, ran.stdout], [line, code, ""]);
    for (const part of parts) assertStringIncludes(ran.stderr, part, line);
    assert(ran.stderr.startsWith("error "), `${line}: ${ran.stderr}`);
    assert(!ran.stderr.includes("    at "), `${line} shows where in our code it went wrong: ${ran.stderr}`);
  }
});

Deno.test("nothing is begun for a command line that can't be carried out: no tracking server, no run", async () => {
  await project.each(wrong.map(([line]) => line.split(" ")).filter(([name]) => !["verify", "report"].includes(name)));
  const made = [...Deno.readDirSync(project.folder)].map(({ name }) => name);
  assert(!made.includes("mlflow_runs"), made.join(" "));
});

Deno.test("every error is a line of JSON with LOG_FORMAT=json", async () => {
  const lines = [["nonsense"], ["backtest", "--stratgy", "x"], ["backtest", "--strategy", "x"], [
    "features",
    "--spec",
    "rsii(14)",
  ]];
  for (const { stderr } of await project.each(lines, { env: { LOG_FORMAT: "json" } })) {
    for (const line of stderr.trimEnd().split("\n")) {
      const { level, message, time } = JSON.parse(line);
      assertEquals(level, "error");
      assert(message.length > 10 && !Number.isNaN(Date.parse(time)));
    }
  }
});

Deno.test("--help answers everywhere, with leave for nothing, and lab without a command shows what there is", async () => {
  const { code, stdout } = await project.lab(["--help"]);
  assertEquals(code, 0);
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name);
  assert(names.length > 10, stdout);
  for (const ran of await project.each(names.map((name) => [name, "--help"]))) {
    assertEquals(ran.code, 0);
    assertStringIncludes(ran.stdout, "Usage: lab ");
  }
  const [{ stdout: tune }] = await project.each([["tune", "--help"]]);
  for (const known of ["50 unless given", "tpe unless given", "asha unless given", "3 unless given"]) {
    assertStringIncludes(tune.replaceAll(/\s+/g, " "), known);
  }
  const bare = await project.lab([]);
  assertEquals([bare.code, bare.stdout], [2, ""]);
  assertStringIncludes(bare.stderr, "Usage: lab <command>");
});
