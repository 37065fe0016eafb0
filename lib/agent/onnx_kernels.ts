import type { DataType, TensorInfo } from "@tensorflow/tfjs";
import type { Recorder } from "./onnx_record.ts";

/** Writes down one kernel of TensorFlow.js: its inputs and attributes are named as TensorFlow.js names them. */
type Emit = (
  r: Recorder,
  inputs: Record<string, TensorInfo>,
  // deno-lint-ignore no-explicit-any
  attributes: any,
) => TensorInfo | TensorInfo[];

const unary = (op: string): Emit => (r, { x }) => r.elementwise(op, [x], x.shape, x.dtype);
const arithmetic = (op: string): Emit => (r, { a, b }) => r.elementwise(op, [a, b], broadcastShape(a, b), a.dtype);
const comparison = (op: string): Emit => (r, { a, b }) => r.elementwise(op, [a, b], broadcastShape(a, b), "bool");

/**
 * What each kernel of TensorFlow.js is in ONNX (operator set 17). A trunk that needs another one: add it here, and its
 * name to the table of `tests/agent/onnx_record_test.ts`, which compares the two.
 */
export const kernels: Readonly<Record<string, Emit>> = {
  Abs: unary("Abs"),
  Cos: unary("Cos"),
  Elu: unary("Elu"),
  EluGrad: (r, { dy, y }) => {
    const one = r.fill(1, [], "float32");
    const slope = r.elementwise("Min", [r.elementwise("Add", [y, one], y.shape), one], y.shape);
    return r.elementwise("Mul", [dy, slope], y.shape);
  },
  Erf: unary("Erf"),
  Exp: unary("Exp"),
  Floor: unary("Floor"),
  Log: unary("Log"),
  LogicalNot: unary("Not"),
  Neg: (r, { x }) => {
    const value = r.uniform(x);
    return value === undefined ? unary("Neg")(r, { x }, {}) : r.fill(-value, x.shape, x.dtype);
  },
  Reciprocal: unary("Reciprocal"),
  Relu: unary("Relu"),
  Sigmoid: unary("Sigmoid"),
  Sign: unary("Sign"),
  Sin: unary("Sin"),
  Softplus: unary("Softplus"),
  Sqrt: unary("Sqrt"),
  Tanh: unary("Tanh"),

  Maximum: arithmetic("Max"),
  Minimum: arithmetic("Min"),
  Pow: arithmetic("Pow"),
  Sub: (r, { a, b }) => r.uniform(b) === 0 && fits(a, b) ? r.alias(a) : arithmetic("Sub")(r, { a, b }, {}),
  Add: (r, { a, b }) => {
    if (r.uniform(a) === 0 && fits(b, a)) return r.alias(b);
    return r.uniform(b) === 0 && fits(a, b) ? r.alias(a) : arithmetic("Add")(r, { a, b }, {});
  },
  Multiply: (r, { a, b }) => {
    const [x, y] = [r.uniform(a), r.uniform(b)];
    if (x !== undefined && y !== undefined) return r.fill(Math.fround(x * y), broadcastShape(a, b), a.dtype);
    if (x === 1) return r.alias(b, broadcastShape(a, b));
    return y === 1 ? r.alias(a, broadcastShape(a, b)) : arithmetic("Mul")(r, { a, b }, {});
  },
  RealDiv: (r, { a, b }) => {
    const [x, y] = [r.uniform(a), r.uniform(b)];
    if (x !== undefined && y !== undefined) return r.fill(Math.fround(x / y), broadcastShape(a, b), a.dtype);
    return y === 1 ? r.alias(a, broadcastShape(a, b)) : arithmetic("Div")(r, { a, b }, {});
  },
  AddN: (r, inputs) => {
    const all = Object.values(inputs).filter((input) => r.uniform(input) !== 0);
    const { shape } = inputs[0];
    return all.length === 0 ? r.fill(0, shape, "float32") : r.elementwise("Sum", all, shape);
  },
  SquaredDifference: (r, { a, b }) => {
    const difference = arithmetic("Sub")(r, { a, b }, {}) as TensorInfo;
    return r.elementwise("Mul", [difference, difference], difference.shape);
  },
  Square: (r, { x }) => r.elementwise("Mul", [x, x], x.shape),
  Rsqrt: (r, { x }) => r.elementwise("Reciprocal", [r.elementwise("Sqrt", [x], x.shape)], x.shape),

  Equal: comparison("Equal"),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: comparison("And"),
  LogicalOr: comparison("Or"),
  Select: (r, { condition, t, e }) => r.elementwise("Where", [condition, t, e], t.shape, t.dtype),
  Step: (r, { x }, { alpha = 0 }) => {
    const positive = r.elementwise("Greater", [x, r.fill(0, [], "float32")], x.shape, "bool");
    if (alpha === 0) return cast(r, positive, "float32");
    return r.elementwise("Where", [positive, r.fill(1, [], "float32"), r.fill(alpha, [], "float32")], x.shape);
  },
  Cast: (r, { x }, { dtype }) => cast(r, x, dtype),
  ClipByValue: (r, { x }, { clipValueMin, clipValueMax }) =>
    r.emit("Clip", [x, r.number(clipValueMin), r.number(clipValueMax)], x.shape),

  ZerosLike: (r, { x }) => r.fill(0, x.shape, x.dtype),
  OnesLike: (r, { x }) => r.fill(1, x.shape, x.dtype),
  Fill: (r, _, { shape, value, dtype }) => r.fill(value, shape, dtype ?? "float32"),
  Identity: (r, { x }) => r.alias(x),

  Reshape: (r, { x }, { shape }) => reshape(r, x, inferred(shape, x)),
  ExpandDims: (r, { input }, { dim }) => {
    const shape = input.shape.slice();
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return reshape(r, input, shape);
  },
  BroadcastTo: (r, { x }, { shape }) =>
    r.uniform(x) === undefined ? r.emit("Expand", [x, r.ints(shape)], shape, x.dtype) : r.alias(x, shape),
  Tile: (r, { x }, { reps }) => {
    const shape = x.shape.map((size, i) => size * reps[i]);
    return r.uniform(x) === undefined ? r.emit("Tile", [x, r.ints(reps)], shape, x.dtype) : r.alias(x, shape);
  },
  Transpose: (r, { x }, { perm }) =>
    r.emit("Transpose", [x], perm.map((axis: number) => x.shape[axis]), x.dtype, { perm: { ints: perm } }),
  Concat: (r, inputs, { axis }) => concat(r, Object.values(inputs), axis),
  Pack: (r, inputs, { axis }) => {
    const each = Object.values(inputs).map((x) => {
      const shape = x.shape.slice();
      shape.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, 1);
      return reshape(r, x, shape);
    });
    return concat(r, each, axis);
  },
  Unpack: (r, { value }, { axis }) => {
    const at = axis < 0 ? axis + value.shape.length : axis;
    const rest = value.shape.filter((_, i) => i !== at);
    return split(r, value, Array<number>(value.shape[at]).fill(1), at).map((part) => reshape(r, part, rest));
  },
  SplitV: (r, { x }, { numOrSizeSplits, axis }) => {
    const at = axis < 0 ? axis + x.shape.length : axis;
    const sizes: number[] = Array.isArray(numOrSizeSplits)
      ? numOrSizeSplits
      : Array(numOrSizeSplits).fill(x.shape[at] / numOrSizeSplits);
    return split(r, x, sizes, at);
  },
  Slice: (r, { x }, { begin, size }) => {
    const shape = x.shape.map((all, i) => size[i] < 0 ? all - begin[i] : size[i]);
    const axes = shape.flatMap((kept, i) => kept === x.shape[i] ? [] : [i]);
    if (axes.length === 0) return r.alias(x);
    const [from, to] = [axes.map((i) => begin[i]), axes.map((i) => begin[i] + shape[i])];
    return r.emit("Slice", [x, r.ints(from), r.ints(to), r.ints(axes)], shape, x.dtype);
  },
  PadV2: (r, { x }, { paddings, constantValue }) => {
    const shape = x.shape.map((size, i) => size + paddings[i][0] + paddings[i][1]);
    const pads = [...paddings.map((pad: number[]) => pad[0]), ...paddings.map((pad: number[]) => pad[1])];
    return r.emit("Pad", [x, r.ints(pads), r.number(constantValue, x.dtype)], shape, x.dtype);
  },
  GatherV2: (r, { x, indices }, { axis, batchDims }) => {
    if (batchDims) throw new TypeError("Cannot record a gather with batch dimensions: use one without");
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return r.emit("Gather", [x, indices], shape, x.dtype, { axis: { int: axis } });
  },

  Sum: (r, { x }, { axis, keepDims }) => {
    const { axes, shape } = reduced(x, axis, keepDims);
    const over = axes.length === x.shape.length ? [] : [r.ints(axes)]; // nothing: over all
    return r.emit("ReduceSum", [x, ...over], shape, x.dtype, { keepdims: { int: Number(!!keepDims) } });
  },
  Mean: (r, { x }, { axis, keepDims }) => reduce(r, "ReduceMean", x, axis, keepDims),
  Max: (r, { x }, { reductionIndices, keepDims }) => reduce(r, "ReduceMax", x, reductionIndices, keepDims),
  Min: (r, { x }, { axis, keepDims }) => reduce(r, "ReduceMin", x, axis, keepDims),
  LogSoftmax: (r, { logits }, { axis }) =>
    r.emit("LogSoftmax", [logits], logits.shape, "float32", { axis: { int: axis ?? -1 } }),
  Softmax: (r, { logits }, { dim }) =>
    r.emit("Softmax", [logits], logits.shape, "float32", { axis: { int: dim ?? -1 } }),

  BatchMatMul: (r, { a, b }, { transposeA, transposeB }) => {
    const rank = a.shape.length;
    const [rows, columns] = [a.shape[rank - (transposeA ? 1 : 2)], b.shape[b.shape.length - (transposeB ? 2 : 1)]];
    if (rank === 2 && b.shape.length === 2) {
      const attributes = { transA: { int: Number(!!transposeA) }, transB: { int: Number(!!transposeB) } };
      return r.emit("Gemm", [a, b], [rows, columns], "float32", attributes);
    }
    const both = [transposeA ? swapped(r, a) : a, transposeB ? swapped(r, b) : b];
    return r.emit("MatMul", both, [...a.shape.slice(0, -2), rows, columns]);
  },
};

