/** The command line: arguments in, a pipeline function called, a table or JSON out. */
import { Command, CommanderError } from "commander";
import { log } from "./base/log.ts";
import { projectPath } from "./base/project.ts";
import { writeStandardError } from "./base/standard_error.ts";
import type { Context } from "./cli/command.ts";
import { closeEvents } from "./cli/events.ts";
import { commands } from "./cli/mod.ts";
import { LEASH, readEnvironment, settingsOf } from "./config/environment.ts";

/**
 * Runs one command line.
 *
 * @param args without the program's own name: `["backtest", "--strategy", "momentum"]`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function main(args: readonly string[]): Promise<number> {
  knowSecrets();
  const interrupt = new AbortController();
  const unwatch = watchSignals(interrupt);
  let code = 0;
  try {
    const program = await programFor(args, { signal: interrupt.signal, exit: (status) => void (code = status) });
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (interrupt.signal.aborted) {
      const said = error instanceof Error && error.message.startsWith("Interrupted. ") ? error.message : undefined;
      log("error", said ?? "Interrupted. What was finished is kept; run the same command again to go on.");
      return 130;
    }
    tell(error);
    return 1;
  } finally {
    closeEvents();
    unwatch();
  }
}

/** So that no line shows one, not even where somebody put it into the wrong option. */
function knowSecrets(): void {
  try {
    settingsOf(readEnvironment(projectPath()));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // of a wrong environment: the command says so where it matters
  }
}

/** The program with every command's name; the code of one that is not asked for is not loaded. */
async function programFor(args: readonly string[], context: Context): Promise<Command> {
  const program = new Command("lab")
    .usage("<command> [options]")
    .description("Candelabra: crypto trading research that can be trusted, from candles to report.")
    .addHelpText("after", "\nlab is `deno task lab`; deno task lab COMMAND --help says what a command takes.")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeErr: writeStandardError,
      outputError: (text) => log("error", usageFault(text)),
    });
  const [first, second] = args.filter((arg) => !arg.startsWith("-"));
  const wanted = first === "help" ? second : first;
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = name === wanted ? await load(context) : new Command(name);
    program.addCommand(command.summary(summary).showSuggestionAfterError().copyInheritedSettings(program));
  }
  return program;
}

/** `error: unknown option '--stratgy'\n(Did you mean --strategy?)` as one sentence. */
function usageFault(text: string): string {
  const line = text.trim().replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  return line.slice(0, 1).toUpperCase() + line.slice(1);
}

/** Ctrl-C, an orderly end, a closed terminal: the first lets the command finish, the second does not wait. */
function watchSignals(interrupt: AbortController): () => void {
  let first = 0;
  const onSignal = () => {
    // One end may come as several signals: to the group, and handed on by each process above.
    if (first > 0 && performance.now() - first > 500) Deno.exit(130);
    if (first > 0) return;
    first = performance.now();
    log("warn", "Interrupted: finishing what must not be left half done. Press again to stop at once.");
    interrupt.abort(new DOMException("Interrupted", "AbortError"));
  };
  if (Deno.env.get(LEASH)) {
    Deno.env.delete(LEASH); // this process's alone
    Deno.stdin.readable.pipeTo(new WritableStream()).finally(onSignal); // who started it is gone
  }
  const signals = Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => signals.forEach((signal) => Deno.removeSignalListener(signal, onSignal));
}

/** What went wrong, for a person: the message; where it came from only for errors nobody foresaw, or when debugging. */
function tell(error: unknown): void {
  if (!(error instanceof Error)) return log("error", String(error));
  const leave = error instanceof Deno.errors.NotCapable ? ": a command has no more leave than it needs" : "";
  log("error", error.message + leave);
  if (foreseen(error) && Deno.env.get("LOG_LEVEL") !== "debug") return;
  log("error", error.stack ?? "");
  if (error.cause instanceof Error) log("error", `Caused by: ${error.cause.stack}`);
}

/** Whether an error is one of ours, which say what could not be done, or of the system. The engine's are mistakes here. */
function foreseen({ message, name }: Error): boolean {
  const ours = /^(?:Cannot|MLflow at) /.test(message);
  const engine = /^Cannot (?:(?:read|set|define|redefine|delete|add) propert|destructure|convert|access|mix|assign)/;
  return (ours && !engine.test(message)) || Object.hasOwn(Deno.errors, name);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
