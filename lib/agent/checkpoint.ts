/** Typed arrays under their names, and a few numbers: what a checkpoint file holds. */
export interface Checkpoint {
  readonly numbers: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, SavedArray>>;
}
export type SavedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

const kinds = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array };
const MAGIC = "candelabra checkpoint 1\n";

/** Writes a checkpoint as one block of bytes: a line that says what it is, one of JSON, then the arrays. */
export function writeCheckpoint({ numbers, arrays }: Checkpoint): Uint8Array {
  const list = Object.entries(arrays).map(([name, array]) => ({
    name,
    kind: array.constructor.name,
    length: array.length,
  }));
  const head = new TextEncoder().encode(`${MAGIC}${JSON.stringify({ numbers, list })}\n`);
  const size = Object.values(arrays).reduce((sum, array) => sum + array.byteLength, head.length);
  const bytes = new Uint8Array(size);
  bytes.set(head);
  let at = head.length;
  for (const array of Object.values(arrays)) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return bytes;
}

/** @throws {SyntaxError} if the bytes are no checkpoint, or not all of one */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  const end = bytes.indexOf(10, MAGIC.length);
  if (magic !== MAGIC || end < 0) throw new SyntaxError("Cannot read the checkpoint as these bytes are not one");
  const { numbers, list } = JSON.parse(new TextDecoder().decode(bytes.subarray(MAGIC.length, end)));
  const arrays: Record<string, SavedArray> = {};
  let at = end + 1;
  for (const { name, kind, length } of list as { name: string; kind: keyof typeof kinds; length: number }[]) {
    const size = length * kinds[kind].BYTES_PER_ELEMENT;
    if (at + size > bytes.length) throw new SyntaxError("Cannot read the checkpoint as the file is cut short");
    arrays[name] = new kinds[kind](bytes.slice(at, at + size).buffer);
    at += size;
  }
  return { numbers, arrays };
}