function broadcastShape(a: TensorInfo, b: TensorInfo): number[] {
  const [long, short] = a.shape.length >= b.shape.length ? [a.shape, b.shape] : [b.shape, a.shape];
  const offset = long.length - short.length;
  return long.map((size, i) => i < offset || short[i - offset] === 1 ? size : short[i - offset]);
}

/** Whether `x` has the shape of both together. */
function fits(x: TensorInfo, other: TensorInfo): boolean {
  return broadcastShape(x, other).join() === x.shape.join();
}

function cast(r: Recorder, x: TensorInfo, dtype: DataType): TensorInfo {
  if (x.dtype === dtype) return r.alias(x);
  const value = r.uniform(x);
  if (value !== undefined) return r.fill(dtype === "int32" ? Math.trunc(value) : value, x.shape, dtype);
  const to = dtype === "float32" ? 1 : dtype === "int32" ? 6 : 9; // numbers of onnx.TensorProto.DataType
  return r.elementwise("Cast", [x], x.shape, dtype, { to: { int: to } });
}

function reshape(r: Recorder, x: TensorInfo, shape: readonly number[]): TensorInfo {
  if (r.uniform(x) !== undefined || shape.join() === x.shape.join()) return r.alias(x, shape);
  return r.emit("Reshape", [x, r.newShape(shape)], shape, x.dtype);
}

