import { Command } from "commander";
import { openPanel } from "../panel/server.ts";
import type { Context } from "./command.ts";

/** `deno task panel`: the control panel, until Ctrl-C. */
export function panelCommand({ signal }: Context): Command {
  return new Command("panel")
    .description("serve the control panel on loopback: start, watch and stop stages in a browser")
    .option("--port <number>", "port on 127.0.0.1; 0: any that is free", "8400")
    .option("--json", "print JSON, and nothing else, on standard output")
    .addHelpText(
      "after",
      "\nThe address holds a token that is good until the panel ends: who has it can start and stop stages.",
    )
    .action(async ({ port: text, json }: { port: string; json?: boolean }) => {
      const port = Number(text);
      if (!/^\d+$/.test(text) || port > 65_535) {
        throw new RangeError(`Cannot listen on port "${text}" as it must be a whole number from 0 to 65535`);
      }
      await using panel = await openPanel({ port }).catch((error) => {
        if (!(error instanceof Deno.errors.AddrInUse)) throw error;
        throw new Deno.errors.AddrInUse(
          `Cannot listen on port ${port} as another program does: --port 0 takes one that is free`,
          { cause: error },
        );
      });
      // Not through `print`, which hides secrets: this is the one place where the token is shown.
      console.log(
        json ? JSON.stringify({ url: panel.url, port: panel.port }) : `Panel: ${panel.url}   (Ctrl-C ends it)`,
      );
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
}
