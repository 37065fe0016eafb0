/** A named value of a graph. A dimension is a size, or a name where the size is known only when the graph runs. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A value that never changes. */
export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array; // little endian
}

/** One operation of ONNX: https://onnx.ai/onnx/operators. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** What an operation is set to: whole numbers, one real number, or a graph that it runs. */
export type Attribute = { int: number } | { ints: readonly number[] } | { float: number } | { graph: Graph };

/** Operations in the order that they run in. A graph inside another may read the outer one's values by name. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export type ElementType = keyof typeof elementTypes;

const elementTypes = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };
const opset = 17; // the newest that three-year-old runtimes read

/**
 * Writes a graph as an ONNX model file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), which is a protobuf
 * message: the fields used here are few enough to write by hand.
 *
 * @param metadata text kept beside the graph, found again by `readMetadata` and by every ONNX runtime
 */
export function writeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  return message(
    int(1, 8), // the file format's version
    text(2, "candelabra"),
    sub(7, graphMessage(graph)),
    sub(8, message(text(1, ""), int(2, opset))),
    ...Object.entries(metadata).map(([key, value]) => sub(14, message(text(1, key), text(2, value)))),
  );
}

/**
 * The text kept in a model file.
 *
 * @throws {SyntaxError} if the bytes are no ONNX model
 */
export function readMetadata(model: Uint8Array): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [number, field] of fields(model)) {
    if (number !== 14) continue;
    const entry = Object.fromEntries([...fields(field)].map(([key, value]) => [key, new TextDecoder().decode(value)]));
    found[entry[1]] = entry[2] ?? "";
  }
  return found;
}

function graphMessage({ nodes, constants, inputs, outputs }: Graph): Uint8Array {
  return message(
    ...nodes.map((node) => sub(1, nodeMessage(node))),
    text(2, "graph"),
    ...constants.map((constant) => sub(5, constantMessage(constant))),
    ...inputs.map((value) => sub(11, valueMessage(value))),
    ...outputs.map((value) => sub(12, valueMessage(value))),
  );
}

function nodeMessage({ op, inputs, outputs, attributes = {} }: Node): Uint8Array {
  return message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => sub(5, message(text(1, name), ...attributeFields(value)))),
  );
}

function attributeFields(value: Attribute): Uint8Array[] {
  if ("int" in value) return [int(3, value.int), int(20, 2)];
  if ("ints" in value) return [...value.ints.map((one) => int(8, one)), int(20, 7)];
  if ("float" in value) return [float(2, value.float), int(20, 1)];
  return [sub(6, graphMessage(value.graph)), int(20, 5)];
}

function constantMessage({ name, type, shape, bytes }: Constant): Uint8Array {
  return message(...shape.map((size) => int(1, size)), int(2, elementTypes[type]), text(8, name), sub(9, bytes));
}

function valueMessage({ name, type, shape }: Value): Uint8Array {
  const sizes = shape.map((size) => sub(1, typeof size === "number" ? int(1, size) : text(2, size)));
  return message(text(1, name), sub(2, sub(1, message(int(1, elementTypes[type]), sub(2, message(...sizes))))));
}

function message(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const sub = (field: number, body: Uint8Array) =>
  message(Uint8Array.from([...varint(field << 3 | 2), ...varint(body.length)]), body);
const text = (field: number, value: string) => sub(field, new TextEncoder().encode(value));
const int = (field: number, value: number) => Uint8Array.from([...varint(field << 3), ...varint(value)]);
const float = (field: number, value: number) =>
  message(Uint8Array.from(varint(field << 3 | 5)), new Uint8Array(Float32Array.of(value).buffer));

/** Seven bits a byte, lowest first; a negative number is its 64-bit complement. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** The length-delimited fields of a message, with their numbers; others are passed over. */
function* fields(bytes: Uint8Array): Generator<[number: number, body: Uint8Array]> {
  let at = 0;
  const number = () => {
    let [value, scale] = [0, 1];
    for (;; scale *= 128) {
      if (at >= bytes.length || scale > 2 ** 56) throw new SyntaxError("Cannot read the file as it is no ONNX model");
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = number();
    const wire = key % 8;
    if (wire === 0) number();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = number();
      if (at + length > bytes.length) throw new SyntaxError("Cannot read the ONNX model as the file is cut short");
      yield [Math.floor(key / 8), bytes.subarray(at, at += length)];
    } else throw new SyntaxError("Cannot read the file as it is no ONNX model");
  }
}
