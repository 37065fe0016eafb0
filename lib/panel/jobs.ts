import { join } from "node:path";
import type { StageEvent } from "../base/events.ts";
import { exists, holdLock, writeAtomic } from "../base/files.ts";
import { log } from "../base/log.ts";
import { redact } from "../base/secret.ts";
import { settingsOf } from "./form.ts";
import type { Hub } from "./hub.ts";
import { Problem } from "./problem.ts";
import { commandLine, type Order, stageOf } from "./stages.ts";
import { openTail } from "./tail.ts";
import { apply, type JobState, newState } from "./web/state.js";

/** A job, as lists show it. */
export interface Job {
  readonly id: string;
  readonly stage: string;
  readonly title: string;
  readonly command: readonly string[]; // words of the command line, without `lab`
  readonly status: "running" | "stopping" | "finished" | "failed" | "stopped" | "lost";
  readonly started: number; // ms UTC
  readonly ended: number | null;
  readonly code: number | null; // exit code
  readonly message: string; // what went wrong, in a sentence
  readonly result: string; // what came of it, in a few words
  readonly order: Order;
}

/** All that is known of a job. */
export interface JobDetail {
  readonly job: Job;
  readonly state: JobState;
  readonly log: readonly string[]; // the last lines that it printed
}

/** How a job's process is started. */
export type Spawn = (words: readonly string[], events: string) => Deno.ChildProcess;

export interface JobsOptions {
  readonly folder: string;
  readonly hub: Hub;
  readonly spawn: Spawn;
  readonly running?: number; // most at once
  readonly kept?: number; // most that are listed
  readonly grace?: number; // ms that a job has to end when the panel does
}

/** The jobs of a panel. Disposing asks all of them to end, waits a while, and ends those that do not. */
export interface Jobs extends AsyncDisposable {
  /** Newest first. */
  list(): Job[];
  /** @throws {Problem} 404 */
  get(id: string): JobDetail;
  /** @throws {Problem} 429 when too many run */
  start(order: Order): Promise<Job>;
  /** Asks a job to end cleanly; a second time, or with `now`, it is ended at once. @throws {Problem} 404, 409 */
  stop(id: string, now?: boolean): Job;
  /** Takes a job that has ended from the list. @throws {Problem} 404, 409 */
  remove(id: string): Promise<void>;
}

interface Live {
  job: Job;
  readonly state: JobState;
  readonly log: string[];
  child: Deno.ChildProcess | undefined;
  asked: boolean; // to stop
  changed: boolean; // since it was written
  readonly pending: StageEvent[];
  readonly lines: string[];
  done: Promise<void>;
}

const LINES = 500;

/**
 * Opens the jobs of a folder: earlier ones are there, as they were left.
 *
 * @throws {Deno.errors.Busy} if another panel has the folder
 */
