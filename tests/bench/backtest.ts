/**
 * One run of every strategy of the table and a sweep of momentum, beside vectorbt, on 100,000 real hourly bars: time and
 * final equity, interleaved run by run in one process pair.
 *
 *     deno run -A tests/bench/backtest.ts --python PATH [--bars 100000] [--pairs 1000] [--rounds 30] [--json]
 *
 * PATH is a Python that has vectorbt 1.2.0. Exits 1 if a final equity differs by more than 1e-12. Bars/s count the averages
 * and signals too; vectorbt's random strategy gets its signals for nothing.
 */
import { parseArgs } from "node:util";
import { loadCandles } from "../../lib/data/mod.ts";
import { backtest, sweep } from "../../lib/backtest/mod.ts";
import { newCandles } from "../../lib/market/candles.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { makeStrategy, strategies } from "../../lib/strategies/mod.ts";

const { values: options } = parseArgs({
  options: {
    python: { type: "string" },
    bars: { type: "string", default: "100000" },
    pairs: { type: "string", default: "1000" },
    rounds: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
  },
});
if (!options.python) throw new RangeError('Cannot compare with vectorbt as "--python" must name a Python that has it');
const [bars, count, rounds] = [options.bars, options.pairs, options.rounds].map(Number);

const cash = 1e6; // as the other side

const folder = await Deno.makeTempDir();
try {
  const market = await realBars(bars);
  const [{ $open, $close }] = market.assets;
  const file = `${folder}/bars.f64`;
  await Deno.writeFile(file, new Uint8Array(Float64Array.from([...$open, ...$close]).buffer));
  await using peer = await vectorbt(options.python, file, bars);
  const lines: Line[] = [];
  for (const name of Object.keys(strategies)) lines.push(await single(market, peer, name));
  lines.push(await pairs(market, peer));
  show(lines);
  if (lines.some(({ difference }) => !(difference <= 1e-12))) Deno.exit(1);
} finally {
  await Deno.remove(folder, { recursive: true });
}

interface Line {
  readonly what: string;
  readonly ms: number; // best
  readonly peerMs: number;
  readonly faster: number; // ratio of the bests
  readonly fasterMedian: number; // median of the rounds' ratios
  readonly barsPerSecond: number;
  readonly difference: number; // of final equity, largest, as a share of it or of the starting cash, whichever is more
}

/** The bundled hourly candles, repeated to the length wanted, at 10 bps. */
async function realBars(length: number): Promise<Market> {
  const { candles } = await loadCandles("BTC/USD", { timeframe: "1h" });
  const column = (name: "$open" | "$high" | "$low" | "$close" | "$volume") =>
    Float64Array.from({ length }, (_, t) => candles[name][t % candles.length]);
  const asset = newCandles({
    symbol: candles.symbol,
    step: candles.step,
    time: Float64Array.from({ length }, (_, t) => candles.time[0] + t * candles.step),
    $open: column("$open"),
    $high: column("$high"),
    $low: column("$low"),
    $close: column("$close"),
    $volume: column("$volume"),
  });
  return { assets: [asset], length, costs: { ...noCosts, transactionFee: 10 } };
}

interface Peer extends AsyncDisposable {
  ask(...command: unknown[]): Promise<{ readonly seconds: number; readonly final: number[] }>;
}

async function vectorbt(python: string, file: string, bars: number): Promise<Peer> {
  const script = new URL("backtest_vectorbt.py", import.meta.url).pathname;
  const child = new Deno.Command(python, { args: [script, file, String(bars)], stdin: "piped", stdout: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  const answers = child.stdout.pipeThrough(new TextDecoderStream()).values();
  let rest = "";
  const peer: Peer = {
    async ask(...command) {
      await writer.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
      while (!rest.includes("\n")) {
        const { value, done } = await answers.next();
        if (done) throw new Error(`Cannot compare with vectorbt as ${python} ended: its error is above`);
        rest += value;
      }
      const [line, ...more] = rest.split("\n");
      rest = more.join("\n");
      return JSON.parse(line);
    },
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => undefined); // already gone: its end was reported above
      await child.status;
    },
  };
  await peer.ask("flat"); // it has started and compiled
  return peer;
}

async function single(market: Market, peer: Peer, name: string): Promise<Line> {
  const strategy = makeStrategy(name);
  const command: unknown[] = [name];
  if (name === "random") {
    const wishes = new Float64Array(market.length);
    strategy.targets!(market, (_name, make) => make(), wishes);
    command.push(`${folder}/random.u8`);
    await Deno.writeFile(`${folder}/random.u8`, Uint8Array.from(wishes));
  }
  const run = () => [backtest(market, strategy, { cash }).equity[market.length - 1]];
  return race(name, market.length, rounds, run, () => peer.ask(...command));
}

function pairs(market: Market, peer: Peer): Promise<Line> {
  const grid: { fast: number; slow: number }[] = [];
  for (let fast = 5; grid.length < count; fast++) {
    for (let slow = fast + 5; slow < 400 && grid.length < count; slow += 5) grid.push({ fast, slow });
  }
  const run = () => sweep(market, "momentum", grid, { cash }).map(({ finalEquity }) => finalEquity);
  const asked = () => peer.ask("sweep", grid.map(({ fast, slow }) => [fast, slow]));
  return race(`sweep of ${count} pairs`, market.length * count, 2, run, asked);
}

async function race(
  what: string,
  bars: number,
  rounds: number,
  run: () => number[],
  ask: () => ReturnType<Peer["ask"]>,
): Promise<Line> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  let difference = 0;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    const finals = run();
    ours.push(performance.now() - started);
    const answer = await ask();
    theirs.push(1000 * answer.seconds);
    // What vectorbt keeps as rounding of the cash it once had stays with an account that has lost nearly all of it.
    finals.forEach((value, i) =>
      difference = Math.max(difference, Math.abs(value - answer.final[i]) / Math.max(cash, value))
    );
  }
  const [ms, peerMs] = [Math.min(...ours), Math.min(...theirs)];
  const ratios = ours.map((ms, i) => theirs[i] / ms).sort((a, b) => a - b);
  const fasterMedian = ratios[ratios.length >> 1];
  return { what, ms, peerMs, faster: peerMs / ms, fasterMedian, barsPerSecond: 1000 * bars / ms, difference };
}

function show(lines: readonly Line[]): void {
  if (options.json) return console.log(JSON.stringify(lines));
  console.log(`${"run".padEnd(22)}   ours ms  vectorbt ms  times faster (best, median)  bars/s  largest difference`);
  for (const { what, ms, peerMs, faster, fasterMedian, barsPerSecond, difference } of lines) {
    console.log(
      what.padEnd(22) + ms.toFixed(2).padStart(10) + peerMs.toFixed(1).padStart(13) +
        `${faster.toFixed(1)}, ${fasterMedian.toFixed(1)}`.padStart(29) +
        `${(barsPerSecond / 1e6).toFixed(0)} M`.padStart(8) + difference.toExponential(1).padStart(20),
    );
  }
}
