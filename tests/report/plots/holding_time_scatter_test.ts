import { assertStringIncludes } from "@std/assert";
import { holdingTimeScatter } from "../../../lib/report/plots/mod.ts";

const day = 864e5;
const trade = (profit: number) => ({
  ...{ side: 1 as const, profit, entryTime: 0, exitTime: 2 * day, entryPrice: 10, exitPrice: 11 },
});

Deno.test("of trades that all lost the caption is a sentence too", async () => {
  const { caption } = await holdingTimeScatter({ trades: [trade(-3), trade(-1)], currency: "USD" });
  assertStringIncludes(
    caption.replaceAll("\u00a0", " "),
    "All 2 closed trades lost: held 2 d at the median, −2.00 USD on average. ",
  );
});
