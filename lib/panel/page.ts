import { themeCss } from "../report/theme.ts";

/** A file of the page. */
export interface WebFile {
  readonly type: string;
  readonly body: string;
}

const files = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/style.css": ["style.css", "text/css; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
} as const;
const modules = ["main", "api", "charts", "dom", "form", "job", "lists", "state", "format"];

/** The page's files by their address: read once, none of them holds a secret. */
export async function webFiles(): Promise<Record<string, WebFile>> {
  const read = (name: string) => Deno.readTextFile(new URL(`./web/${name}`, import.meta.url));
  const plain = Object.entries(files).map(async ([path, [name, type]]) => {
    const text = await read(name);
    return [path, { type, body: name === "style.css" ? themeCss() + text : text }] as const;
  });
  const scripts = modules.map(async (name) =>
    [`/${name}.js`, { type: "text/javascript; charset=utf-8", body: await read(`${name}.js`) }] as const
  );
  return Object.fromEntries(await Promise.all([...plain, ...scripts]));
}
