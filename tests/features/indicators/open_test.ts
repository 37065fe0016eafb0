import { assertEquals } from "@std/assert";
import { rng } from "../../../lib/base/random.ts";
import { computeIndicators, indicators } from "../../../lib/features/indicators/mod.ts";
import { openTasks } from "../../../lib/features/indicators/compute.ts";
import { sumLength } from "../../../lib/features/indicators/step.ts";
import { columns, mapColumns } from "../../../lib/market/candles.ts";
import { synthetic } from "../../../lib/market/synthetic.ts";

/**
 * Which outputs differ from all bars at once, and from which bar on, when kernels go on in such steps, in columns with
 * room for so many bars that are moved back when they are full.
 */
function apart(bars: number, names: readonly string[], steps: () => number, room = bars): string[] {
  const candles = synthetic(bars, rng(5));
  const coming = mapColumns(candles, (column) => column.slice(0, room).fill(0) as typeof column);
  const tasks = names.map((name) => ({
    indicator: indicators[name],
    params: indicators[name].params,
    columns: indicators[name].inputs.map((column) => coming[column as "$close"]),
    start: 0,
    outputs: indicators[name].outputs.map(() => new Float64Array(room)),
  }));
  const { step, work } = openTasks(tasks);
  const whole = computeIndicators(candles, names.map((name) => ({ name })));
  const found = new Map<string, number>();
  let origin = 0;
  for (let t = 0; t < bars;) {
    if (t - origin === room) {
      const away = room / 2;
      for (
        const column of [
          ...columns.map((name) => coming[name]),
          ...work,
          ...tasks.flatMap(({ outputs }) => outputs),
        ]
      ) {
        column.copyWithin(0, away);
      }
      origin += away;
    }
    const to = Math.min(bars, origin + room, t + steps());
    for (const name of columns) coming[name].set(candles[name].subarray(t, to), t - origin);
    step(t - origin, to - origin);
    for (const [i, { indicator, params, outputs }] of tasks.entries()) {
      for (const [o, output] of outputs.entries()) {
        for (let bar = Math.max(t, indicator.warmup(params)); bar < to; bar++) {
          const name = `${names[i]} ${indicator.outputs[o]}`;
          if (!Object.is(output[bar - origin], whole[i][o][bar]) && !found.has(name)) found.set(name, bar);
        }
      }
    }
    t = to;
  }
  return [...found].map(([name, bar]) => `${name} from bar ${bar}`);
}

const every = Object.keys(indicators);

Deno.test("an indicator that goes on bar by bar gives the bits of all bars at once, over the renewal of rolling sums", () => {
  assertEquals(apart(sumLength + 3000, every, () => 1), []);
});

Deno.test("it does in steps of any size", () => {
  const random = rng(7);
  assertEquals(apart(6000, every, () => 1 + Math.floor(3000 * random() ** 4)), []);
});

Deno.test("it does for ever in columns of a few thousand bars", () => {
  const random = rng(9);
  assertEquals(apart(sumLength + 3000, every, () => 1 + Math.floor(200 * random()), 8192), []);
});
