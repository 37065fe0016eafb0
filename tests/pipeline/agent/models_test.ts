import { assertEquals, assertStringIncludes } from "@std/assert";
import type { PolicyNotes } from "../../../lib/agent/policy_file.ts";
import { seenWarnings } from "../../../lib/pipeline/agent/models.ts";

const day = 86_400_000;
const notes = { symbol: "BTC/USD + ETH/USD", scaler: { fitted: { from: 0, to: 10 * day, bars: 11 } } } as PolicyNotes;

Deno.test("bars that a model learnt from speak against its result, and later ones do not", () => {
  const [said, ...more] = seenWarnings(notes, ["BTC/USD", "ETH/USD"], 10 * day);
  assertStringIncludes(said, "learnt from bars up to 1970-01-11");
  assertEquals(more, []);
  assertEquals(seenWarnings(notes, ["BTC/USD", "ETH/USD"], 11 * day), []);
});

Deno.test("another market than it was trained on is said; its bars were not seen", () => {
  assertEquals(seenWarnings(notes, ["SOL/USD"], 0), ["It was trained on BTC/USD + ETH/USD, and trades SOL/USD here."]);
});