export async function openJobs(
  { folder, hub, spawn, running = 4, kept = 200, grace = 10_000 }: JobsOptions,
): Promise<Jobs> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = holdLock(join(folder, "panel.lock"), (owner) =>
    new Deno.errors.Busy(
      `Cannot open the panel as another one of this project runs, ${owner}: use that one, or end it`,
    ));
  const jobs = new Map<string, Live>();
  for (const one of await readJobs(folder)) jobs.set(one.job.id, one);
  let closing = false;

  const tell = (live: Live) => hub.send("job", live.job);
  const pathOf = (id: string, ending: string) => join(folder, `${id}.${ending}`);
  const find = (id: string): Live => {
    const live = jobs.get(id);
    if (!live) throw new Problem(404, "There is no such job");
    return live;
  };
  const active = () => [...jobs.values()].filter(({ child }) => child !== undefined);

  async function write(live: Live, job = live.job): Promise<void> {
    live.changed = false;
    try {
      const { state, log } = live;
      await writeAtomic(pathOf(job.id, "json"), JSON.stringify({ job, state, log } satisfies JobDetail));
    } catch (error) {
      log("warn", `The job ${live.job.id} was not kept: ${(error as Error).message}`);
    }
  }

  function flush(live: Live): void {
    if (live.pending.length + live.lines.length === 0) return;
    hub.send("told", { job: live.job.id, events: live.pending.splice(0), lines: live.lines.splice(0) });
  }

  function take(live: Live, text: string): void {
    let event: StageEvent;
    try {
      event = JSON.parse(text);
      apply(live.state, event);
    } catch (error) {
      return say(live, `(an event is left out: ${(error as Error).message}: ${text.slice(0, 100)})`);
    }
    live.changed = true;
    const last = live.pending.at(-1);
    const again = last?.kind === "progress" && event.kind === "progress" && last.label === event.label;
    if (again) live.pending.pop();
    live.pending.push(event);
  }

  function say(live: Live, line: string): void {
    const text = redact(line).slice(0, 2000);
    live.log.push(text);
    live.lines.push(text);
    if (live.log.length > LINES) live.log.splice(0, live.log.length - LINES);
    if (live.lines.length > LINES) live.lines.splice(0, live.lines.length - LINES);
    live.changed = true;
  }

  async function follow(live: Live, child: Deno.ChildProcess, events: string): Promise<void> {
    const leash = child.stdin; // kept open: when this process is gone, it closes, and the job ends
    const tail = openTail(events, (line) => take(live, line));
    let ended = false;
    let wrote = performance.now();
    const watch = (async () => {
      while (!ended) {
        await new Promise((resolve) => setTimeout(resolve, 120));
        await tail.read();
        flush(live);
        if (live.changed && performance.now() - wrote > 3000) {
          await write(live);
          wrote = performance.now();
        }
      }
    })();
    const [status] = await Promise.all([
      child.status,
      lines(child.stdout, (line) => say(live, line)),
      lines(child.stderr, (line) => say(live, line)),
    ]);
    ended = true;
    await watch;
    await leash.close().catch(() => undefined); // its reader has ended
    await tail.read(true);
    await Deno.remove(events).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) log("warn", `${events} was not removed: ${error.message}`);
    });
    const { code, success, signal } = status;
    const stopped = live.asked && (!success || live.job.stage === "paper"); // a trader that is told to ends well
    const job: Job = {
      ...live.job,
      ended: Date.now(),
      code,
      result: resultOf(live.state),
      status: stopped ? "stopped" : success ? "finished" : "failed",
      message: stopped ? stoppedText(live, signal) : success ? "" : faultOf(live.log, code, signal),
    };
    flush(live);
    await write(live, job);
    live.child = undefined;
    live.job = job;
    tell(live);
  }

  return {
    list: () => [...jobs.values()].map(({ job }) => job).reverse(),
    get(id) {
      const live = find(id);
      flush(live); // so that the stream's cursor stands behind what is in here
      return { job: live.job, state: live.state, log: live.log };
    },
    async start(order) {
      if (closing) throw new Problem(409, "The panel is ending");
      if (active().length >= running) {
        throw new Problem(429, `${running} jobs are running, and no more may: stop one, or wait until one has ended`);
      }
      const command = await commandLine(order);
      const id = newId(order.stage);
      const events = pathOf(id, "events");
      const job: Job = {
        id,
        stage: order.stage,
        title: titleOf(order),
        command,
        status: "running",
        started: Date.now(),
        ended: null,
        code: null,
        message: "",
        result: "",
        order,
      };
      const child = spawn(command, events);
      const live: Live = {
        job,
        child,
        state: newState(),
        log: [],
        asked: false,
        changed: false,
        pending: [],
        lines: [],
        done: Promise.resolve(),
      };
      jobs.set(id, live);
      live.done = follow(live, child, events);
      tell(live);
      await write(live);
      await prune();
      return live.job;
    },
    stop(id, now = false) {
      const live = find(id);
      if (!live.child) throw new Problem(409, "The job has ended already");
      end(live.child, now || live.asked ? "SIGKILL" : "SIGINT");
      live.asked = true;
      live.job = { ...live.job, status: "stopping" };
      tell(live);
      return live.job;
    },
    async remove(id) {
      const live = find(id);
      if (live.child) throw new Problem(409, "The job is running: stop it first");
      jobs.delete(id);
      hub.send("gone", { job: id });
      await Deno.remove(pathOf(id, "json")).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      const left = active();
      for (const live of left) {
        live.asked = true;
        end(live.child!, "SIGINT");
      }
      const patience = setTimeout(() => active().forEach(({ child }) => end(child!, "SIGKILL")), grace);
      await Promise.all([...jobs.values()].map(({ done }) => done));
      clearTimeout(patience);
      lock[Symbol.dispose]();
    },
  };

  /** Old jobs make room for new ones. */
  async function prune(): Promise<void> {
    for (const [id, { child }] of [...jobs].slice(0, Math.max(0, jobs.size - kept))) {
      if (child) continue;
      jobs.delete(id);
      hub.send("gone", { job: id });
      await Deno.remove(pathOf(id, "json")).catch((error) => log("warn", `${id} was not removed: ${error.message}`));
    }
  }
}

