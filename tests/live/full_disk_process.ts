/** Writes to a journal that has no room, and prints what is said: in a process with leave to open `/dev/full`. */
import { openJournal } from "../../lib/live/journal.ts";

using journal = openJournal(Deno.args[0]);
for (let i = 0; i < 2; i++) {
  try {
    journal.append({ i });
    console.log("taken");
  } catch (error) {
    console.log((error as Error).message);
  }
}
