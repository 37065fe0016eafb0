import type { DataId, DataType, KernelBackend, TensorInfo } from "@tensorflow/tfjs";
import type { Attribute, Constant, ElementType, Node, Value } from "./onnx_graph.ts";
import { kernels } from "./onnx_kernels.ts";
import { simplify } from "./onnx_simplify.ts";
import type { Tensor, Tf } from "./tfjs.ts";

/** A tensor that a recorded function is given. */
export interface Input {
  readonly shape: readonly number[]; // `ROWS`: any number of rows, known when the graph runs
  readonly type: "float32" | "int32";
}

/** Stands for a number of rows that is not known while recording: a prime, that no other size is a multiple of. */
export const ROWS = 10_007;

/** What a function did with its tensors. */
export interface Recorded {
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Value[]; // only those that the outputs depend on
  readonly outputs: readonly Value[]; // named as `run` named them
}

/**
 * Runs a function of tensors once on a backend that computes nothing and writes down the kernels it is asked for:
 * whatever TensorFlow.js does, its gradients too, becomes a graph. The function must not look at a tensor's values.
 *
 * @param prefix of the names made up here, so that a graph within a graph does not clash
 * @throws {TypeError} if the function uses a kernel that is not in `onnx_kernels.ts`, or looks at values
 */
export function record(
  tf: Tf,
  inputs: Readonly<Record<string, Input>>,
  run: (tensors: Record<string, Tensor>) => Record<string, Tensor>,
  prefix = "",
): Recorded {
  const recorder = recorderOf(tf);
  const before = tf.getBackend() ?? "cpu"; // none yet: the one that TensorFlow.js always has
  tf.setBackend(NAME);
  tf.engine().startScope();
  try {
    recorder.begin(prefix);
    const tensors: Record<string, Tensor> = {};
    for (const [name, { shape, type }] of Object.entries(inputs)) {
      const info = recorder.known({ name, real: shape }, shape, type);
      tensors[name] = tf.engine().makeTensorFromTensorInfo(info);
    }
    const outputs = Object.entries(run(tensors)).map(([name, tensor]) => {
      recorder.nodes.push({ op: "Identity", inputs: [recorder.whole(tensor)], outputs: [name] });
      return { name, type: elementType(tensor.dtype), shape: symbolic(tensor.shape) };
    });
    const { nodes, constants } = recorder.finish(outputs.map(({ name }) => name));
    const used = new Set(nodes.flatMap((node) => node.inputs));
    const values = Object.entries(inputs).filter(([name]) => used.has(name))
      .map(([name, { shape, type }]) => ({ name, type, shape: symbolic(shape) }));
    return { nodes, constants, inputs: values, outputs };
  } finally {
    tf.engine().endScope();
    tf.setBackend(before);
  }
}

/**
 * What is known of a tensor while recording. `real` is the shape of the graph's value, which may have ones, or fewer
 * dimensions, where the tensor repeats itself: ONNX broadcasts, so what TensorFlow.js blows up is kept small.
 */
interface Known {
  readonly name: string;
  readonly real: readonly number[];
  /** The one number that every element is, if that is known. */
  readonly uniform?: number;
}

/** Writes the graph down: what `onnx_kernels.ts` speaks to. */
export class Recorder {
  nodes: Node[] = [];
  constants: Constant[] = [];
  #values = new WeakMap<DataId, Known>();
  #shapes = new Map<string, readonly number[]>();
  #names = new Map<string, string>(); // of constants, so that equal ones are one
  #prefix = "";
  #count = 0;

