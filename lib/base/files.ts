import { basename, dirname } from "node:path";

/**
 * Writes a file so that a reader sees the old one or the new one, never half: a temporary file beside it, flushed,
 * then renamed. Makes the folder. If anything fails (disk full, no permission) the old file stays, no temporary one is
 * left behind, and the system's error says in its message which file could not be written.
 */
export async function writeAtomic(path: string, body: Uint8Array | string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    using file = await Deno.open(temporary, { write: true, createNew: true });
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    if (error instanceof Error && "code" in error) {
      error.message = `Cannot write ${basename(path)} as its folder does not take it: ${error.message.split(": ")[0]}`;
    }
    throw error;
  }
}

/** A name beside `path` that no other writer uses: for libraries that write a file themselves, to be renamed after. */
export function temporaryBeside(path: string): string {
  return `${path}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/** Runs `work` while holding an exclusive lock on `path`.lock: two processes take turns. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await Deno.mkdir(dirname(path), { recursive: true });
  using file = await Deno.open(`${path}.lock`, { write: true, create: true });
  await file.lock(true);
  try {
    return await work();
  } finally {
    await file.unlock();
  }
}

/**
 * Takes `path` for this process alone, until it is disposed or the process is gone, however it went.
 *
 * @param busy the error to throw if another process, `owner`, has it
 */
export function holdLock(path: string, busy: (owner: string) => Error): Disposable {
  Deno.mkdirSync(dirname(path), { recursive: true });
  const file = Deno.openSync(path, { read: true, write: true, create: true });
  if (!file.tryLockSync(true)) {
    file.close();
    const pid = Deno.readTextFileSync(path).trim();
    throw busy(pid === "" ? "another process" : `process ${pid}`);
  }
  file.truncateSync(0);
  file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}

/** Whether something is at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
