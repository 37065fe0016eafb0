import { basename, join, resolve } from "node:path";
import { writeAtomic } from "../base/files.ts";
import { redact } from "../base/secret.ts";
import { embedRun, type RunFacts } from "./facts.ts";
import { indexHtml, listReports } from "./index_page.ts";
import { scrub } from "./scrub.ts";

/** What was published. */
export interface Published {
  readonly files: readonly string[]; // names in the target folder
  readonly skipped: readonly string[]; // names of failed reports, which are not worth it
}

/**
 * Copies the reports that may be shown, with an index of their own, into a folder that a web server can serve as it is.
 * Failed reports stay behind; links to runs, which lead to a tracking server that others can't reach, become text.
 *
 * @param to made when missing; other files in it stay
 * @throws {Error} naming file and finding, before anything is written, if a page has a secret, a path of this machine or
 *   a reference to the outside in it
 */
export async function publish(to: string, folder = "reports"): Promise<Published> {
  if (resolve(to) === resolve(folder)) {
    throw new RangeError(`Cannot publish to ${to} as it must be another folder than the one the reports are in`);
  }
  const all = await listReports(folder);
  const chosen = all.filter(({ status }) => status === "finished");
  if (chosen.length === 0) {
    throw new RangeError(`Cannot publish ${folder} as it has no finished report: \`deno task report\` makes them`);
  }
  const pages = await Promise.all(chosen.map(async ({ file, time, run }): Promise<[string, string]> => {
    const page = withoutRunLink(await Deno.readTextFile(join(folder, file)), { time, ...(run && { run }) });
    return [file, page];
  }));
  pages.push(["index.html", indexHtml(chosen)]);
  const faults = pages.flatMap(([file, page]) => unfit(page).map((fault) => `${file}: ${fault}`));
  if (faults.length > 0) throw new Error(`Cannot publish as ${faults.join("; ")}`);
  for (const [file, page] of pages) await writeAtomic(join(to, file), page);
  await writeAtomic(join(to, ".nojekyll"), ""); // GitHub Pages serves the folder as it is
  return {
    files: pages.map(([file]) => file),
    skipped: all.filter(({ status }) => status === "failed").map(({ file }) => basename(file)),
  };
}

function withoutRunLink(page: string, run: RunFacts): string {
  const bare = page.replace(/(<p class="this-run">(?:(?!<\/p>)[\s\S])*?)<a [^>]*>([\s\S]*?)<\/a>/, "$1$2");
  const shown = bare.match(/<!--of this run only-->([\s\S]*?)<script/)?.[1] ?? "";
  return bare.replace(/<!--of this run only-->[\s\S]*?<!--\/of this run only-->/, () => embedRun(run, shown));
}

/** Why a page must not leave this machine: empty when it may. */
export function unfit(page: string): string[] {
  const faults: string[] = [];
  const check = (found: string | undefined, what: string) =>
    void (found && faults.push(`${what} (${found.slice(0, 60)})`));
  // What a reader's browser would see; the code of our own libraries has words like these in it.
  const text = page.replace(/<script>[\s\S]*?<\/script>/g, "").replace(/data:image\/[^"')]*/g, "");
  const open = redact(text);
  if (open !== text) faults.push("it has a known secret in it");
  check(text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----/)?.[0], "it has a private key in it");
  check(
    text.match(
      /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abp]-[\w-]{10,}|sk-[\w-]{20,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)/,
    )?.[0].replace(/.{8}$/, "…"),
    "it has what looks like a key in it",
  );
  if (scrub(open) !== open) faults.push(`it has a path of this machine in it (${firstDifference(open, scrub(open))})`);
  check(
    text.match(
      /(?<![\w/.:-])(?:\/(?:home|Users|root|private|var\/folders)\/[\w.-]+|[A-Z]:\\Users\\[\w.-]+|file:\/\/\/?[\w/.-]+)/,
    )?.[0],
    "it has a path of a machine in it",
  );
  check(
    text.match(
      /\bhttps?:\/\/(?:localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[::1\])[^\s"'<]*/,
    )?.[0],
    "it names a server of this machine or its network",
  );
  check(
    [...text.matchAll(
      /<(?!a\b)[a-z]+\b[^>]*?\s(?:src|href|xlink:href|srcset|poster|data|action)\s*=\s*["']?((?:https?:)?\/\/[^\s"'>]+)/gi,
    )][0]?.[1],
    "it refers to the outside",
  );
  check(text.match(/(?:@import|url\()\s*["']?((?:https?:)?\/\/[^\s"')]+)/i)?.[1], "its style refers to the outside");
  return faults;
}

function firstDifference(a: string, b: string): string {
  let at = 0;
  while (a[at] === b[at]) at++;
  return a.slice(Math.max(0, at - 10), at + 40).replaceAll("\n", " ");
}
