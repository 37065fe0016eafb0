import { Command } from "commander";
import { projectPath } from "../base/project.ts";
import { startJupyterLab } from "../report/jupyter_lab.ts";
import { ensurePython } from "../track/python.ts";
import { bar, type Context } from "./command.ts";

/** `deno task notebook`: JupyterLab with the project's kernel, until Ctrl-C. */
export function notebookCommand({ signal }: Context): Command {
  return new Command("notebook")
    .description("open JupyterLab with the project's Deno kernel; nothing to install by hand")
    .argument("[notebook]", "what to open: notebooks/00_quickstart.ipynb")
    .option("--port <number>", "first port to try, on loopback", "8888")
    .option("--no-browser", "do not open a browser, print the address alone")
    .action(async (notebook: string | undefined, options: { port: string; browser: boolean }) => {
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 1 || port > 65_535) {
        throw new RangeError(`Cannot listen on port "${options.port}" as it must be a whole number from 1 to 65535`);
      }
      const { python } = await installed();
      await using lab = await startJupyterLab({
        python,
        root: projectPath(),
        port,
        browser: options.browser,
        ...(notebook ? { notebook } : {}),
      });
      console.log(`JupyterLab: ${lab.url}   (Ctrl-C ends it)`);
      const interrupted = new Promise<number>((resolve) => signal.addEventListener("abort", () => resolve(0)));
      await Promise.race([lab.done, interrupted]);
    });
}

async function installed() {
  using progress = bar("Python tools", {});
  return await ensurePython({ onProgress: progress.update });
}
