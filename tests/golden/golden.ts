import { assertEquals } from "@std/assert";

/**
 * Compares `text` with the file of that name beside this one. `UPDATE_GOLDEN=1 deno test` writes what is new or
 * different instead: look at it before it is committed.
 */
export async function assertGolden(name: string, text: string): Promise<void> {
  const path = new URL(name, import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN")) return await Deno.writeTextFile(path, text);
  assertEquals(text, await Deno.readTextFile(path), `${name} differs from what is kept: is the change meant?`);
}
