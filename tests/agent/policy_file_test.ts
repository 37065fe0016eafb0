import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { preferences } from "../../lib/agent/distributions.ts";
import { trunks } from "../../lib/agent/trunks.ts";
import { openOnnx } from "../../lib/agent/onnx_session.ts";
import { openPolicy, type PolicyNotes, writePolicy } from "../../lib/agent/policy_file.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { boxActions, discreteActions } from "../../lib/env/actions.ts";
import { newMatrix } from "../../lib/features/matrix.ts";
import { fitScaler, scale } from "../../lib/features/scale.ts";
import { box, discrete, openSmall, samples, small, tiny } from "./engines.ts";

const random = rng(8);
const T = 60;
const time = Float64Array.from({ length: T }, (_, t) => t * 3_600_000);
const columns = [40_000, 0.01, -3].map((level) =>
  Float64Array.from({ length: T }, () => level * (1 + 0.01 * normal(random)))
);
const names = ["$close", "rsi(14)", "my_column"];
const matrix = newMatrix(names, time, columns);
const scaler = fitScaler(matrix, 0, 40, { clip: 2 });

function notesOf(kind: "discrete" | "box"): PolicyNotes {
  return {
    features: names,
    scaler,
    window: small.window,
    stateSize: small.stateSize,
    actions: kind === "discrete" ? discreteActions(1) : boxActions(2),
    symbol: "BTC/USDT",
    step: 3_600_000,
    commit: "0123abc",
    about: { seed: "7" },
  };
}

for (const trunk of Object.keys(trunks) as (keyof typeof trunks)[]) {
  for (const actions of [discrete, box]) {
    Deno.test(`a ${trunk} with ${actions.kind} actions says out of its file what the net says`, async () => {
      await using net = await openSmall(actions, { trunk });
      const { table, batches } = samples(actions, 30, tiny.batch_size);
      await net.learn(table, batches, 1e-2);
      const notes = notesOf(actions.kind);
      const file = await writePolicy(net, notes);
      await using saved = await openPolicy(file);
      assertEquals(saved.notes, notes);

      const bars = Int32Array.of(4, 59, 30);
      const state = Float32Array.of(1, 0.5, 0, -1, 2, 0);
      const expected = await net.policy(scale(matrix, scaler).values).look(bars, state);
      const found = await saved.policy(matrix).look(bars, state, 10);
      found.policy.forEach((value, i) => assertAlmostEquals(value, expected.policy[i], 1e-5));
      found.value.forEach((value, i) => assertAlmostEquals(value, expected.value[i], 1e-5));

      const onnx = await openOnnx("cpu", 1); // as another program would run it
      const session = await onnx.openBytes(file);
      const windows = Float32Array.from(
        [...bars].flatMap((bar) => [...matrix.values.subarray((bar - 4) * 3, (bar + 1) * 3)]),
      );
      const results = await session.run({
        window: onnx.tensor(windows, [3, 5, 3]),
        state: onnx.tensor(state, [3, 2]),
      });
      const said = results[actions.kind === "discrete" ? "probabilities" : "action"].data as Float32Array;
      const wanted = preferences(actions, expected.policy);
      assertEquals(said.length, wanted.length);
      said.forEach((value, i) => assertAlmostEquals(value, wanted[i], 1e-5));
      await session.release();
    });
  }
}

Deno.test("a policy is refused features that it was not trained on", async () => {
  await using net = await openSmall(discrete, {});
  await using saved = await openPolicy(await writePolicy(net, notesOf("discrete")));
  const renamed = (list: string[]) => newMatrix(list, time, columns.slice(0, list.length));
  const cases: [string[], string][] = [
    [["$close", "rsi(7)", "my_column"], '"rsi(14)" missing; "rsi(7)" too many'],
    [["$close", "rsi(14)"], '"my_column" missing'],
    [["rsi(14)", "$close", "my_column"], "the order is another"],
  ];
  for (const [list, message] of cases) {
    assertThrows(() => saved.policy(renamed(list)), RangeError, message);
  }
});

Deno.test("a file that is no policy of ours is refused", async () => {
  await assertRejects(() => openPolicy(new TextEncoder().encode("nothing of the kind")), SyntaxError);
  await assertRejects(() => openPolicy(new Uint8Array(0)), SyntaxError, "not written by this project");
});

Deno.test("notes that do not fit the net are refused", async () => {
  await using net = await openSmall(discrete, {});
  const notes = { ...notesOf("discrete"), window: 6 };
  await assertRejects(() => writePolicy(net, notes), RangeError, "a window of 5 and 3 features: they are of 6 and 3");
});

Deno.test("a policy's file is small and the same every time", async () => {
  await using net = await openSmall(discrete, {});
  const files = [await writePolicy(net, notesOf("discrete")), await writePolicy(net, notesOf("discrete"))];
  assertEquals(files[0], files[1]);
  assert(files[0].length < 20_000, `${files[0].length}`);
});
