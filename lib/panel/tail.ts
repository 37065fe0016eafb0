import { log } from "../base/log.ts";

/** Follows a file that another process appends lines to. */
export interface Tail {
  /** Tells the lines that have come since the last call; with `end`, one without a line feed too. */
  read(end?: boolean): Promise<void>;
}

/** Most that is read at once, so that a flood does not hold everything else up. */
const CHUNK = 1 << 20;
/** A line that is longer is left out. */
const LONGEST = 4 << 20;

/** Follows `path`, which may not be there yet. */
export function openTail(path: string, onLine: (line: string) => void): Tail {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(CHUNK);
  let at = 0;
  let rest = "";
  let skipping = false;
  return {
    async read(end = false) {
      let file: Deno.FsFile;
      try {
        file = await Deno.open(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return;
        throw error;
      }
      using _ = file;
      await file.seek(at, Deno.SeekMode.Start);
      for (let count = await file.read(buffer); count; count = await file.read(buffer)) {
        at += count;
        const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          if (!skipping && line !== "") onLine(line);
          skipping = false;
        }
        if (rest.length > LONGEST) {
          if (!skipping) log("warn", `A line of ${path} is left out as it is longer than ${LONGEST} characters`);
          [rest, skipping] = ["", true];
        }
        if (!end) break; // the rest the next time
      }
      if (end && rest !== "" && !skipping) onLine(rest);
    },
  };
}
