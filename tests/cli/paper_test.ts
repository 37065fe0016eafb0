import { assertRejects } from "@std/assert";
import { commands } from "../../lib/cli/mod.ts";

const paper = async (...words: string[]) => {
  const command = await commands.paper.load({ signal: new AbortController().signal, exit() {} });
  await command.exitOverride().parseAsync(words, { from: "user" });
};

Deno.test("what a trader lacks is told before anybody is asked for bars", async () => {
  await assertRejects(() => paper(), RangeError, "--exchange binance --symbol BTC/USDT, or --replay FILE");
  await assertRejects(() => paper("--exchange", "binance"), RangeError, "such as --symbol BTC/USDT");
  await assertRejects(
    () => paper("--exchange", "binance", "--symbol", "BTCUSDT"),
    RangeError,
    "current value is BTCUSDT",
  );
  await assertRejects(() => paper("--replay", "BTC/USD", "--clear-kill"), RangeError, "--resume --clear-kill");
  await assertRejects(() => paper("--resume"), RangeError, "with which session");
  await assertRejects(() => paper("--kill", "../up"), RangeError, "must begin with a letter or digit");
});
