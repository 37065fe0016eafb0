import { Command } from "commander";
import { projectPath } from "../base/project.ts";
import { explain } from "../report/explain.ts";
import { publish } from "../report/publish.ts";
import { print } from "./command.ts";

/** `lab explain`: where a report came from. */
export function explainCommand(): Command {
  return new Command("explain")
    .description("print where a report came from: data, settings, commit, run")
    .argument("<report>", "an HTML page of reports/")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (path: string, options: { json?: boolean }) => {
      const found = await explain(path);
      print(options, found, () => found.text);
    });
}

/** `lab publish`: pages for a static site. */
export function publishCommand(): Command {
  return new Command("publish")
    .description("copy the reports that may be shown (no secrets, no local paths) into a folder for a static site")
    .requiredOption("--to <folder>", "where to; made when missing")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (options: { to: string; json?: boolean }) => {
      const published = await publish(options.to, projectPath("reports"));
      print(options, published, () => `${published.files.length} files in ${options.to}`);
    });
}
