import type { OnEvent, StageEvent } from "./events.ts";
import { log } from "./log.ts";
import { redact } from "./secret.ts";

/** Events on their way into a file. */
export interface EventFile extends Disposable {
  readonly onEvent: OnEvent;
}

/**
 * Appends events to a file, a line of JSON each. Events that only tell the latest of something (progress, metrics, bars,
 * accounts, books) come at most every `gap` ms of a kind: one that comes earlier waits, is replaced by a later one, and is
 * written before anything else is, or on disposing; so the last is never lost. Of bars, the first `burst` of a file are
 * all written: history comes at once, and would be a chart of a few. NaN and infinities become null, known secrets ***.
 *
 * It never throws: a file that does not take a line (disk full) is told once, and then left alone.
 */
export function eventFile(path: string, { gap = 50, burst = 1000 } = {}): EventFile {
  const encoder = new TextEncoder();
  const written = new Map<string, number>(); // ms, by stream of events
  const waiting = new Map<string, StageEvent>();
  let file: Deno.FsFile | undefined;
  let broken = false;

  const write = (event: StageEvent) => {
    if (broken) return;
    try {
      file ??= Deno.openSync(path, { append: true, create: true });
      const bytes = encoder.encode(redact(JSON.stringify(event)) + "\n");
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    } catch (error) {
      broken = true;
      log("warn", `Cannot tell what happens to ${path}, the work goes on: ${(error as Error).message}`);
    }
  };
  const flush = () => {
    for (const event of waiting.values()) write(event);
    waiting.clear();
  };
  return {
    onEvent(event) {
      const stream = streamOf(event);
      if (stream === undefined) {
        flush();
        return write(event);
      }
      const now = performance.now();
      const early = now - (written.get(stream) ?? -Infinity) < gap;
      if (early && (event.kind !== "bar" || burst-- <= 0)) return void waiting.set(stream, event);
      written.set(stream, now);
      waiting.delete(stream);
      write(event);
    },
    [Symbol.dispose]() {
      flush();
      file?.close();
      file = undefined;
      broken = true; // nothing after the end
    },
  };
}

/** What an event is the latest of; nothing for those that all count. */
function streamOf(event: StageEvent): string | undefined {
  switch (event.kind) {
    case "progress":
      return event.done >= event.total ? undefined : `progress ${event.label}`;
    case "metrics":
      return event.step === null ? undefined : `metrics ${Object.keys(event.values).join()} ${event.values.seed ?? ""}`;
    case "bar":
    case "book":
      return `${event.kind} ${event.symbol}`;
    case "account":
    case "workers":
      return event.kind;
  }
}
