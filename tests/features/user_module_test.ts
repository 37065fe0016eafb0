import { join } from "node:path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { checkLeaksAsync } from "../../lib/features/leaks.ts";
import { importFeatures } from "../../lib/features/user_module.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const candles = synthetic(60, rng(1));

async function withModule(text: string, work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "my_features.ts"), text);
    await work(join(folder, "my_features.ts"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a default export, one named features, or one that is named gives columns", () =>
  withModule(
    `export default (c: { $close: Float64Array }) => ({ twice: c.$close.map((x) => 2 * x), list: [...c.$close] });
     export async function slow(c: { length: number }) { await null; return { one: new Float32Array(c.length).fill(1) }; }
     export const table = (c: { length: number }) => ({ names: ["a", "b"], values: new Float64Array(2 * c.length) });`,
    async (path) => {
      const columns = await (await importFeatures(path))(candles);
      assertEquals([columns.names, columns.values.length, columns.values[0]], [
        ["twice", "list"],
        120,
        2 * candles.$close[0],
      ]);
      assertEquals((await (await importFeatures(path, "slow"))(candles)).values[7], 1);
      assertEquals((await (await importFeatures(path, "table"))(candles)).names, ["a", "b"]);
    },
  ));

Deno.test("a user's leak is found", () =>
  withModule(
    `export const features = (c: { $close: Float64Array }) => ({ fair: c.$close, peek: c.$close.map((_, t) => c.$close[t + 1]) });`,
    async (path) => {
      const found = await checkLeaksAsync(candles, await importFeatures(path));
      assertEquals(found.leaks.map(({ feature, ahead }) => [feature, ahead]), [["peek", 1]]);
    },
  ));

Deno.test("a missing file, no function, another name and odd results are told", () =>
  withModule(
    `export const features = 3; export const mine = () => 5; export const odd = () => ({ x: 3 }); export const none = () => ({});
     export const uneven = () => ({ a: [1, 2], b: [1] });`,
    async (path) => {
      await assertRejects(() => importFeatures(join(path, "..", "gone.ts")), Deno.errors.NotFound, "no such file");
      await assertRejects(() => importFeatures(path), TypeError, "it exports mine, none, odd, uneven");
      await assertRejects(() => importFeatures(path, "min"), TypeError, 'nearest is "mine"');
      const run = async (name: string) => (await importFeatures(path, name))(candles);
      await assertRejects(() => run("mine"), TypeError, "it returned 5");
      await assertRejects(() => run("odd"), TypeError, '"x" is not a column');
      await assertRejects(() => run("none"), TypeError, "it returned none");
      await assertRejects(() => run("uneven"), RangeError, '"b"');
    },
  ));

Deno.test("what a user's function throws is told with its line, as the user's own", () =>
  withModule(
    `export default (c: any) => ({
       up: c.columns.$close,
     });`,
    async (path) => {
      const error = await assertRejects(async () => (await importFeatures(path))(candles), Error);
      assert(
        /^Cannot compute the features of .*my_features\.ts as its function threw at line 2: TypeError: /.test(
          error.message,
        ),
        error.message,
      );
    },
  ));

Deno.test("a module that does not compile fails with its own error", () =>
  withModule(`export default (c => {`, async (path) => {
    const error = await assertRejects(() => importFeatures(path));
    assert(error.message.includes("my_features.ts"), error.message);
  }));
