/**
 * A long run under faults: `deno run -A tests/bench/soak.ts [--bars 100000] [--every 300]`. A network trades a local
 * exchange through the real ccxt.pro client, as fast as both can, while every few hundred messages one goes wrong: lost,
 * doubled, late, garbled, cut off with its connection. Now and then REST fails too. At the end the books must be those
 * of the backtest, to the last bit; memory and open files are printed on the way.
 */
import { parseArgs } from "node:util";
import { openPolicy } from "../../lib/agent/policy_file.ts";
import { trade } from "../../lib/agent/policy_strategy.ts";
import { below, rng } from "../../lib/base/random.ts";
import { openStream } from "../../lib/data/shared_stream.ts";
import { discreteActions } from "../../lib/env/actions.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { policyDecider } from "../../lib/live/decider.ts";
import { openJournal } from "../../lib/live/journal.ts";
import { latencyText } from "../../lib/live/latency.ts";
import { paperTrade } from "../../lib/live/paper.ts";
import { openTrader } from "../../lib/live/trader.ts";
import { slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { limitDrawdown, trailingStop } from "../../lib/risk/mod.ts";
import { type Fault, localExchange } from "../exchange/local_exchange.ts";
import type { Disturbance } from "../exchange/local_stream.ts";
import { featuresOf, policyFile } from "../live/policies.ts";

const { values } = parseArgs({
  options: { bars: { type: "string", default: "100000" }, every: { type: "string", default: "300" } },
});
const [bars, every, history] = [Number(values.bars), Number(values.every), 500];
const step = 60_000;
const start = Date.UTC(2023, 0, 1);
const candles = synthetic(history + bars, rng(3), {
  step,
  start,
  symbol: "BTC/USDT",
  price: 20_000,
  volatility: 0.001,
});
const costs = { transactionFee: 1, makerFee: 1, spread: 1, participation: 0.1 };
const specs = featureSets.quick;
const learnt = { assets: [slice(candles, 0, 5000)], length: 5000, costs };
await using policy = await openPolicy(await policyFile(learnt, { specs, actions: discreteActions(1), window: 24 }));
const options = { cash: 1e4, risk: [trailingStop({ atr: 6, wait: 30 }), limitDrawdown(0.3, { cooling: 500 })] };

const random = rng(4);
const wrong: readonly Disturbance[] = [
  ...["drop", "duplicate", "garbage", "html", "truncated", "nan", "cut", "cut in frame", "error frame"] as const,
  { late: 3 },
];
const failures: readonly Fault[] = ["drop", "html", { status: 500 }, { status: 429, retryAfter: 0 }, { delay: 5 }];
let [faults, restFaults] = [0, 0];
const exchange = localExchange({
  ...{ candles: [candles], now: start + history * step },
  disturb() {
    if (random() >= 1 / every) return undefined;
    faults++;
    if (random() < 0.3) {
      restFaults++;
      exchange.fail(failures[below(failures.length, random)]);
    }
    return wrong[below(wrong.length, random)];
  },
});
const live = exchange.stream();
const stream = await openStream({
  ...{ exchange: "binance", symbols: ["BTC/USDT"], timeframe: "1m", since: start, now: exchange.now },
  ...{ endpoint: exchange.url, webSocketEndpoint: live.wsUrl, rateLimit: 0, maxSkew: Infinity, redisUrl: undefined },
  ...{ firstWait: 1, longestWait: 20, checkEvery: 2, grace: 0, holeAfter: 1e12, random: rng(1) },
});
const trader = openTrader({
  ...{ ...options, symbols: ["BTC/USDT"], step, costs, history },
  decider: policyDecider(policy, specs),
});
const path = await Deno.makeTempFile();
using journal = openJournal(path);
const openFiles = () => Array.from(Deno.readDirSync("/proc/self/fd")).length;
const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0).padStart(5);

console.log("   bars  seconds  rss MiB  heap MiB  external MiB  files  faults");
const began = performance.now();
const end = await paperTrade({
  ...{ trader, stream, journal, durable: "second", most: bars },
  onBar({ t }) {
    const closed = (exchange.now() - start) / step;
    if (t >= closed - 1 && closed < candles.length) void live.whenSubscribed(1).then(() => live.tick());
    if (t < history || (t - history) % Math.floor(bars / 20) !== 0) return;
    exchange.forget(); // its own list of requests is not what is measured
    const { rss, heapUsed, external } = Deno.memoryUsage();
    console.log(
      `${String(t).padStart(7)}  ${((performance.now() - began) / 1000).toFixed(0).padStart(7)}  ${mib(rss)}    ` +
        `${mib(heapUsed)}     ${mib(external)}         ${String(openFiles()).padStart(3)}  ${
          String(faults).padStart(6)
        }`,
    );
  },
});
await exchange.close();
const { result, latency, faults: seen } = end;
console.log(
  `${end.why} after ${end.bars} bars; ${latencyText(latency)}; ${faults} messages and ${restFaults} answers went wrong`,
);
console.log(`stream: ${JSON.stringify((stream as { counts?: unknown }).counts)}; rows: ${JSON.stringify(seen)}`);
const market = { assets: [slice(candles, 0, history + bars)], length: history + bars, costs };
const matrix = featuresOf(market, specs);
const trader2 = { policy: policy.policy(matrix), actions: discreteActions(1), first: matrix.warmup + 24 - 1 };
const { result: expected } = await trade(market, trader2, { ...options, from: history });
const same = (["equity", "weights", "wanted"] as const).every((name) =>
  result![name].length === expected[name].length &&
  result![name].every((value, i) => Object.is(value, expected[name][i]))
);
console.log(
  `books ${
    same ? "equal" : "DIFFER FROM"
  } the backtest's: ${expected.fills.length} fills, ${expected.events.length} risk ` +
    `events, final equity ${result!.equity.at(-1)}; journal ${
      mib((await Deno.stat(path)).size)
    } MiB; files ${openFiles()}`,
);
await Deno.remove(path);
Deno.exitCode = same ? 0 : 1;
