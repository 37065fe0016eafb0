import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { kernels } from "../../lib/agent/onnx_kernels.ts";
import { record, ROWS } from "../../lib/agent/onnx_record.ts";
import { openOnnx } from "../../lib/agent/onnx_session.ts";
import { normal, rng } from "../../lib/base/random.ts";

type T = tf.Tensor;
type Run = (x: T, y: T, v: T) => T;
const onnx = await openOnnx("cpu", 1);
tf.enableProdMode();
await tf.setBackend("cpu");

/** Each kernel by a function that uses it: x is [2, 3, 4], y the same and above 0.1, v is [4]. */
const functions: Record<keyof typeof kernels, Run> = {
  Abs: (x) => tf.abs(x),
  Cos: (x) => tf.cos(x),
  Elu: (x) => tf.elu(x),
  EluGrad: (x) => tf.elu(x),
  Erf: (x) => tf.erf(x),
  Exp: (x) => tf.exp(x),
  Floor: (x) => tf.floor(x),
  Log: (_, y) => tf.log(y),
  LogicalNot: (x, y) => tf.cast(tf.logicalNot(tf.greater(x, y)), "float32"),
  Neg: (x) => tf.neg(x),
  Reciprocal: (_, y) => tf.reciprocal(y),
  Relu: (x) => tf.relu(x),
  Sigmoid: (x) => tf.sigmoid(x),
  Sign: (x) => tf.sign(x),
  Sin: (x) => tf.sin(x),
  Softplus: (x) => tf.softplus(x),
  Sqrt: (_, y) => tf.sqrt(y),
  Tanh: (x) => tf.tanh(x),
  Maximum: (x, y) => tf.maximum(x, y),
  Minimum: (x, y) => tf.minimum(x, y),
  Pow: (_, y) => tf.pow(y, 1.5),
  Sub: (x, _, v) => tf.sub(v, x),
  Add: (x, _, v) => tf.add(x, v),
  Multiply: (x, _, v) => tf.mul(v, x),
  RealDiv: (x, y) => tf.div(x, y),
  AddN: (x, y) => tf.addN([x, y, x, tf.zerosLike(x)]),
  SquaredDifference: (x, y) => tf.squaredDifference(x, y),
  Square: (x) => tf.square(x),
  Rsqrt: (_, y) => tf.rsqrt(y),
  Equal: (x) => tf.cast(tf.equal(x, tf.abs(x)), "float32"),
  Greater: (x, y) => tf.cast(tf.greater(x, y), "float32"),
  GreaterEqual: (x, _, v) => tf.cast(tf.greaterEqual(x, v), "float32"),
  Less: (x, y) => tf.cast(tf.less(x, y), "float32"),
  LessEqual: (x, y) => tf.cast(tf.lessEqual(x, y), "float32"),
  LogicalAnd: (x, y) => tf.cast(tf.logicalAnd(tf.greater(x, 0), tf.less(y, 1)), "float32"),
  LogicalOr: (x, y) => tf.cast(tf.logicalOr(tf.greater(x, 0), tf.less(y, 1)), "float32"),
  Select: (x, y) => tf.where(tf.cast(tf.tensor1d([1, 0, 0, 1]), "bool"), x, y),
  Step: (x) => tf.step(x),
  Cast: (x) => tf.cast(tf.cast(x, "int32"), "float32"),
  ClipByValue: (x) => tf.clipByValue(x, -0.5, 0.25),
  ZerosLike: (x) => tf.add(tf.zerosLike(x), x),
  OnesLike: (x) => tf.mul(tf.onesLike(x), 3),
  Fill: (_, y) => tf.add(tf.fill([2, 3, 4], 2), y),
  Identity: (x) => tf.clone(x),
  Reshape: (x) => tf.reshape(x, [6, -1]),
  ExpandDims: (x) => tf.expandDims(x, -2),
  BroadcastTo: (_, __, v) => tf.broadcastTo(v, [2, 3, 4]),
  Tile: (x) => tf.tile(x, [1, 2, 3]),
  Transpose: (x) => tf.transpose(x, [2, 0, 1]),
  Concat: (x, y) => tf.concat([x, y], 1),
  Pack: (x, y) => tf.stack([x, y, x], -1),
  Unpack: (x) => tf.sub(tf.unstack(x, 1)[2], tf.unstack(x, -2)[0]),
  SplitV: (x) => tf.mul(...tf.split(x, 2, -1) as [T, T]),
  Slice: (x) => tf.slice(x, [0, 1, 1], [-1, 2, 2]),
  PadV2: (x) => tf.pad(x, [[0, 1], [2, 0], [1, 1]], 7),
  GatherV2: (x) => tf.gather(x, tf.tensor2d([2, 0, 1, 1], [2, 2], "int32"), 1),
  Sum: (x) => tf.add(tf.sum(x, [0, -1], true), tf.sum(x)),
  Mean: (x) => tf.mean(x, 1),
  Max: (x) => tf.max(x, -1),
  Min: (x) => tf.min(x, 0, true),
  LogSoftmax: (x) => tf.logSoftmax(x),
  Softmax: (x) => tf.softmax(x),
  BatchMatMul: (x, y) =>
    tf.add(
      tf.sum(tf.matMul(x, y, false, true)),
      tf.matMul(tf.reshape(x, [6, 4]) as tf.Tensor2D, tf.reshape(y, [6, 4]) as tf.Tensor2D, true, false),
    ),
};

