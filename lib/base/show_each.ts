import { DISPLAY, type Displayable } from "./display.ts";
import { inNotebook } from "./progress.ts";

/** Shows several values one after another as a cell's output, each in its own form; outside a notebook does nothing. */
export function showEach(values: readonly object[]): void {
  if (!inNotebook()) return;
  for (const value of values) {
    const show = (value as Partial<Displayable>)[DISPLAY];
    const data = show ? show.call(value as Displayable) : { "text/plain": String(value) };
    Deno.jupyter.broadcast("display_data", { data, metadata: {}, transient: {} });
  }
}