  begin(prefix: string): void {
    [this.nodes, this.constants, this.#prefix, this.#count] = [[], [], prefix, 0];
    this.#names.clear();
    this.#shapes.clear();
  }

  finish(outputs: readonly string[]): { nodes: Node[]; constants: Constant[] } {
    return simplify(this.nodes, this.constants, outputs, this.#shapes);
  }

  /** A tensor of which this is known. */
  known(known: Known, shape: readonly number[], dtype: DataType): TensorInfo {
    const dataId = {};
    this.#values.set(dataId, known);
    if (known.uniform === undefined) this.#shapes.set(known.name, known.real);
    return { dataId, shape: [...shape], dtype };
  }

  /** The same values under another shape. */
  alias(x: TensorInfo, shape: readonly number[] = x.shape): TensorInfo {
    const known = this.#of(x);
    return this.known(sizeOf(known.real) === 1 ? { ...known, real: [] } : known, shape, x.dtype);
  }

  /** Adds an operation. Inputs are tensors, or names of constants. */
  emit(
    op: string,
    inputs: readonly (TensorInfo | string)[],
    shape: readonly number[],
    dtype: DataType = "float32",
    attributes: Readonly<Record<string, Attribute>> = {},
    real = shape,
  ): TensorInfo {
    const name = this.#fresh();
    const names = inputs.map((input) => typeof input === "string" ? input : this.whole(input));
    this.nodes.push({ op, inputs: names, outputs: [name], attributes });
    return this.known({ name, real }, shape, dtype);
  }

  /** Adds an operation with several outputs, of these shapes. */
  emitMany(
    op: string,
    inputs: readonly (TensorInfo | string)[],
    shapes: readonly (readonly number[])[],
    dtype: DataType,
    attributes: Readonly<Record<string, Attribute>>,
  ): TensorInfo[] {
    const names = shapes.map(() => this.#fresh());
    const given = inputs.map((input) => typeof input === "string" ? input : this.whole(input));
    this.nodes.push({ op, inputs: given, outputs: names, attributes });
    return names.map((name, i) => this.known({ name, real: shapes[i] }, shapes[i], dtype));
  }

  /** Adds an operation that works element by element, with broadcasting. */
  elementwise(
    op: string,
    inputs: readonly TensorInfo[],
    shape: readonly number[],
    dtype: DataType = "float32",
    attributes: Readonly<Record<string, Attribute>> = {},
  ): TensorInfo {
    const real = inputs.map((input) => this.#of(input).real).reduce(broadcast);
    return this.emit(op, inputs.map((input) => this.#nameOf(input)), shape, dtype, attributes, real);
  }

  /** The number that every element of `x` is, or nothing where that is not known. */
  uniform(x: TensorInfo): number | undefined {
    return this.#of(x).uniform;
  }

  /** A tensor that is this number everywhere. */
  fill(value: number, shape: readonly number[], dtype: DataType): TensorInfo {
    return this.known({ name: "", real: [], uniform: value }, shape, dtype);
  }

  /** The name of a value that has the whole shape of `x`. */
  whole(x: TensorInfo): string {
    const { real } = this.#of(x);
    const name = this.#nameOf(x);
    if (real.length === x.shape.length && real.every((size, i) => size === x.shape[i])) return name;
    const out = this.#fresh();
    this.nodes.push({ op: "Expand", inputs: [name, this.ints(x.shape)], outputs: [out] });
    return out;
  }

  /** The name of a constant list of whole numbers: a shape, axes, … */
  ints(values: readonly number[]): string {
    if (values.some(isRows)) {
      throw new TypeError("Cannot record a tensor whose shape has the number of rows in it: only a reshape may");
    }
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  /** The shape of a reshape. The number of rows is worked out when the graph runs. */
  newShape(shape: readonly number[]): string {
    return this.constant(
      "int64",
      [shape.length],
      BigInt64Array.from(shape, (size) => isRows(size) ? -1n : BigInt(size)),
    );
  }

  number(value: number, dtype: DataType = "float32"): string {
    if (dtype === "int32") return this.constant("int32", [], Int32Array.of(value));
    return dtype === "bool"
      ? this.constant("bool", [], Uint8Array.of(value))
      : this.constant("float32", [], Float32Array.of(value));
  }

  constant(type: ElementType, shape: readonly number[], values: ArrayBufferView): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const key = bytes.length <= 64 ? `${type} ${shape} ${bytes}` : undefined;
    const found = key === undefined ? undefined : this.#names.get(key);
    if (found !== undefined) return found;
    const name = this.#fresh();
    this.constants.push({ name, type, shape, bytes });
    if (key !== undefined) this.#names.set(key, name);
    return name;
  }

  /** What TensorFlow.js calls when it makes a tensor from numbers. */
  write(values: ArrayLike<number>, shape: readonly number[], dtype: DataType): DataId {
    const { length } = values;
    let same = length > 0;
    for (let i = 1; same && i < length; i++) same = Object.is(values[i], values[0]);
    if (same) return this.fill(Number(values[0]), shape, dtype).dataId;
    if (shape.some(isRows)) throw new TypeError("Cannot record a constant that has a value for each row");
    const kept = dtype === "int32"
      ? Int32Array.from(values)
      : dtype === "bool"
      ? Uint8Array.from(values)
      : Float32Array.from(values);
    return this.known({ name: this.constant(elementType(dtype), shape, kept), real: shape }, shape, dtype).dataId;
  }

  #of(x: TensorInfo): Known {
    const known = this.#values.get(x.dataId);
    if (known) return known;
    throw new TypeError("Cannot record a function that uses a tensor made outside of it: give it as an input");
  }

  #nameOf(x: TensorInfo): string {
    const { name, uniform } = this.#of(x);
    return uniform === undefined ? name : this.number(uniform, x.dtype);
  }

  #fresh(): string {
    return `${this.#prefix}${this.#count++}`;
  }
}

const NAME = "onnx-recorder";
let only: Recorder | undefined;

/** The one recording backend of this process, made when first needed. */
function recorderOf(tf: Tf): Recorder {
  if (only) return only;
  const recorder = only = new Recorder();
  const unreadable = () => {
    throw new TypeError("Cannot record a function that looks at a tensor's values");
  };
  const backend: KernelBackend = Object.assign(Object.create(tf.KernelBackend.prototype), {
    write: (values: ArrayLike<number>, shape: number[], dtype: DataType) => recorder.write(values, shape, dtype),
    move: unreadable,
    read: unreadable,
    readSync: unreadable,
    numDataIds: () => 0,
    disposeData: () => true,
    incRef: () => undefined,
    decRef: () => undefined,
    refCount: () => 1,
    floatPrecision: () => 32,
    epsilon: () => 1e-7,
    memory: () => ({ unreliable: true }),
  });
  tf.registerBackend(NAME, () => backend, 0);
  for (const [kernelName, emit] of Object.entries(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName: NAME,
      kernelFunc: ({ inputs, attrs }) => emit(recorder, inputs as never, (attrs ?? {}) as never),
    });
  }
  return recorder;
}

const isRows = (size: number) => size > 0 && size % ROWS === 0;
const symbolic = (shape: readonly number[]) => shape.map((size) => isRows(size) ? "rows" : size);
const elementType = (dtype: DataType): ElementType =>
  dtype === "int32" ? "int32" : dtype === "bool" ? "bool" : "float32";
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [one, two] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    return one === 1 ? two : one;
  });
}
