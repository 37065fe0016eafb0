import { assert, assertEquals } from "@std/assert";
import type { StageEvent } from "../../lib/base/events.ts";
import { apply, most, newState } from "../../lib/panel/web/state.js";

const told = (events: readonly StageEvent[]) => {
  const state = newState();
  for (const event of events) apply(state, event);
  return state;
};

Deno.test("a curve of any length stays small, begins with its first point, ends with its last, and rises", () => {
  for (const count of [1, 2, most.curve, most.curve + 1, 10_007, 100_000]) {
    const { curves } = told(Array.from({ length: count }, (_, i) => ({
      kind: "metrics" as const,
      step: i,
      values: { loss: 2 * i },
    })));
    const { x, y } = curves.loss;
    assert(x.length <= most.curve && (count < most.curve || x.length > most.curve / 2 - 2), `${count}: ${x.length}`);
    assertEquals([x[0], x.at(-1), y.at(-1)], [0, count - 1, 2 * (count - 1)]);
    assert(x.every((step: number, i: number) => i === 0 || step > x[i - 1]), "rises");
  }
});

Deno.test("seeds have curves of their own, numbers without a step are results", () => {
  const { curves, results } = told([
    { kind: "metrics", step: 1, values: { kl: 0.1, seed: 7 } },
    { kind: "metrics", step: 1, values: { kl: 0.2, seed: 8 } },
    { kind: "metrics", step: null, values: { sharpe: 1 } },
  ]);
  assertEquals([Object.keys(curves), results], [["kl#7", "kl#8"], { sharpe: 1 }]);
});

Deno.test("every one of twenty seeds has all its curves", () => {
  const state = newState();
  const values = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`train/m${i}`, i]));
  for (let seed = 0; seed < 20; seed++) apply(state, { kind: "metrics", step: 1, values: { ...values, seed } });
  assertEquals(Object.keys(state.curves).length, 480);
});

Deno.test("what a trader tells is kept in the same order, the last of it", () => {
  const events: StageEvent[] = Array.from({ length: most.bars + 500 }, (_, i) => [
    { kind: "bar" as const, symbol: "A", bar: i, ohlcv: [i, i, i, i, 1] as [number, number, number, number, number] },
    { kind: "account" as const, bar: i, equity: i, cash: 7, drawdown: 0, weights: { A: i % 2 } },
    { kind: "fill" as const, bar: i, symbol: "A", units: 1, price: i, fee: 0 },
  ]).flat();
  const { bars, fills, filled, weights, equity } = told(events);
  const last = most.bars + 499;
  assertEquals([bars.A.time.length, bars.A.time.at(-1), bars.A.close.at(-1)], [most.bars, last, last]);
  assertEquals([fills.length, fills.at(-1)?.bar, filled], [most.fills, last, last + 1]);
  assertEquals([weights.rows.length, weights.time.at(-1), equity.x.at(-1)], [most.weights, last, last]);
});

Deno.test("a trial and an alert change in place; a page and a run are told once", () => {
  const trial = (state: string, value: number | null) => ({
    kind: "trial" as const,
    trial: 3,
    state,
    value,
    params: {},
  });
  const page = { kind: "page" as const, path: "reports/a.html" };
  const run = { kind: "run" as const, id: "1", name: "a", url: null };
  const state = told([
    trial("running", null),
    trial("finished", 2),
    { kind: "alert", name: "stale", on: true, text: "quiet" },
    { kind: "alert", name: "stale", on: false, text: "back" },
    ...[page, page, run, run],
  ]);
  assertEquals(state.trials, [{ trial: 3, state: "finished", value: 2, params: {} }]);
  assertEquals(state.alerts, { stale: { on: false, text: "back" } });
  assertEquals([state.pages.length, state.runs.length], [1, 1]);
});

Deno.test("what is of no known kind changes nothing", () => {
  assertEquals(told([{ kind: "tomorrow" } as unknown as StageEvent]), newState());
});
