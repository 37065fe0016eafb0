import { eventFile } from "../base/event_file.ts";
import type { OnEvent } from "../base/events.ts";
import { EVENTS } from "../config/environment.ts";

const path = Deno.env.get(EVENTS);
const events = path ? eventFile(path) : undefined;

/** Tells the file that `CANDELABRA_EVENTS` names; nothing where nobody watches. */
export const onEvent: OnEvent | undefined = events?.onEvent;

/** Writes what waits, and closes the file: the last thing a command does. */
export function closeEvents(): void {
  events?.[Symbol.dispose]();
}
