import { assert, assertEquals, assertMatch } from "@std/assert";
import { commands } from "../../lib/cli/mod.ts";
import { checkOrder } from "../../lib/panel/check.ts";
import { settingsOf, stageForms } from "../../lib/panel/form.ts";
import { commandLine, completed, stages } from "../../lib/panel/stages.ts";

const order = (stage: string, set: Record<string, string> = {}, options: Record<string, string> = {}) => ({
  stage,
  preset: "quick",
  set,
  options,
});
const faults = async (...args: Parameters<typeof order>) =>
  Object.fromEntries((await checkOrder(order(...args))).errors.map(({ field, message }) => [field, message]));

Deno.test("each value that does not fit is told beside its own field", async () => {
  const found = await faults("train", {
    "ppo.gamma": "2",
    "ppo.n_steps": "1.5",
    "ppo.gama": "1",
    "agent.trunk": "mlpp",
    "run.seed": "7",
    "data.input": "a\nb",
    ["__proto__"]: "1",
  }, { resume: "maybe", nonsense: "1" });
  assertEquals(Object.keys(found).sort(), [
    ...["options.nonsense", "options.resume", "set.__proto__", "set.agent.trunk", "set.data.input", "set.ppo.gama"],
    ...["set.ppo.gamma", "set.ppo.n_steps"],
  ]);
  assertEquals(found["set.ppo.gamma"], "must be a number from 0 to 1");
  assertMatch(found["set.ppo.gama"], /nearest is "ppo.gamma"/);
});

Deno.test("a strategy's own settings are checked as the strategy does", async () => {
  assertEquals(Object.keys(await faults("backtest", { "strategy.fast": "0" })), ["set.strategy.fast"]);
  assertEquals(Object.keys(await faults("backtest", { "strategy.name": "nonsense" })), ["set.strategy.name"]);
  assertEquals(await faults("backtest", { "strategy.name": "mean_reversion", "strategy.short": "true" }), {});
});

Deno.test("what is needed and not there is told; what begins like an option is refused", async () => {
  assertEquals(await faults("fetch"), {
    "options.exchange": "must be given",
    "options.symbol": "must be given",
    "options.since": "must be given",
  });
  assertMatch((await faults("evaluate", {}, { model: "--output=x" }))["options.model"], /must not begin with -/);
  assertMatch((await faults("paper", {}, { name: "../up" }))["options.name"], /letters/);
  assertMatch((await faults("nonsense")).stage, /no such stage/);
});

Deno.test("a command line is words, never a shell's text", async () => {
  const nasty = "$(rm -rf /); `x` | y > z & '\"";
  assertEquals(await commandLine(order("backtest", { "data.input": nasty })), [
    ...["backtest", "--preset=quick", "--set", `data.input=${nasty}`],
  ]);
  assertEquals(await commandLine(order("report", {}, { notebook: "03_backtest" })), [
    ...["report", "03_backtest", "--preset=quick"],
  ]);
  assertEquals(await commandLine(order("tune", {}, { space: "a=float(0, 1); b=int(1, 2);" })), [
    ...["tune", "--space=a=float(0, 1)", "--space=b=int(1, 2)", "--preset=quick"],
  ]);
  assertMatch(completed(order("paper")).options.name, /^panel-\d{14}-[0-9a-f]{4}$/);
});

Deno.test("every option of a stage is one that its command takes", async () => {
  const context = { signal: new AbortController().signal, exit() {} };
  for (const stage of stages.filter(({ name }) => Object.hasOwn(commands, name))) {
    const command = await commands[stage.name].load(context);
    const known = command.options.map(({ long }) => long);
    for (const [name, { positional }] of Object.entries(await stage.options())) {
      if (positional) assert(command.registeredArguments.length > 0, `${stage.name} takes no argument`);
      else assert(known.includes(`--${name}`), `${stage.name} has no --${name}: ${known.join(" ")}`);
    }
    if (stage.settings) assert(known.includes("--set") && known.includes("--preset"), stage.name);
  }
});

Deno.test("a form has every field of its sections, with what is needed to fill it in", async () => {
  const forms = await stageForms();
  const { sections } = forms.find(({ name }) => name === "train")!;
  const fields = sections.flatMap(({ fields }) => fields);
  const settings = settingsOf("quick");
  for (const { name, kind, default: standard } of fields) {
    assert(name in settings && settings[name] !== "null", name);
    assertEquals([name, typeof kind.type, typeof standard], [name, "string", "string"]);
  }
  const { kind } = fields.find(({ name }) => name === "ppo.gamma")!;
  assertEquals(kind, { type: "number", min: 0, max: 1, whole: false });
  assertEquals(await faults("train", Object.fromEntries(fields.map(({ name }) => [name, settings[name]]))), {});
});

Deno.test("texts are read as the stages read them, and a trader must know what it trades", async () => {
  assertEquals(
    await faults("backtest", {
      "data.timeframe": "9x",
      "data.timerange": "2018-2017",
      "risk.rules": "trailing_stpo(1)",
    }).then(
      Object.keys,
    ),
    ["set.data.timeframe", "set.data.timerange", "set.risk.rules"],
  );
  assertMatch(
    (await faults("backtest", { "data.timeframe": "9x" }))["set.data.timeframe"],
    /^must be a whole number of s/,
  );
  assertEquals(
    Object.keys(await faults("train", { "features.spec": "rsi(14", "scenarios.list": "flash_crsh" })),
    ["set.features.spec", "set.scenarios.list"],
  );
  assertEquals(
    await faults("train", {
      "features.spec": "rsi(14), funding_rate/zscore(50)",
      "scenarios.list": "flash_crash, gap",
    }),
    {},
  );
  assertEquals(
    (await faults("train", { "features.spec": "rsy(14)" }))["set.features.spec"].split("\n").length,
    1, // a form has no columns for a terminal's caret
  );
  const watched = { "paper.alerts": "drawdwn(0.1)", "paper.kill_on": "drawdown, stale" };
  assertEquals(Object.keys(await faults("paper", watched, { replay: "BTC/USD" })), [
    ...["set.paper.alerts", "set.paper.kill_on"],
  ]);
  assertEquals(Object.keys(await faults("paper")), ["options.exchange", "options.symbol"]);
  assertEquals(await faults("paper", {}, { replay: "BTC/USD", speed: "1000x", bars: "10" }), {});
  assertEquals(Object.keys(await faults("paper", {}, { replay: "BTC/USD", speed: "fast", bars: "1.5" })), [
    ...["options.speed", "options.bars"],
  ]);
  assertEquals(Object.keys(await faults("paper", {}, { resume: "true" })), ["options.name"]);
});
