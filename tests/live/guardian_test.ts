import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { StageEvent } from "../../lib/base/events.ts";
import { rng } from "../../lib/base/random.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { killed } from "../../lib/live/session.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { trackedPaper, verifySession } from "../../lib/pipeline/paper.ts";
import { replaySource } from "../../lib/pipeline/paper/source.ts";

/** A market that is calm for 300 bars, and then loses a half percent a bar. */
function falling() {
  const candles = synthetic(600, rng(1), { volatility: 0.003, symbol: "A/USD" });
  for (const column of [candles.$open, candles.$high, candles.$low, candles.$close]) {
    for (let t = 300; t < 600; t++) column[t] *= Math.exp(-0.005 * (t - 300));
  }
  return candles;
}

const settings = (...set: string[]) =>
  loadConfig({
    values: { paper: { history: 200 }, strategy: { name: "buy_and_hold" } },
    set: ["run.track=false", ...set],
  });

Deno.test("people are told once of each condition, and an alert that may press the kill switch does", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const events: StageEvent[] = [];
    const loaded = settings("paper.alerts=drawdown(0.25), off_band, var_breach", "paper.kill_on=drawdown");
    const { end } = await trackedPaper(loaded, replaySource([falling()], "replay"), { folder, name: "g" }, {
      onEvent: (event) => void events.push(event),
    });
    const told = events.flatMap((event) => event.kind === "alert" ? [event] : []);
    for (const name of ["drawdown", "off_band"]) {
      assertEquals(told.filter((one) => one.name === name).map(({ on }) => on), [true]);
    }
    assert(told.findIndex(({ name }) => name === "off_band") < told.findIndex(({ name }) => name === "drawdown"));
    assertEquals(end.why, "the kill switch");
    assert(end.result!.weights.at(-1) === 0 && end.result!.equity.at(-1)! > 0.74 * 1e4, "sold near the limit");
    assert(killed(join(folder, "g"))!.reason.startsWith("the alert drawdown: Equity is 25."));
    assertEquals(JSON.parse(await Deno.readTextFile(join(folder, "g", "alerts.json"))).includes("drawdown"), true);
    assertEquals((await verifySession(join(folder, "g"))).halted, true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an alert presses the kill switch of a session that is not kept, too", async () => {
  const loaded = settings("paper.alerts=drawdown(0.1)", "paper.kill_on=drawdown");
  const { end } = await trackedPaper(loaded, replaySource([falling()], "replay"));
  assertEquals(end.why, "the kill switch");
});

Deno.test("an alert that is not watched for cannot press the kill switch, and one that is not known is named", async () => {
  const source = replaySource([falling()], "replay");
  await assertRejects(() => trackedPaper(settings("paper.kill_on=drawdwn"), source), RangeError, "drawdown");
  await assertRejects(() => trackedPaper(settings("paper.alerts=stale"), source), SyntaxError, "stale_feed");
});
