/** A file that is only added to: what is added is in it whole or not at all. */
export interface AppendFile extends Disposable {
  /** Bytes that were added and are there. */
  readonly size: number;
  /**
   * Adds bytes, and with `sync` ("data", or "all": the file's own description too) waits until the disk has them.
   *
   * @throws what the disk did not like; the file then ends where it did
   */
  append(bytes: Uint8Array, sync?: "data" | "all"): void;
  /** Waits until all that was added is on the disk. */
  sync(): void;
}

/** Opens a file to go on at `size`; what comes after it, half a line of a process that died, is cut off. */
export function openAppendFile(path: string, size: number): AppendFile {
  const file = Deno.openSync(path, { write: true, create: true });
  if (file.statSync().isFile) file.truncateSync(size);
  file.seekSync(size, Deno.SeekMode.Start);
  return {
    get size() {
      return size;
    },
    append(bytes, sync) {
      try {
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
        if (sync === "data") file.syncDataSync();
        if (sync === "all") file.syncSync();
      } catch (error) {
        undo(file, size); // a disk that is full leaves half of it
        throw error;
      }
      size += bytes.length;
    },
    sync: () => file.syncDataSync(),
    [Symbol.dispose]: () => file.close(),
  };
}

/** Half a line is taken back. Where not even that works it is found torn when the file is next read. */
function undo(file: Deno.FsFile, size: number): void {
  try {
    file.truncateSync(size);
    file.seekSync(size, Deno.SeekMode.Start);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** A file's text; nothing where there is none. */
export function textOrNothing(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
