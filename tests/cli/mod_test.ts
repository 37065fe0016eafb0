import { assert, assertEquals } from "@std/assert";
import { commands } from "../../lib/cli/mod.ts";

Deno.test("every command has the name it is listed under, a description, and --json or a reason to go without", async () => {
  const context = { signal: new AbortController().signal, exit() {} };
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = await load(context);
    assertEquals(command.name(), name);
    assert(summary.length > 10 && summary.length < 65 && command.description().length > 10, name);
    const json = command.options.some(({ long }) => long === "--json");
    assert(json || name === "notebook", `${name} has no --json`);
  }
});

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier: string }; readonly isDynamic?: boolean }[];
}

Deno.test("the program starts without loading what its commands are made of", async () => {
  const args = ["info", "--json", "lib/cli.ts"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
  const { modules, roots }: { modules: Module[]; roots: string[] } = JSON.parse(new TextDecoder().decode(stdout));
  const found = new Set(roots);
  for (const specifier of found) {
    const { dependencies = [] } = modules.find((module) => module.specifier === specifier) ?? {};
    for (const { code, isDynamic } of dependencies) if (code && !isDynamic) found.add(code.specifier);
  }
  const packages = [...found].filter((specifier) => specifier.startsWith("npm:")).map((name) =>
    name.replace(/^npm:\/?/, "")
  );
  assertEquals(packages.map((name) => name.split("@")[0]), ["commander"]);
  assert(found.size < 25, `${found.size} modules are loaded to print --help`);
});
