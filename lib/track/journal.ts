import { dirname, join } from "node:path";
import type { RunStatus } from "./runs.ts";
import type { DatasetInput } from "./run.ts";

/** One thing that was said of a run, in the order it was said. */
export type Entry =
  | { readonly open: Opening }
  | { readonly params: Readonly<Record<string, string>> }
  | { readonly metrics: Readonly<Record<string, number | string>>; readonly step: number; readonly time: number }
  | { readonly tags: Readonly<Record<string, string>> }
  | { readonly dataset: DatasetInput }
  | { readonly artifact: string; readonly file?: string; readonly bytes?: Uint8Array<ArrayBuffer> }
  | { readonly end: RunStatus; readonly time: number };

/** What a run is made from. */
export interface Opening {
  readonly id: string; // ours: local-<hex>
  readonly target: string; // where it is to be sent
  readonly experiment: string;
  readonly name: string;
  readonly time: number; // ms UTC
  readonly tags: Readonly<Record<string, string>>;
  readonly parent?: string; // a run's id, ours or MLflow's
}

/** What is known of the sending. */
export interface Sent {
  readonly offset: number; // bytes of the journal that MLflow has
  readonly target?: string; // where the run is
  readonly tried?: boolean; // a run was asked for; the answer may have been lost
  readonly ended?: boolean; // MLflow knows the run's end
  readonly run?: { readonly id: string; readonly experimentId: string; readonly artifactUri: string };
}

/** Some entries that were not sent yet; `done` says that they are now. */
export interface Unsent {
  readonly entries: readonly Entry[];
  done(): void;
}

/**
 * A run's diary on disk: whatever is said of the run is written here first, and forgotten once MLflow has it, so that
 * neither a tracker that is down nor a process that dies loses any. One process holds it at a time. When the disk
 * refuses (full, read-only), entries stay in memory, and `onDiskFault` hears of it once.
 */
export interface Journal extends Disposable {
  readonly folder: string;
  readonly sent: Sent;
  append(entry: Entry): void;
  artifact(path: string, body: Uint8Array): void;
  /** The next few entries that were not sent, at most about `bytes` of them; nothing when all were. */
  next(bytes?: number): Unsent | undefined;
  remember(sent: Partial<Sent>): void;
  /** Everything was sent: the folder goes. */
  remove(): void;
  /** Nothing more will ever be sent: the folder goes there. */
  layAside(folder: string): void;
}

/** Opens the diary in `folder`, or nothing when another process holds it. */
export function openJournal(folder: string, onDiskFault: (error: Error) => void = () => {}): Journal | undefined {
  const disk = openDisk(folder, onDiskFault);
  if (disk === "held") return undefined;
  let { file } = disk ?? {};
  let sent: Sent = disk?.sent ?? { offset: 0 };
  let size = file?.statSync().size ?? 0;
  const memory: Entry[] = []; // what the disk refused
  let bodies = 0;

  const save = (body: Uint8Array) => writeAll(file!, body);
  const fault = (error: unknown) => {
    if (memory.length === 0) onDiskFault(error as Error);
  };
  const remember = (news: Partial<Sent>) => {
    sent = { ...sent, ...news };
    if (!file) return;
    try {
      Deno.writeTextFileSync(join(folder, "sent.json.tmp"), JSON.stringify(sent));
      Deno.renameSync(join(folder, "sent.json.tmp"), join(folder, "sent.json"));
    } catch (error) {
      fault(error); // at worst the same is sent twice, which changes nothing
    }
  };
  const append = (entry: Entry) => {
    if (!file || memory.length > 0) return void memory.push(entry); // keeps the order
    try {
      size += save(new TextEncoder().encode(JSON.stringify(entry) + "\n"));
    } catch (error) {
      file.truncateSync(size); // half a line
      file.seekSync(size, Deno.SeekMode.Start);
      fault(error);
      memory.push(entry);
    }
  };
  return {
    folder,
    get sent() {
      return sent;
    },
    append,
    artifact(path, body) {
      const name = `body-${Date.now().toString(36)}-${bodies++}`;
      try {
        if (!file) throw new Error("the journal is in memory");
        Deno.writeFileSync(join(folder, name), body);
        append({ artifact: path, file: name });
      } catch (error) {
        if (file) fault(error);
        memory.push({ artifact: path, bytes: Uint8Array.from(body) });
      }
    },
    next(bytes = 400_000) {
      if (file && sent.offset < size) {
        const { entries, end } = readEntries(file, sent.offset, size, bytes);
        const done = () => {
          if (end === size && size > 16e6) { // all of it is sent: the disk need not keep it
            file!.truncateSync(0);
            file!.seekSync(0, Deno.SeekMode.Start);
            size = 0;
          }
          remember({ offset: Math.min(end, size) });
          for (const entry of entries) {
            if ("artifact" in entry && entry.file) Deno.removeSync(join(folder, entry.file));
          }
        };
        if (entries.length > 0) return { entries, done };
      }
      if (memory.length === 0) return undefined;
      const entries = memory.slice(0, 5000);
      return { entries, done: () => void memory.splice(0, entries.length) };
    },
    remember,
    remove() {
      this[Symbol.dispose]();
      if (disk) removeFolder(folder);
    },
    layAside(to) {
      this[Symbol.dispose]();
      if (!disk) return;
      Deno.mkdirSync(dirname(to), { recursive: true });
      Deno.renameSync(folder, to);
    },
    [Symbol.dispose]() {
      file?.close();
      if (file) disk?.owner.close(); // lets go of the lock
      file = undefined;
    },
  };
}

