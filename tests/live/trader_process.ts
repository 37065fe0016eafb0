/** A trader of made-up bars in a process of its own, to be killed before the bar `LAST` ends: `FOLDER LAST [resume]`. */
import { loadConfig } from "../../lib/config/load.ts";
import { trackedPaper } from "../../lib/pipeline/paper.ts";
import { replaySource } from "../../lib/pipeline/paper/source.ts";
import { madeUp, settings } from "./made_up.ts";

const [folder, last, resume] = Deno.args;
const candles = madeUp();
// 2 ms a bar: slow enough to be hit, quick enough to end.
await trackedPaper(loadConfig(settings), replaySource([candles], "made up", candles.step / 2), {
  ...{ folder, name: "s", resume: resume === "resume" },
  onBar({ t }) {
    console.log(t);
    if (t >= Number(last)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000); // for who is slow to kill
  },
});