/** They have no gradient, or one that is not recorded. */
const flat = [
  "LogicalNot",
  "Equal",
  "Greater",
  "GreaterEqual",
  "Less",
  "LessEqual",
  "LogicalAnd",
  "LogicalOr",
  "GatherV2",
];

for (const [kernel, run] of Object.entries(functions)) {
  Deno.test(`${kernel} and its gradient are in ONNX what they are in TensorFlow.js`, async () => {
    const random = rng(5);
    const values = (n: number) => Float32Array.from({ length: n }, () => normal(random));
    const inputs = { x: values(24), y: values(24).map((value) => 0.1 + Math.abs(value)), v: values(4) };
    const shapes = { x: [2, 3, 4], y: [2, 3, 4], v: [4] };
    const all = ({ x, y, v }: Record<string, T>): Record<string, T> => {
      if (flat.includes(kernel)) return { value: run(x, y, v) };
      const { value, grads } = tf.valueAndGrads((a: T, b: T, c: T) => {
        const result = run(a, b, c);
        return tf.add(tf.sum(tf.mul(result, result)), tf.mul(0, tf.addN([a, b, c].map((one) => tf.sum(one))))) as never;
      })([x, y, v]);
      return { value: run(x, y, v), loss: value as T, x_: grads[0], y_: grads[1], v_: grads[2] };
    };
    const given = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, { shape, type: "float32" as const }]),
    );
    const session = await onnx.open(record(tf, given, all));
    const feeds = Object.fromEntries(
      Object.entries(inputs).filter(([name]) => session.inputNames.includes(name))
        .map(([name, array]) => [name, onnx.tensor(array, shapes[name as "x"])]),
    );
    const found = await session.run(feeds);
    const eager = all(Object.fromEntries(
      Object.entries(inputs).map(([name, array]) => [name, tf.tensor(array, shapes[name as "x"])]),
    ));
    for (const [name, tensor] of Object.entries(eager)) {
      assertEquals([...found[name].dims], tensor.shape, name);
      const [a, b] = [found[name].data as Float32Array, tensor.dataSync()];
      a.forEach((value, i) => assertAlmostEquals(value, b[i], 2e-5 * Math.max(1, Math.abs(b[i])), `${name} ${i}`));
    }
    await session.release();
  });
}

Deno.test("the table of functions above has every kernel", () => {
  assertEquals(Object.keys(functions).toSorted(), Object.keys(kernels).toSorted());
});

Deno.test("a graph takes any number of rows where its inputs say so", async () => {
  const graph = record(
    tf,
    { x: { shape: [ROWS, 3], type: "float32" }, w: { shape: [3, 4], type: "float32" } },
    ({ x, w }) => ({
      y: tf.reshape(tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), 1)), [-1, 2, 2]),
    }),
  );
  assertEquals(graph.outputs[0].shape, ["rows", 2, 2]);
  const session = await onnx.open(graph);
  for (const rows of [1, 5]) {
    const feeds = {
      x: onnx.tensor(new Float32Array(rows * 3).fill(0.5), [rows, 3]),
      w: onnx.tensor(new Float32Array(12).fill(0.1), [3, 4]),
    };
    const { y } = await session.run(feeds);
    assertEquals([...y.dims], [rows, 2, 2]);
    for (const value of y.data as Float32Array) assertAlmostEquals(value, Math.tanh(1.15), 1e-6);
  }
  await session.release();
});

Deno.test("what no output depends on is left out, and a bias is added by the product", () => {
  const graph = record(tf, {
    x: { shape: [2, 3], type: "float32" },
    w: { shape: [3, 4], type: "float32" },
    b: { shape: [4], type: "float32" },
    unused: { shape: [9], type: "float32" },
  }, ({ x, w, b, unused }) => {
    tf.exp(unused);
    return { y: tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b) };
  });
  assertEquals(graph.inputs.map(({ name }) => name), ["x", "w", "b"]);
  assertEquals(graph.nodes.map(({ op }) => op), ["Gemm"]);
});

Deno.test("a sum that is larger than the product is not added by it", async () => {
  const graph = record(tf, {
    x: { shape: [1, 3], type: "float32" },
    w: { shape: [3, 4], type: "float32" },
    b: { shape: [2, 4], type: "float32" },
  }, ({ x, w, b }) => ({ y: tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b) }));
  const session = await onnx.open(graph);
  const ones = (n: number, shape: number[]) => onnx.tensor(new Float32Array(n).fill(1), shape);
  const { y } = await session.run({ x: ones(3, [1, 3]), w: ones(12, [3, 4]), b: ones(8, [2, 4]) });
  assertEquals([...y.data as Float32Array], Array(8).fill(4));
  await session.release();
});

Deno.test("a function that looks at values, or takes a tensor from outside, is refused and leaves the backend as it was", () => {
  const input = { x: { shape: [2], type: "float32" as const } };
  assertThrows(() => record(tf, input, ({ x }) => (x.dataSync(), { x })), TypeError, "looks at a tensor's values");
  const outside = tf.tensor1d([1, 2]);
  assertThrows(() => record(tf, input, ({ x }) => ({ y: tf.add(x, outside) })), TypeError);
  assertThrows(() => record(tf, input, ({ x }) => ({ y: tf.cumsum(x) })), Error, "Cumsum");
  assertEquals(tf.getBackend(), "cpu");
  assert(tf.add(outside, 1).dataSync()[1] === 3);
});
