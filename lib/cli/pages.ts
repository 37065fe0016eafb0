import { basename, resolve } from "node:path";
import { Command } from "commander";
import { exists } from "../base/files.ts";
import { projectPath } from "../base/project.ts";
import { didYouMean } from "../base/suggest.ts";
import { explain } from "../report/explain.ts";
import { listReports } from "../report/index_page.ts";
import { publish } from "../report/publish.ts";
import { print } from "./command.ts";

/** `lab explain`: where a report came from. */
export function explainCommand(): Command {
  return new Command("explain")
    .description("print where a report came from: data, settings, commit, run")
    .argument("<report>", "an HTML page: reports/NAME.html, its name, or a notebook's for its newest: 03_backtest")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (path: string, options: { json?: boolean }) => {
      const found = await explain(await reportAt(path));
      const { text, runUrl, ...facts } = found;
      print(options, { ...facts, run_url: runUrl }, () => text);
    });
}

async function reportAt(name: string): Promise<string> {
  const folder = projectPath("reports");
  for (const path of [resolve(name), projectPath(name), resolve(folder, name)]) if (await exists(path)) return path;
  const reports = await listReports(folder); // newest first
  const found = reports.find((report) => report.file === `${name}.html` || report.name === name);
  if (found) return resolve(folder, found.file);
  const known = reports.map(({ file }) => file);
  throw new Deno.errors.NotFound(
    `Cannot explain "${name}" as there is no such report: ${didYouMean(basename(name), known.sort())}`,
  );
}

/** `lab publish`: pages for a static site. */
export function publishCommand(): Command {
  return new Command("publish")
    .description("copy the reports that may be shown (no secrets, no local paths) into a folder for a static site")
    .requiredOption("--to <folder>", "where to; made when missing")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (options: { to: string; json?: boolean }) => {
      const published = await publish(options.to, projectPath("reports"));
      const { files, skipped } = published;
      print(options, published, () =>
        [
          `${files.length} files in ${options.to}: open index.html, or let any web server serve the folder`,
          ...(skipped.length > 0 ? [`left out, as they failed: ${skipped.join(", ")}`] : []),
        ].join("\n"));
    });
}
