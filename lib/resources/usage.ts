/** What a process uses. */
export interface ProcessUsage {
  readonly rss: number; // resident memory, bytes
  readonly cpu: number; // processor time since it began, seconds, all its threads
}

/**
 * What processes use, those that are gone left out. Reads `/proc` on Linux where everything is permitted (Deno keeps it
 * from all but `--allow-all`), else asks `cat`, on other systems `ps`: 0.1 ms, or 2 ms.
 *
 * @throws {Deno.errors.NotCapable} if neither is permitted
 * @throws {Deno.errors.NotFound} if this system has no such program
 */
export function processUsage(pids: readonly number[]): Map<number, ProcessUsage> {
  if (pids.length === 0) return new Map();
  return Deno.build.os === "linux" ? fromProc(pids) : fromPs(pids);
}

function fromProc(pids: readonly number[]): Map<number, ProcessUsage> {
  const direct = readable();
  const texts = direct
    ? [Deno.pid, ...pids].map((pid) => readOrNothing(`/proc/${pid}/stat`))
    : output("cat", [Deno.pid, ...pids].map((pid) => `/proc/${pid}/stat`)).split("\n");
  const found = new Map(texts.filter((text) => text !== "").map(parseStat));
  const page = pageSize(found.get(Deno.pid)?.pages ?? NaN);
  const wanted = pids.filter((pid) => found.get(pid)?.pages); // one that has ended and waits to be asked how has no pages
  return new Map(wanted.map((pid) => {
    const { pages, cpu } = found.get(pid)!;
    return [pid, { rss: pages * page, cpu }];
  }));
}

const TICKS = 100; // a second: what Linux tells programs, whatever it uses itself

/** One line of `/proc/PID/stat`; the name in brackets may hold anything. Source: proc(5). */
function parseStat(text: string): [pid: number, { pages: number; cpu: number }] {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // from the third, its state
  return [parseInt(text), { pages: Number(fields[21]), cpu: (Number(fields[11]) + Number(fields[12])) / TICKS }];
}

/** Bytes of a page, 4, 16 or 64 KiB: the nearest to what Deno says of this process a moment later, by its pages. */
function pageSize(pages: number): number {
  return 4 ** Math.round(Math.log2(Deno.memoryUsage().rss / pages) / 2);
}

let procReadable: boolean | undefined;
function readable(): boolean {
  return procReadable ??= readOrNothing("/proc/self/stat") !== "";
}

function readOrNothing(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const gone = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable ||
      (error instanceof Error && error.message.includes("os error 3")); // ended while it was read
    if (gone) return "";
    throw error;
  }
}

function fromPs(pids: readonly number[]): Map<number, ProcessUsage> {
  const lines = output("ps", ["-o", "pid=,rss=,time=", "-p", pids.join(",")]).trim().split("\n").filter(Boolean);
  return new Map(lines.map((line) => {
    const [pid, kilobytes, time] = line.trim().split(/\s+/);
    return [Number(pid), { rss: 1024 * Number(kilobytes), cpu: parsePsTime(time) }];
  }));
}

/** Seconds of `[[days-]hours:]minutes:seconds`, as `ps` writes them. */
export function parsePsTime(text: string): number {
  const [days, rest] = text.includes("-") ? text.split("-") : ["0", text];
  return rest.split(":").reduce((sum, part) => 60 * sum + Number(part), 0) + 86_400 * Number(days);
}

function output(command: string, args: readonly string[]): string {
  const { stdout } = new Deno.Command(command, { args: [...args], stdout: "piped", stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout);
}