function inferred(shape: readonly number[], x: TensorInfo): number[] {
  const size = x.shape.reduce((product, n) => product * n, 1);
  const known = shape.reduce((product, n) => n < 0 ? product : product * n, 1);
  return shape.map((n) => n < 0 ? size / known : n);
}

function concat(r: Recorder, parts: readonly TensorInfo[], axis: number): TensorInfo {
  const shape = parts[0].shape.slice();
  const at = axis < 0 ? axis + shape.length : axis;
  shape[at] = parts.reduce((sum, part) => sum + part.shape[at], 0);
  return parts.length === 1 ? parts[0] : r.emit("Concat", parts, shape, parts[0].dtype, { axis: { int: at } });
}

function split(r: Recorder, x: TensorInfo, sizes: readonly number[], axis: number): TensorInfo[] {
  const shapes = sizes.map((size) => x.shape.map((all, i) => i === axis ? size : all));
  return r.emitMany("Split", [x, r.ints(sizes)], shapes, x.dtype, { axis: { int: axis } });
}

function swapped(r: Recorder, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  return r.emit("Transpose", [x], perm.map((axis) => x.shape[axis]), x.dtype, { perm: { ints: perm } });
}

function reduced(x: TensorInfo, axis: number | readonly number[] | null | undefined, keep: boolean) {
  const given = axis === null || axis === undefined || (Array.isArray(axis) && axis.length === 0)
    ? [...x.shape.keys()]
    : [axis].flat() as number[];
  const axes = given.map((one) => one < 0 ? one + x.shape.length : one);
  const shape = x.shape.flatMap((size, i) => axes.includes(i) ? (keep ? [1] : []) : [size]);
  return { axes, shape };
}

function reduce(r: Recorder, op: string, x: TensorInfo, axis: number | number[], keep: boolean): TensorInfo {
  const { axes, shape } = reduced(x, axis, keep);
  return r.emit(op, [x], shape, x.dtype, { axes: { ints: axes }, keepdims: { int: Number(!!keep) } });
}
