/** The other side of `stream.ts`: an exchange whose bars of a second end as the clock says. Ends with its input. */
import { rng } from "../../lib/base/random.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { localExchange } from "../exchange/local_exchange.ts";

const [symbols, updates] = Deno.args.map(Number);
const begin = Math.floor(Date.now() / 1000) * 1000 - 100_000;
const candles = Array.from(
  { length: symbols },
  (_, i) => synthetic(2000, rng(i), { start: begin, step: 1000, symbol: `C${i}/USDT` }),
);
await using exchange = localExchange({ candles, now: begin + 100_000 });
const live = exchange.stream();
console.log(JSON.stringify({ endpoint: exchange.url, webSocketEndpoint: live.wsUrl }));
const ended = Deno.stdin.read(new Uint8Array(1)).then(() => Deno.exit());
const until = (time: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));
for (let second = exchange.now() + 1000;; second += 1000) {
  for (let part = 1; part <= updates; part++) {
    await Promise.race([ended, until(second - 1000 + 1000 * part / (updates + 1))]);
    await live.update();
  }
  await until(second);
  await live.tick();
}
