/** `deno task mlflow`: the tracking pages, until Ctrl-C. */
import { parseArgs } from "node:util";
import { log } from "../base/log.ts";
import { progress } from "../base/progress.ts";
import { didYouMean } from "../base/suggest.ts";
import { type ServerOptions, stopServer, type TrackingServer, trackingServer } from "./server.ts";
import { sendUnsent } from "./unsent.ts";

/** The tracking pages for a person. */
export interface UiOptions extends ServerOptions {
  readonly signal: AbortSignal; // ends it
  readonly onOpen: (server: TrackingServer) => void;
}

/**
 * Brings the tracking server up, sends runs that waited for it, and keeps it awake until `signal` aborts; then ends it
 * if it was started here (a run that is being written starts it again). Another's server is only named.
 */
export async function openUi({ signal, onOpen, ...options }: UiOptions): Promise<void> {
  const server = await trackingServer(options);
  onOpen(server);
  if (!server.local) return;
  await sendUnsent(options);
  const awake = setInterval(() => {
    trackingServer(options).catch((error) => log("warn", error.message));
  }, 60_000);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  clearInterval(awake);
  if (server.started) await stopServer(options.root);
}

const help = `The tracking pages, until Ctrl-C.

deno task mlflow [--port 5000] [--stop]

  --port   first port to try; another is taken when it is busy
  --stop   end the local server and return

With MLFLOW_TRACKING_URI set, its address is printed and nothing is started.`;

async function main(args: string[]): Promise<void> {
  const options = {
    port: { type: "string" },
    stop: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  for (const name of args.flatMap((arg) => arg.match(/^--([^=]+)/)?.slice(1) ?? [])) {
    if (!(name in options)) throw new RangeError(`Cannot use --${name}: ${didYouMean(name, Object.keys(options))}`);
  }
  const { values } = parseArgs({ args, options });
  if (values.help) return console.log(help);
  if (values.stop) return console.log(await stopServer() ? "The tracking server has ended" : "No tracking server runs");
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os !== "windows" || signal === "SIGINT") Deno.addSignalListener(signal, () => ended.abort());
  }
  using bar = progress("MLflow");
  await openUi({
    ...(values.port === undefined ? {} : { port: portOf(values.port) }),
    signal: ended.signal,
    onProgress: bar.update,
    onOpen: ({ uri, local }) => {
      bar[Symbol.dispose]();
      console.log(`MLflow: ${uri}${local ? "   (Ctrl-C ends it)" : ""}`);
    },
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new RangeError(`Cannot listen on port "${text}" as it must be a whole number from 1 to 65535`);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
    Deno.exit(0); // signal listeners would hold it
  } catch (error) {
    log("error", (error as Error).message);
    Deno.exit(1);
  }
}