interface Disk {
  readonly file: Deno.FsFile;
  readonly owner: Deno.FsFile;
  readonly sent: Sent;
}

function openDisk(folder: string, onDiskFault: (error: Error) => void): Disk | "held" | undefined {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    const owner = Deno.openSync(join(folder, "owner.lock"), { write: true, create: true });
    if (!owner.tryLockSync(true)) return owner.close(), "held";
    const file = Deno.openSync(join(folder, "journal.jsonl"), { read: true, write: true, create: true });
    const sent = readSent(folder, file.statSync().size);
    file.seekSync(wholeLines(file), Deno.SeekMode.Start);
    return { file, owner, sent };
  } catch (error) {
    onDiskFault(error as Error);
    return undefined;
  }
}

function readSent(folder: string, size: number): Sent {
  try {
    const sent: Sent = JSON.parse(Deno.readTextFileSync(join(folder, "sent.json")));
    return sent.offset <= size ? sent : { ...sent, offset: 0 }; // died between emptying the journal and saying so
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { offset: 0 };
    throw error;
  }
}

/** Cuts off a last line that a dying process left half written; gives the length. */
function wholeLines(file: Deno.FsFile): number {
  const { size } = file.statSync();
  const block = new Uint8Array(65_536);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - block.length);
    file.seekSync(start, Deno.SeekMode.Start);
    const at = block.subarray(0, fill(file, block.subarray(0, end - start))).lastIndexOf(10);
    if (at >= 0) {
      file.truncateSync(start + at + 1);
      return start + at + 1;
    }
    end = start;
  }
  file.truncateSync(0);
  return 0;
}

/** Entries from `offset` on, as many as fit `bytes`, at least one; leaves the file where it writes. */
function readEntries(
  file: Deno.FsFile,
  offset: number,
  size: number,
  bytes: number,
): { entries: Entry[]; end: number } {
  for (let want = bytes;; want *= 4) {
    const block = new Uint8Array(Math.min(want, size - offset));
    file.seekSync(offset, Deno.SeekMode.Start);
    const length = block.subarray(0, fill(file, block)).lastIndexOf(10) + 1;
    file.seekSync(size, Deno.SeekMode.Start);
    if (length === 0 && offset + block.length < size) continue; // one line is longer than that
    const lines = new TextDecoder().decode(block.subarray(0, length)).split("\n").filter((line) => line !== "");
    return { entries: lines.map((line) => JSON.parse(line)), end: offset + length };
  }
}

function fill(file: Deno.FsFile, block: Uint8Array): number {
  let length = 0;
  while (length < block.length) {
    const got = file.readSync(block.subarray(length));
    if (got === null) break;
    length += got;
  }
  return length;
}

function writeAll(file: Deno.FsFile, body: Uint8Array): number {
  for (let at = 0; at < body.length;) at += file.writeSync(body.subarray(at));
  return body.length;
}

/** Removes a folder at which another process may be looking just now: what it lays there is removed with the next try. */
function removeFolder(folder: string): void {
  for (let tries = 0;; tries++) {
    try {
      return Deno.removeSync(folder, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return; // by the other one
      if (tries === 20) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // ms
    }
  }
}
