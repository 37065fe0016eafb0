/**
 * How fast the 44 indicators are beside TA-Lib's C library, on the same machine in the same minute: the two take turns.
 *
 *     deno run -A tests/bench/indicators.ts --python PATH [--bars 1000000] [--rounds 15] [--each] [--json]
 *
 * PATH is a Python with TA-Lib (or the environment variable TALIB_PYTHON). Times are processor time, best of all rounds.
 *
 * "used again" is the figure to compare: ours writes into the columns of the round before, and TA-Lib, whose wrapper
 * makes new arrays, frees each at once and gets the same memory for the next. "new" is what it costs to have all outputs
 * at once in memory that was not there before; the system must clear 400 MB of it. NumPy asks for that in pages of 2 MB,
 * which JavaScript cannot. "technicalindicators" is the npm package on those of the 44 for which it gives the same
 * numbers, on a tenth of the bars.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import * as ti from "technicalindicators";
import { newCandles, slice } from "../../lib/market/candles.ts";
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
let best = { ours: Infinity, talib: Infinity, oursNew: Infinity, talibNew: Infinity };
for (let round = 0; round < rounds; round++) {
  best = {
    talib: Math.min(best.talib, await peer.time("all")),
    ours: Math.min(best.ours, timed(() => computeIndicators(candles, calls, { into }))),
    talibNew: Math.min(best.talibNew, round < 3 ? await peer.time("kept") : Infinity),
    oursNew: Math.min(best.oursNew, round < 3 ? timed(() => computeIndicators(candles, calls)) : Infinity),
  };
}
const total = {
  ...{ bars, ...peer.versions, ...best },
  ...{ ratio: best.ours / best.talib, ratioNew: best.oursNew / best.talibNew },
};

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

const packaged = technicalindicators(Math.ceil(bars / 10));

if (options.json) {
  console.log(JSON.stringify({ ...total, each, technicalindicators: packaged }));
} else {
  const row = (name: string, ours: number, theirs: number) =>
    console.log(
      `${name.padEnd(52)} ${ours.toFixed(2).padStart(8)} ${theirs.toFixed(2).padStart(8)} ${
        (ours / theirs).toFixed(2).padStart(6)
      }`,
    );
  console.log(`${`${bars} bars, ms`.padEnd(52)}     ours   TA-Lib  ratio`);
  for (const { names, ours, talib } of each) row(names, ours, talib);
  row("all 44, memory used again", best.ours, best.talib);
  row("all 44, new memory", best.oursNew, best.talibNew);
  console.log(`\n${`${packaged.bars} bars, ms`.padEnd(52)}     ours  package  ratio`);
  row(`technicalindicators: ${packaged.names.length} it has the same`, packaged.ours, packaged.theirs);
}

/** Those of the 44 that the package `technicalindicators` computes to the same numbers, one after the other. */
function technicalindicators(bars: number) {
  const some = slice(candles, 0, bars);
  const [high, low, close, values] = [some.$high, some.$low, some.$close, some.$close].map((column) => [...column]);
  const all: Record<string, () => unknown> = {
    sma: () => ti.sma({ period: 20, values }),
    ema: () => ti.ema({ period: 20, values }),
    wma: () => ti.wma({ period: 20, values }),
    bbands: () => ti.bollingerbands({ period: 20, stdDev: 2, values }),
    stddev: () => ti.sd({ period: 20, values }),
    cci: () => ti.cci({ period: 14, high, low, close }),
    roc: () => ti.roc({ period: 10, values }),
    trix: () => ti.trix({ period: 15, values }),
    willr: () => ti.williamsr({ period: 14, high, low, close }),
    atr: () => ti.atr({ period: 14, high, low, close }),
    trange: () => ti.truerange({ high, low, close }),
  };
  const names = Object.keys(all);
  const best = (work: (name: string) => void) =>
    Math.min(...Array.from({ length: 5 }, () => timed(() => names.forEach(work))));
  const ours = best((name) => void talibIndicators[name].run(some, {})); // first: the package leaves much garbage
  const theirs = best((name) => void all[name]());
  return { bars, names, ours, theirs, ratio: ours / theirs };
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
