import { assertEquals, assertThrows } from "@std/assert";
import { type Graph, readMetadata, writeModel } from "../../lib/agent/onnx_graph.ts";
import { openOnnx } from "../../lib/agent/onnx_session.ts";

/** Doubles x as often as `times` says: a graph within a graph, constants, whole numbers and real ones. */
const doubling: Graph = {
  nodes: [{
    op: "Loop",
    inputs: ["times", "", "x"],
    outputs: ["y"],
    attributes: {
      body: {
        graph: {
          nodes: [
            { op: "Identity", inputs: ["going"], outputs: ["go_on"] },
            { op: "Mul", inputs: ["value", "two"], outputs: ["product"] },
            { op: "LeakyRelu", inputs: ["product"], outputs: ["next"], attributes: { alpha: { float: 1 } } },
          ],
          constants: [{ name: "two", type: "float32", shape: [1], bytes: new Uint8Array(Float32Array.of(2).buffer) }],
          inputs: [
            { name: "i", type: "int64", shape: [] },
            { name: "going", type: "bool", shape: [] },
            { name: "value", type: "float32", shape: ["n"] },
          ],
          outputs: [{ name: "go_on", type: "bool", shape: [] }, { name: "next", type: "float32", shape: ["n"] }],
        },
      },
    },
  }],
  constants: [],
  inputs: [{ name: "times", type: "int64", shape: [] }, { name: "x", type: "float32", shape: ["n"] }],
  outputs: [{ name: "y", type: "float32", shape: ["n"] }],
};

Deno.test("a graph that is written runs", async () => {
  const onnx = await openOnnx("cpu", 1);
  const session = await onnx.open(doubling);
  const { y } = await session.run({
    times: onnx.tensor(BigInt64Array.of(5n), []),
    x: onnx.tensor(Float32Array.of(1, -2), [2]),
  });
  assertEquals(y.data, Float32Array.of(32, -64));
  await session.release();
});

Deno.test("what is written beside a graph is found again", () => {
  const notes = { empty: "", scaler: '{"mean":[0.5]}', Größe: "日本\n", long: "x".repeat(300_000) };
  assertEquals(readMetadata(writeModel(doubling, notes)), notes);
  assertEquals(readMetadata(writeModel(doubling)), {});
});

Deno.test("bytes that are no model are refused", () => {
  const model = writeModel(doubling, { a: "b" });
  assertThrows(() => readMetadata(model.subarray(0, model.length - 2)), SyntaxError, "cut short");
  assertThrows(() => readMetadata(new TextEncoder().encode("PK not a model at all")), SyntaxError);
});

Deno.test("an unknown backend, or a number of threads that is none, is refused", async () => {
  for (const [provider, threads] of [["gpu", 1], ["cpu", 0], ["cpu", 1.5]] as const) {
    let caught: unknown;
    await openOnnx(provider, threads).catch((error) => caught = error);
    assertEquals(caught instanceof RangeError, true);
  }
});
