import { crc32 } from "node:zlib";
import { openAppendFile } from "../base/append_file.ts";

/** A file that is only added to, a line of JSON per record, each with a checksum over it and all before it. */
export interface Journal extends Disposable {
  /**
   * Adds a record. It is in the operating system's hands after it, and on the disk after `sync`.
   *
   * @throws {Error} if the disk does not take it, naming it; the file then ends where it did
   */
  append(record: unknown): void;
  /** Waits until all that was added is on the disk. */
  sync(): void;
}

/** A record of a journal, and where it ends: bytes from the start, and the checksum there. */
export interface Entry<T> {
  readonly record: T;
  readonly end: number;
  readonly sum: number;
}

const encoder = new TextEncoder();
const NEWLINE = 10;

/**
 * Opens a journal to go on at `end`; what comes after it in the file is cut off.
 *
 * @param sum the checksum at `end`, as `readJournal` has it
 */
export function openJournal(path: string, { end = 0, sum = 0 } = {}): Journal {
  const file = openAppendFile(path, end);
  return {
    append(record) {
      const body = encoder.encode(JSON.stringify(record));
      const next = crc32(body, sum);
      const line = new Uint8Array(body.length + 10);
      line.set(encoder.encode(next.toString(16).padStart(8, "0") + " "));
      line.set(body, 9);
      line[line.length - 1] = NEWLINE;
      try {
        file.append(line);
      } catch (error) {
        throw new Error(`Cannot write the journal as the disk does not take it: ${(error as Error).message}`, {
          cause: error,
        });
      }
      sum = next;
    },
    sync: () => file.sync(),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/**
 * Reads a journal, record by record. A last line that is not whole is left out: it was never acted on.
 *
 * @throws {SyntaxError} if a line before the last is damaged
 */
export function* readJournal<T>(path: string): Generator<Entry<T>> {
  const decoder = new TextDecoder();
  let [end, sum, number, torn] = [0, 0, 0, 0];
  for (const line of lines(path)) {
    if (torn > 0) throw fault(path, torn);
    number++;
    const body = line.subarray(9, -1);
    const next = crc32(body, sum);
    if (line.at(-1) !== NEWLINE || decoder.decode(line.subarray(0, 9)) !== `${next.toString(16).padStart(8, "0")} `) {
      torn = number;
      continue;
    }
    [end, sum] = [end + line.length, next];
    yield { record: JSON.parse(decoder.decode(body)), end, sum };
  }
}

function fault(path: string, line: number): SyntaxError {
  const name = path.split(/[\\/]/).slice(-2).join("/");
  return new SyntaxError(
    `Cannot read the journal ${name} as line ${line} is damaged: it is not what its checksum was made of`,
  );
}

/** The lines of a file, newline included; the last one may lack it. */
function* lines(path: string): Generator<Uint8Array> {
  using file = Deno.openSync(path);
  const chunk = new Uint8Array(1 << 20);
  let rest = new Uint8Array(0);
  for (let n = file.readSync(chunk); n !== null; n = file.readSync(chunk)) {
    const bytes = new Uint8Array(rest.length + n);
    bytes.set(rest);
    bytes.set(chunk.subarray(0, n), rest.length);
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      yield bytes.subarray(from, at + 1);
      from = at + 1;
    }
    rest = bytes.slice(from);
  }
  if (rest.length > 0) yield rest;
}
