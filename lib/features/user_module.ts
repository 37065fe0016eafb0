import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nearest } from "../base/suggest.ts";
import type { Candles } from "../market/candles.ts";
import { asColumns, type Columns } from "./leaks.ts";

/** What a user's module exports: bars in, columns by name out ([T] each) or a matrix. It may take its time. */
export type UserFeatures = (candles: Candles) => UserColumns | Promise<UserColumns>;
export type UserColumns = Columns | Readonly<Record<string, ArrayLike<number>>>;

/**
 * Loads a user's own features from a module: its default export, or one named `features`, or the one that is asked for.
 *
 * ```ts ignore
 * // my_features.ts
 * export default (candles: Candles) => ({ body: candles.$close.map((close, t) => close - candles.$open[t]) });
 * ```
 *
 * @param path of a .ts or .js file
 * @param name of the export
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {SyntaxError} if the module cannot be loaded
 * @throws {TypeError} if it exports no such function; its own faults, when it is called, are an Error that says where
 */
export async function importFeatures(
  path: string,
  name?: string,
): Promise<(candles: Candles) => Promise<Columns>> {
  const file = resolve(path);
  try {
    await Deno.stat(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`Cannot load features from ${path} as there is no such file`, { cause: error });
  }
  const module = await importModule(path, pathToFileURL(file).href);
  const wanted = name ?? ["default", "features"].find((option) => typeof module[option] === "function");
  const compute = wanted === undefined ? undefined : module[wanted];
  if (typeof compute !== "function") {
    const functions = Object.keys(module).filter((key) => typeof module[key] === "function");
    const close = name === undefined ? undefined : nearest(name, functions);
    throw new TypeError(
      `Cannot load features from ${path} as it must export a function ${
        name === undefined ? "as default or by the name features" : `named "${name}"`
      }: ${close ? `nearest is "${close}"; ` : ""}it exports ${functions.join(", ") || "no function"}`,
    );
  }
  return async (candles) => columnsOf(path, await attributed(path, file, compute as UserFeatures, candles));
}

async function importModule(path: string, url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot load features from ${path} as it fails when it is imported: ${what}`, {
      cause: error,
    });
  }
}

/** What the user's function gives, or why not in the user's terms: which line of the module threw. */
async function attributed(
  path: string,
  file: string,
  compute: UserFeatures,
  candles: Candles,
): Promise<UserColumns> {
  try {
    return await compute(candles);
  } catch (error) {
    const own = error instanceof Error ? error : new Error(String(error));
    const line = own.stack?.split("\n").find((frame) => frame.includes(pathToFileURL(file).href));
    const place = /:(\d+):\d+\)?$/.exec(line ?? "")?.[1];
    throw new Error(
      `Cannot compute the features of ${path} as its function threw ${place ? `at line ${place}` : ""}`.trimEnd() +
        `: ${own.name}: ${own.message}`,
      { cause: error },
    );
  }
}

function columnsOf(path: string, value: unknown): Columns {
  const isObject = typeof value === "object" && value !== null;
  if (isObject && "names" in value && "values" in value && ArrayBuffer.isView(value.values)) return value as Columns;
  const entries = isObject ? Object.entries(value) : [];
  const odd = entries.find(([, column]) => typeof (column as ArrayLike<number>)?.length !== "number");
  if (entries.length === 0 || odd) {
    throw new TypeError(
      `Cannot use the features of ${path} as the function must return columns of numbers by name: ${
        odd ? `"${odd[0]}" is not a column` : `it returned ${isObject ? "none" : String(value)}`
      }`,
    );
  }
  return asColumns(value as Readonly<Record<string, ArrayLike<number>>>);
}
