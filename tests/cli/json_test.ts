import { assert, assertEquals } from "@std/assert";
import { temporaryProject } from "../integration/project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

const common = ["--input", "bitstamp_BTC-USD_1d", "--no-track", "--json"];
const lines: Readonly<Record<string, readonly string[]>> = {
  backtest: common,
  risk: [...common, "--rules", "stop_loss(0.1), stop_loss(atr=3)", "--set", "risk.window=200"],
  scenarios: [
    ...common,
    "--scenario",
    "gap",
    "--seeds",
    "3",
    "--rules",
    "stop_loss(0.1)",
    "--set",
    "scenarios.workers=0",
  ],
};

Deno.test("--json has the keys that --help names, in their order: no more, and no fewer", async () => {
  const names = Object.keys(lines);
  const helped = await project.each(names.map((name) => [name, "--help"]));
  const ran = await project.each(names.map((name) => [name, ...lines[name]]));
  for (const [i, name] of names.entries()) {
    assertEquals(ran[i].code, 0, ran[i].stderr);
    const [, told] = helped[i].stdout.split("--json: ");
    const named = told.replaceAll(/\([^)]*\)/g, "").split(/[.;]/)[0].split(",").map((key) => key.trim());
    const facts = JSON.parse(ran[i].stdout);
    assertEquals(named, Object.keys(facts), name);
    if (name !== "backtest") assert(facts.finding.endsWith(".") && facts.rules[0].text.startsWith("stop_loss("));
    if (name === "risk") assert(facts.drawdowns.length === 5 && facts.drawdowns[0].depth <= facts.drawdowns[4].depth);
  }
});

Deno.test("lab list tells what a setting of a rule or scenario means and takes, with the names that are near", async () => {
  const [rule, episodes, wrong, kind] = await project.each([
    ["list", "rules", "limit_var", "--json"],
    ["list", "scenarios", "historical_replay"],
    ["list", "scenarios", "gp"],
    ["list", "samples", "x"],
  ]);
  const [limit, , method] = JSON.parse(rule.stdout);
  assertEquals([limit.setting, limit.default, limit.takes], ["limit", 0.02, "0.000001 to 1"]);
  assert(method.takes.includes("historical | normal | cornish_fisher"));
  assert(episodes.stdout.includes("september_2017 | january_2018") && / 0\.2 +0 to 1/.test(episodes.stdout));
  assert(wrong.stderr.includes('nearest is "gap"') && kind.stderr.includes("strategies, scenarios, rules"));
});
