import { assertEquals } from "@std/assert";
import { rng } from "../../../lib/base/random.ts";
import { computeIndicators, indicators } from "../../../lib/features/indicators/mod.ts";
import { openTasks } from "../../../lib/features/indicators/compute.ts";
import { sumLength } from "../../../lib/features/indicators/step.ts";
import { columns, mapColumns } from "../../../lib/market/candles.ts";
import { synthetic } from "../../../lib/market/synthetic.ts";

/** Which outputs differ from all bars at once, and from which bar on, when kernels go on in such steps. */
function apart(bars: number, names: readonly string[], steps: () => number): string[] {
  const candles = synthetic(bars, rng(5));
  const coming = mapColumns(candles, (column) => column.slice().fill(0) as typeof column);
  const tasks = names.map((name) => ({
    indicator: indicators[name],
    params: indicators[name].params,
    columns: indicators[name].inputs.map((column) => coming[column as "$close"]),
    start: 0,
    outputs: indicators[name].outputs.map(() => new Float64Array(bars)),
  }));
  const step = openTasks(tasks);
  for (let t = 0; t < bars;) {
    const to = Math.min(bars, t + steps());
    for (const name of columns) coming[name].set(candles[name].subarray(t, to), t);
    step(t, to);
    t = to;
  }
  const whole = computeIndicators(candles, names.map((name) => ({ name })));
  return tasks.flatMap(({ indicator, params, outputs }, i) =>
    outputs.flatMap((output, o) => {
      const first = output.findIndex((value, t) => t >= indicator.warmup(params) && !Object.is(value, whole[i][o][t]));
      return first < 0 ? [] : [`${names[i]} ${indicator.outputs[o]} from bar ${first}`];
    })
  );
}

const every = Object.keys(indicators);

Deno.test("an indicator that goes on bar by bar gives the bits of all bars at once, over the renewal of rolling sums", () => {
  assertEquals(apart(sumLength + 3000, every, () => 1), []);
});

Deno.test("it does in steps of any size", () => {
  const random = rng(7);
  assertEquals(apart(6000, every, () => 1 + Math.floor(3000 * random() ** 4)), []);
});