/** Jobs that were kept, oldest first. One that ran when its panel ended is lost: it ended with it. */
async function readJobs(folder: string): Promise<Live[]> {
  const found: Live[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    try {
      const { job, state, log } = JSON.parse(await Deno.readTextFile(join(folder, name))) as JobDetail;
      const lost = job.ended === null;
      const ended = (await Deno.stat(join(folder, name))).mtime?.getTime() ?? job.started;
      const told = lost ? await readEvents(join(folder, `${job.id}.events`)) : undefined;
      found.push({
        job: lost ? { ...job, status: "lost", ended, message: "The panel ended while it ran, and it with it" } : job,
        state: told ?? { ...newState(), ...state },
        log: [...log],
        child: undefined,
        asked: false,
        changed: false,
        pending: [],
        lines: [],
        done: Promise.resolve(),
      });
    } catch (error) {
      log("warn", `The job in ${name} is left out as its file cannot be read: ${(error as Error).message}`);
    }
  }
  return found.sort((a, b) => a.job.started - b.job.started || (a.job.id < b.job.id ? -1 : 1));
}

/** All that a job had told when its panel was killed; the file is not needed any more. */
async function readEvents(path: string): Promise<JobState | undefined> {
  if (!await exists(path)) return undefined;
  const state = newState();
  await openTail(path, (line) => {
    try {
      apply(state, JSON.parse(line));
    } catch (error) {
      log("warn", `An event in ${path} is left out: ${(error as Error).message}`); // cut off with its writer
    }
  }).read(true);
  await Deno.remove(path);
  return state;
}

/** `20260131-120000-train-3f9a`. */
function newId(stage: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return `${time}-${stage}-${crypto.randomUUID().slice(0, 4)}`;
}

function titleOf({ stage, set, options, preset }: Order): string {
  const { title, sections, settings } = stageOf(stage)!;
  const all = settingsOf(preset, set);
  const named = options.notebook || options.replay || options.symbol;
  const about = [
    options.model || !sections.includes("strategy") || options.notebook
      ? ""
      : all["strategy.name"].replaceAll("_", " "),
    options.model,
    named || (sections.includes("data") ? all["data.input"] : ""),
    settings && preset !== "quick" ? preset : "",
  ].filter(Boolean);
  return about.length > 0 ? `${title}: ${about.join(", ").slice(0, 120)}` : title;
}

function end(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(Deno.build.os === "windows" ? "SIGKILL" : signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended
  }
}

function stoppedText({ job, state }: Live, signal: Deno.Signal | null): string {
  if (signal === "SIGKILL") return "Ended at once; what it had finished is kept";
  if (job.stage === "paper") return "Stopped between two bars; what it holds, it holds on paper. Resume goes on";
  const last = state.progress.at(-1);
  return last?.total ? `Stopped at ${Math.round(100 * last.done / last.total)} % of: ${last.label}` : "Stopped";
}

/** The numbers that a list shows beside a job. */
function resultOf({ results, equity, cash, trials, pages, alerts }: JobState): string {
  const percent = (share: number) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)} %`;
  const find = (key: string) => results[key] ?? results[`agent/${key}`] ?? results[`test/agent/${key}`];
  const [earned, sharpe] = [find("total_return"), find("sharpe_ratio")];
  const [first, last] = [cash ?? equity.y[0], equity.y.at(-1)];
  const values = trials.filter(({ state }) => state === "finished").map(({ value }) => value ?? -Infinity);
  return [
    alerts.kill_switch?.on ? "ended by its kill switch" : "",
    typeof earned === "number"
      ? `return ${percent(earned)}`
      : first && last
      ? `equity ${percent(last / first - 1)}`
      : "",
    typeof sharpe === "number" ? `Sharpe ratio ${sharpe.toFixed(2)}` : "",
    trials.length > 0 ? `${trials.length} trials` : "",
    values.length > 0 ? `best ${Math.max(...values).toPrecision(4)}` : "",
    pages.length > 0 ? pages.join(", ") : "",
  ].filter(Boolean).join(", ").replaceAll(" -", " −");
}

/** The last line that says what is wrong. */
function faultOf(log: readonly string[], code: number, signal: string | null): string {
  const said = log.findLast((line) => line.startsWith("error "))?.slice("error ".length);
  return said ?? (signal ? `It was ended by ${signal}` : `It ended with exit code ${code}`);
}

async function lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const found = (rest + chunk).split("\n");
    rest = found.pop()!.slice(-10_000);
    for (const line of found) onLine(line.replace(/\r$/, ""));
  }
  if (rest !== "") onLine(rest);
}
