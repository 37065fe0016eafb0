/** Bytes of several typed arrays, one after the other. */
export function pack(arrays: readonly ArrayBufferView[]): Uint8Array {
  const all = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(bytesOf(array), at);
    at += array.byteLength;
  }
  return all;
}

/**
 * Writes them back into the same arrays.
 *
 * @throws {RangeError} if the bytes are not as many as the arrays hold
 */
export function unpack(saved: Uint8Array, arrays: readonly ArrayBufferView[]): void {
  const size = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  if (saved.length !== size) {
    throw new RangeError(`Cannot restore as the saved state must have ${size} bytes: it has ${saved.length}`);
  }
  let at = 0;
  for (const array of arrays) {
    bytesOf(array).set(saved.subarray(at, at + array.byteLength));
    at += array.byteLength;
  }
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
