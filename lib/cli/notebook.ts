import { relative } from "node:path";
import { Command } from "commander";
import { projectPath } from "../base/project.ts";
import { findNotebook } from "../pipeline/notebooks.ts";
import { startJupyterLab } from "../report/jupyter_lab.ts";
import { ensurePython } from "../track/python.ts";
import { bar, type Context } from "./command.ts";

/** `deno task notebook`: JupyterLab with the project's kernel, until Ctrl-C. */
export function notebookCommand({ signal }: Context): Command {
  return new Command("notebook")
    .description("open JupyterLab with the project's Deno kernel; nothing to install by hand")
    .argument("[notebook]", "what to open: 00_quickstart, notebooks/00_quickstart.ipynb")
    .option("--port <number>", "first port to try, on loopback", "8888")
    .option("--no-browser", "do not open a browser, print the address alone")
    .action(async (name: string | undefined, options: { port: string; browser: boolean }) => {
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 1 || port > 65_535) {
        throw new RangeError(`Cannot listen on port "${options.port}" as it must be a whole number from 1 to 65535`);
      }
      const notebook = name === undefined ? undefined : await inProject(name);
      const { python } = await installed();
      signal.throwIfAborted();
      const root = projectPath();
      await using lab = await startJupyterLab({
        ...{ python, root, port, browser: options.browser, signal },
        ...(notebook === undefined ? {} : { notebook }),
      });
      console.log(`JupyterLab: ${lab.url}   (Ctrl-C ends it)`);
      const code = await Promise.race([lab.done, interrupted(signal)]);
      if (code !== 0) throw new Error(`Cannot go on as JupyterLab ended with exit code ${code}`);
    });
}

async function inProject(name: string): Promise<string> {
  const path = relative(projectPath(), await findNotebook(name)).replaceAll("\\", "/");
  if (!path.startsWith("../")) return path;
  throw new RangeError(`Cannot open "${name}" in JupyterLab as it must lie in the project's folder`);
}

async function installed() {
  using progress = bar("Python tools", {});
  return await ensurePython({ onProgress: progress.update });
}

/** Resolves to an exit code: being ended by Ctrl-C is how this command ends. */
function interrupted(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(0);
    signal.addEventListener("abort", () => resolve(0));
  });
}
