/**
 * A trial program that trains nothing: its value at a step is a curve of its parameter `x`, known to the test. It speaks and
 * keeps checkpoints as `lib/trial_main.ts` does, and takes `params.pause` ms a rung.
 */
import { join } from "node:path";
import type { TrialAnswer, TrialJob } from "../../lib/hyperopt/trial.ts";

const lines = reader();
for (let line = await lines.next(); !line.done; line = await lines.next()) {
  const job = JSON.parse(line.value) as TrialJob;
  const { trial, rungs, params, checkpoint } = job;
  await Deno.mkdir(checkpoint, { recursive: true });
  const file = join(checkpoint, "rung");
  let done = await Deno.readTextFile(file).then(Number, () => -1);
  let stopped = false;
  while (!stopped && done < rungs.length - 1) {
    const rung = done + 1;
    await new Promise((resolve) => setTimeout(resolve, Number(params.pause ?? 0)));
    if (params.fails === true) throw new Error("this trial cannot be run");
    say({
      kind: "report",
      trial,
      rung,
      step: rungs[rung],
      value: valueAt(Number(params.x), rungs[rung]),
      metrics: {},
      seconds: 1,
    });
    const answer = JSON.parse((await lines.next()).value) as TrialAnswer;
    done = rung;
    await Deno.writeTextFile(file, String(done));
    await Deno.writeTextFile(join(checkpoint, "lives"), `${Deno.pid}\n`, { append: true });
    stopped = answer.answer === "stop";
  }
  const value = valueAt(Number(params.x), rungs[done]);
  say({ result: { kind: "done", trial, value, metrics: {}, returns: [value, -value] } });
}

function valueAt(x: number, step: number): number {
  return (1 - (x - 0.3) ** 2) * step / (step + 10);
}

function say(message: unknown): void {
  console.log(JSON.stringify(message));
}

async function* reader(): AsyncGenerator<string> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + text).split("\n");
    rest = whole.pop()!;
    yield* whole;
  }
}
