/**
 * How far a process that streams lags behind the market: `deno run -A tests/bench/stream.ts [symbols] [updates] [seconds]`.
 *
 * An exchange in a process of its own ends bars of a second on the clock, all symbols at once, and between them changes
 * every symbol's bar, book and last trade `updates` times. The lag of a bar is from the end of its second to the reader
 * having it: the exchange's own timer and sending are in it.
 */
import process from "node:process";
import { openCcxtStream } from "../../lib/data/ccxt_stream.ts";

const [symbols = 50, updates = 9, seconds = 20] = Deno.args.map(Number);
const child = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "--quiet", new URL("stream_exchange.ts", import.meta.url).pathname, `${symbols}`, `${updates}`],
  ...{ stdin: "piped", stdout: "piped" },
}).spawn();
const said = await child.stdout.getReader().read();
const { endpoint, webSocketEndpoint } = JSON.parse(new TextDecoder().decode(said.value));

await using stream = await openCcxtStream({
  ...{ exchange: "binance", symbols: Array.from({ length: symbols }, (_, i) => `C${i}/USDT`), timeframe: "1s" },
  ...{ endpoint, webSocketEndpoint, rateLimit: 0, trades: true, books: 10 },
});
const lags: number[] = []; // ms
const inside: number[] = []; // from the message to the reader, ms
const counts = { bar: 0, trade: 0, book: 0, feed: 0 };
let processor = cpu();
let begin = performance.now();
let warm = false;
for await (const event of stream) {
  const at = performance.now();
  if (!warm && at - begin > 3000) {
    [warm, begin, processor] = [true, at, cpu()];
    Object.assign(counts, { bar: 0, trade: 0, book: 0, feed: 0 });
  }
  counts[event.kind]++;
  if (warm && event.kind === "bar" && event.source === "stream") {
    lags.push(performance.timeOrigin + at - event.bar.time - stream.step);
    inside.push(at - event.received);
  }
  if (warm && at - begin > 1000 * seconds) break;
}
const share = (cpu() - processor) / (performance.now() - begin);
const at = (values: number[], quantile: number) =>
  values.sort((a, b) => a - b)[Math.floor(quantile * (values.length - 1))];
const line = (values: number[]) => [0.5, 0.99, 1].map((quantile) => at(values, quantile).toFixed(2)).join(" / ");
console.log(`${symbols} symbols, ${seconds} s: ${JSON.stringify(counts)}, ${JSON.stringify(stream.counts)}`);
console.log(`lag behind the clock, ms (median / 99th / worst): ${line(lags)}`);
console.log(`of it from message to reader, ms: ${line(inside)}`);
console.log(`processor: ${(100 * share).toFixed(0)} % of a core, ${(Deno.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
await child.stdin.close();
await child.status;

/** Processor time of this process, ms. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
