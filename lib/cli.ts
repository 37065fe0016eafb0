/** The command line: arguments in, a pipeline function called, a table or JSON out. */
import { Command, CommanderError } from "commander";
import { log } from "./base/log.ts";
import { redact } from "./base/secret.ts";
import { commands } from "./cli/mod.ts";

/**
 * Runs one command line.
 *
 * @param args without the program's own name: `["backtest", "--strategy", "momentum"]`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) Deno.exit(130); // the second Ctrl-C does not wait
    log("warn", "Interrupted: finishing what must not be left half done. Press again to stop at once.");
    interrupt.abort(new DOMException("Interrupted", "AbortError"));
  };
  Deno.addSignalListener("SIGINT", onSignal);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", onSignal);

  let code = 0;
  const program = new Command("lab")
    .usage("<command> [options]")
    .description("Candelabra: crypto trading research that can be trusted, from candles to report.")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)) });
  for (const command of commands({ signal: interrupt.signal, exit: (status) => void (code = status) })) {
    program.addCommand(command.exitOverride().showSuggestionAfterError().copyInheritedSettings(program));
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (interrupt.signal.aborted) {
      log("error", "Interrupted. What was finished is kept; run the same command again to go on.");
      return 130;
    }
    tell(error);
    return 1;
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", onSignal);
  }
}

/** What went wrong, for a person: the message; where it came from only for errors nobody foresaw, or when debugging. */
function tell(error: unknown): void {
  const expected = error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError ||
    error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied;
  if (!(error instanceof Error)) return log("error", String(error));
  log("error", error.message);
  const cause = error.cause instanceof Error ? `Caused by: ${error.cause.message}` : "";
  if (cause) log("info", cause);
  if (!expected || Deno.env.get("LOG_LEVEL") === "debug") console.error(redact(error.stack ?? ""));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
