/** `deno task lock`: writes the locks of the Python tools anew, for every platform, from their `.in` files, which may say "Python 3.11 or newer". */
import { projectPath } from "../base/project.ts";
import { ensurePython } from "./python.ts";

const { bin } = await ensurePython();
const names = [...Deno.readDirSync(projectPath())].map(({ name }) => name);
for (const source of names.filter((name) => /^requirements.*\.in$/.test(name)).sort()) {
  const target = source.replace(/\.in$/, ".lock");
  const least = Deno.readTextFileSync(projectPath(source)).match(/Python (3\.\d+) or newer/)?.[1] ?? "3.10";
  const options = ["--universal", "--generate-hashes", "--no-annotate", "--python-version", least, "--quiet"];
  const { code } = await new Deno.Command(bin("uv"), {
    args: ["pip", "compile", ...options, "--custom-compile-command", "deno task lock", source, "-o", target],
    cwd: projectPath(),
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
  console.log(`${target} written`);
}
