import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { backtest } from "../../lib/backtest/mod.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { sessionRecords } from "../../lib/live/session.ts";
import { costsOf } from "../../lib/pipeline/market.ts";
import { trackedPaper, verifySession } from "../../lib/pipeline/paper.ts";
import { replaySource } from "../../lib/pipeline/paper/source.ts";
import { parseRules } from "../../lib/risk/mod.ts";
import { makeStrategy } from "../../lib/strategies/mod.ts";
import { madeUp, rules, settings } from "./made_up.ts";

/** Runs a trader until it has said that many lines, then kills it without warning; it does not get over bar `last`. */
async function runAndKill(folder: string, lines: number, last: number, resume: boolean): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      join(import.meta.dirname!, "trader_process.ts"),
      folder,
      `${last}`,
      ...(resume ? ["resume"] : []),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let seen = 0; seen < lines;) {
    const { value, done } = await output.read();
    assert(!done, "it ended");
    seen += value.split("\n").length - 1;
  }
  child.kill("SIGKILL");
  const { signal } = await child.status;
  await output.cancel();
  assertEquals(signal, "SIGKILL");
}

Deno.test("a trader killed with -9, time and again, goes on with nothing lost or doubled, as the backtest", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await runAndKill(folder, 150, 400, false);
    await runAndKill(folder, 1, 600, true);
    await runAndKill(folder, 180, 880, true);
    const { config, ...rest } = loadConfig(settings);
    const candles = madeUp();
    const { end, retraced } = await trackedPaper({ config, ...rest }, replaySource([candles], "made up"), {
      ...{ folder, name: "s", resume: true },
    });
    assert(retraced!.bars >= 300, `${retraced!.bars} bars were kept`);
    const market = { assets: [candles], length: candles.length, costs: costsOf(config) };
    const risk = parseRules(rules).map(({ rule }) => rule);
    const expected = backtest(market, makeStrategy("momentum", { fast: 5, slow: 20 }), { cash: 1e4, from: 60, risk });
    assertEquals({ ...end.result!, turnover: 0 }, { ...expected, turnover: 0 });
    const bars = Array.from(sessionRecords(join(folder, "s")), ({ record }) => record).filter(({ kind }) =>
      kind === "bar"
    );
    assertEquals(bars.map((record) => "t" in record ? record.t : -1), Array.from(candles.time.keys()));
    assertEquals((await verifySession(join(folder, "s"))).bars, 900);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
