import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { loadConfig } from "../../lib/config/load.ts";
import { loadMarket } from "../../lib/pipeline/market.ts";
import { specsOf } from "../../lib/pipeline/specs.ts";
import { withFolder } from "./tiny.ts";

Deno.test("a feature of a column that loading left out says why; of one that never was, what is near", async () => {
  await withFolder(async (folder) => {
    const input = join(folder, "own.csv");
    const rows = Array.from({ length: 300 }, (_, t) => `${1.6e12 + t * 3.6e6},9,11,8,10,5,${t % 9},,up`);
    await Deno.writeTextFile(input, ["time,open,high,low,close,volume,mine,hollow,mood", ...rows].join("\n"));
    const config = (spec: string) =>
      loadConfig({ environment: {}, set: [`data.input=${input}`, `features.spec=${spec}`] }).config;
    const source = await loadMarket(config("bars"));
    assertEquals(specsOf(config("rsi(7), mine/zscore(20)"), source), ["rsi(7)", "mine/zscore(20)"]);
    const messageOf = (spec: string) => assertThrows(() => specsOf(config(spec), source)).message;
    assertStringIncludes(messageOf("rsi, hollow"), 'column "hollow" is empty and was left out');
    assertStringIncludes(messageOf("hollow/zscore(20)"), 'column "hollow" is empty and was left out');
    assertStringIncludes(messageOf("mood"), 'column "mood" is not numeric and was left out');
    const other = messageOf("minr");
    assertStringIncludes(other, 'nearest is "mine"');
    assertEquals(other.includes("left out"), false);
  });
});
