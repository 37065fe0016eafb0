/**
 * How fast the 44 indicators are beside TA-Lib's C library, on the same machine in the same minute: the two take turns.
 *
 *     deno run -A tests/bench/indicators.ts --python PATH [--bars 1000000] [--rounds 15] [--each] [--json]
 *
 * PATH is a Python with TA-Lib (or the environment variable TALIB_PYTHON). Times are processor time, best of all rounds. TA-Lib's
 * wrapper makes new arrays and its memory allocator hands it the same memory each time; ours writes into the columns of
 * the round before ("reused", the figure to compare) or into new ones ("fresh", which the system must clear first).
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { newCandles } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { rng } from "../../lib/base/random.ts";
import { computeIndicators, talibIndicators } from "../../lib/features/indicators/mod.ts";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: Deno.env.get("TALIB_PYTHON") ?? "python3" },
    bars: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "15" },
    each: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [bars, rounds] = [Number(options.bars), Number(options.rounds)];

const candles = newCandles(synthetic(bars, rng(1)));
const calls = Object.keys(talibIndicators).map((name) => ({ name }));

await using peer = await talib();
const into = computeIndicators(candles, calls);
let best = { ours: Infinity, fresh: Infinity, talib: Infinity };
for (let round = 0; round < rounds; round++) {
  best = {
    talib: Math.min(best.talib, await peer.time("all")),
    ours: Math.min(best.ours, timed(() => computeIndicators(candles, calls, { into }))),
    fresh: Math.min(best.fresh, round < 3 ? timed(() => computeIndicators(candles, calls)) : Infinity),
  };
}
const total = { bars, ...peer.versions, ...best, ratio: best.ours / best.talib, ratioFresh: best.fresh / best.talib };

const families = [...Map.groupBy(calls, ({ name }) => talibIndicators[name].kernel).values()].map((family) => ({
  family,
  columns: family.map(({ name }) => into[calls.findIndex((call) => call.name === name)]),
  names: family.map(({ name }) => name).join(" "),
  ours: Infinity,
  talib: Infinity,
}));
for (let round = 0; options.each && round < rounds; round++) {
  for (const each of families) {
    let sum = 0;
    for (const { name } of each.family) {
      sum += await peer.time(String(calls.findIndex((call) => call.name === name)));
    }
    each.talib = Math.min(each.talib, sum);
    each.ours = Math.min(each.ours, timed(() => computeIndicators(candles, each.family, { into: each.columns })));
  }
}
const each = options.each
  ? families.map(({ names, ours, talib }) => ({ names, ours, talib, ratio: ours / talib }))
  : [];

if (options.json) {
  console.log(JSON.stringify({ ...total, each }));
} else {
  const row = (name: string, ours: number, theirs: number) =>
    console.log(
      `${name.padEnd(52)} ${ours.toFixed(2).padStart(8)} ${theirs.toFixed(2).padStart(8)} ${
        (ours / theirs).toFixed(2).padStart(6)
      }`,
    );
  console.log(`${bars} bars, ms                                          ours   TA-Lib  ratio`);
  for (const { names, ours, talib } of each) row(names, ours, talib);
  row("all 44, into reused columns", best.ours, best.talib);
  row("all 44, into fresh columns", best.fresh, best.talib);
}

/** Processor time, ms: both sides use one thread, and other processes' turns do not count. */
function timed(work: () => unknown): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e3;
}

async function talib() {
  const folder = await Deno.makeTempDir();
  const columns = [candles.$open, candles.$high, candles.$low, candles.$close, candles.$volume];
  const block = new Float64Array(5 * bars);
  columns.forEach((column, i) => block.set(column, i * bars));
  await Deno.writeFile(`${folder}/candles.f64`, new Uint8Array(block.buffer));
  const work = calls.map(({ name }) => ({
    function: name.toUpperCase(),
    inputs: talibIndicators[name].inputs.map((input) => input.slice(1)),
    params: talibIndicators[name].params,
  }));
  await Deno.writeTextFile(`${folder}/calls.json`, JSON.stringify(work));
  const script = new URL("indicators_talib.py", import.meta.url).pathname;
  const child = new Deno.Command(options.python, { args: [script, folder], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const answers = createInterface(Readable.fromWeb(child.stdout as never))[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`Cannot time TA-Lib as ${options.python} ended: has it the packages TA-Lib and numpy?`);
    return value;
  };
  const versions = JSON.parse(await next());
  return {
    versions,
    async time(what: string): Promise<number> {
      await writer.write(new TextEncoder().encode(`${what}\n`));
      return Number(await next());
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
