import { assertAlmostEquals, assertEquals } from "@std/assert";
import { kaplanMeier, timeTo, wilson } from "../../lib/scenarios/survival.ts";

Deno.test("Kaplan and Meier's curve of the 6-MP group is the published one (Freireich et al. 1963)", () => {
  // Weeks to relapse of 21 children with leukaemia; those still well when last seen are negative.
  const weeks = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
  const curve = kaplanMeier(weeks.map(Math.abs), weeks.map((week) => Number(week > 0)));
  assertEquals(Array.from(curve.time), [6, 7, 10, 13, 16, 22, 23]);
  const published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448];
  for (const [i, share] of published.entries()) assertAlmostEquals(curve.share[i], share, 5e-4);
  assertEquals(Array.from(curve.atRisk), [21, 17, 15, 12, 11, 7, 6]);
  assertEquals([curve.n, curve.events, curve.censored], [21, 9, 12]);
  assertEquals(timeTo(curve), 23);
  // R's survfit(conf.type = "log-log") at 6 and 23 weeks.
  assertAlmostEquals(curve.low[0], 0.620, 1e-3);
  assertAlmostEquals(curve.high[0], 0.952, 1e-3);
  assertAlmostEquals(curve.low[6], 0.188, 1e-3);
  assertAlmostEquals(curve.high[6], 0.680, 1e-3);
});

Deno.test("a curve of nothing, of no event and of nothing but events", () => {
  assertEquals(kaplanMeier([], []).n, 0);
  const none = kaplanMeier([5, 5], [0, 0]);
  assertEquals([none.time.length, none.censored, timeTo(none)], [0, 2, NaN]);
  const all = kaplanMeier([2, 1], [1, 1]);
  assertEquals([Array.from(all.share), timeTo(all), timeTo(all, 0)], [[0.5, 0], 1, 2]);
});

Deno.test("Wilson's interval is within 0..1 and says that none of ten is not never", () => {
  const { low, high } = wilson(5, 10);
  assertAlmostEquals(low, 0.2366, 1e-4);
  assertAlmostEquals(high, 0.7634, 1e-4);
  assertEquals(wilson(0, 10).low, 0);
  assertAlmostEquals(wilson(0, 10).high, 0.2775, 1e-4);
  assertEquals(wilson(10, 10).high, 1);
  assertEquals(wilson(0, 0).share, NaN);
});
