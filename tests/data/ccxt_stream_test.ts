import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { below, rng } from "../../lib/base/random.ts";
import { type Candles, mapColumns, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { type CcxtStream, type CcxtStreamOptions, openCcxtStream } from "../../lib/data/ccxt_stream.ts";
import { pause } from "../../lib/data/retry.ts";
import type { Bar, StreamEvent } from "../../lib/data/stream.ts";
import {
  type Fault,
  type LocalExchange,
  localExchange,
  type LocalExchangeOptions,
} from "../exchange/local_exchange.ts";
import { bookAfter, type Disturbance, type LocalStream, type Outgoing } from "../exchange/local_stream.ts";
import { hour, start } from "./bars.ts";

const btc = synthetic(400, rng(1), { start, symbol: "BTC/USDT" });
const eth = synthetic(400, rng(2), { start, symbol: "ETH/USDT" });
const at = (n: number) => start + n * hour;

interface Bench extends AsyncDisposable {
  readonly exchange: LocalExchange;
  readonly live: LocalStream;
  readonly stream: CcxtStream;
  readonly events: StreamEvent[];
  /** Reads until `done` of all events so far. */
  until(done: (events: readonly StreamEvent[]) => boolean): Promise<void>;
  /** Bars of a symbol so far. */
  bars(symbol?: string): Bar[];
}

/** A local exchange at its 100th bar, the real ccxt.pro client, and what came of it. */
async function bench(
  options: Partial<LocalExchangeOptions> = {},
  own: Partial<CcxtStreamOptions> = {},
): Promise<Bench> {
  const exchange = localExchange({ candles: [btc], now: at(100), ...options });
  const live = exchange.stream();
  const stream = await openCcxtStream({
    ...{ exchange: "binance", symbols: ["BTC/USDT"], timeframe: "1h", rateLimit: 0, now: exchange.now },
    ...{
      endpoint: exchange.url,
      webSocketEndpoint: live.wsUrl,
      firstWait: 1,
      longestWait: 20,
      checkEvery: 2,
      grace: 0,
    },
    ...{ maxSkew: Infinity, random: rng(1), holeAfter: 1e9, ...own },
  });
  await live.whenSubscribed(stream.symbols.length * (1 + Number(own.trades ?? 0) + (own.books ? 1 : 0)));
  const events: StreamEvent[] = [];
  const reader = stream[Symbol.asyncIterator]();
  return {
    ...{ exchange, live, stream, events },
    async until(done) {
      while (!done(events)) {
        const next = await reader.next();
        if (next.done) throw new Error("the stream ended");
        events.push(next.value);
      }
    },
    bars: (symbol = "BTC/USDT") =>
      events.flatMap((event) => event.kind === "bar" && event.symbol === symbol ? [event.bar] : []),
    async [Symbol.asyncDispose]() {
      await stream[Symbol.asyncDispose]();
      await exchange.close();
    },
  };
}

const rowsOf = ({ length, ...own }: Candles): Bar[] =>
  Array.from({ length }, (_, t) => ({
    ...{ time: own.time[t], open: own.$open[t], high: own.$high[t], low: own.$low[t], close: own.$close[t] },
    volume: own.$volume[t],
  }));
const barsOf = (events: readonly StreamEvent[]) => events.filter(({ kind }) => kind === "bar").length;
const truth = (candles: Candles, from: number, to: number) => rowsOf(slice(candles, from, to));

/** Only what messages say counts: REST is asked when a later bar is there, not by the clock. */
const patient = { grace: 1e12 };
const states = (events: readonly StreamEvent[]) =>
  events.flatMap((event) => event.kind === "feed" ? [event.state] : []);
const sources = (events: readonly StreamEvent[]) =>
  events.flatMap((event) => event.kind === "bar" ? [event.source] : []);
const nth = (kind: Outgoing["kind"], n: number, wrong: Disturbance) => (message: Outgoing) =>
  message.kind === kind && message.time === at(n) ? wrong : undefined;

Deno.test("bars come as they close, once each, from the open one on", async () => {
  await using to = await bench({}, patient);
  await to.live.tick(5);
  await to.until((events) => barsOf(events) === 5);
  assertEquals(to.bars(), truth(btc, 100, 105));
  assertEquals(sources(to.events), Array(5).fill("stream"));
  assertEquals(to.events[0], { kind: "feed", state: "connected", note: "messages come from binance" });
});

Deno.test("bars since a time come by REST first, in pages, then live ones follow without a seam", async () => {
  await using to = await bench({ pageLimit: 30 }, { since: at(10) });
  await to.live.tick(3);
  await to.until((events) => barsOf(events) === 93);
  assertEquals(to.bars(), truth(btc, 10, 103));
});

for (const wrong of ["drop", "garbage", "html", "truncated", "nan"] as const) {
  Deno.test(`a bar whose message is lost (${wrong}) comes by REST, and nothing else is late`, async () => {
    await using to = await bench({ disturb: nth("closed", 101, wrong) }, patient);
    await to.live.tick(4);
    await to.until((events) => barsOf(events) === 4);
    assertEquals(to.bars(), truth(btc, 100, 104));
    assertEquals(sources(to.events)[1], "rest");
    const { garbage, damaged, lost } = to.stream.counts;
    assertEquals([garbage, damaged, lost], [
      Number(["garbage", "html", "truncated"].includes(wrong)),
      Number(wrong === "nan"),
      0,
    ]);
  });
}

Deno.test("a bar told twice, or late, is given out once and in its place", async () => {
  await using to = await bench({
    disturb: (message) =>
      message.kind !== "closed"
        ? undefined
        : message.time === at(101)
        ? "duplicate"
        : message.time === at(103)
        ? { late: 3 }
        : undefined,
  }, patient);
  await to.live.tick(6);
  await to.until((events) => barsOf(events) === 6);
  assertEquals(to.bars(), truth(btc, 100, 106));
  assert(to.stream.counts.late >= 1);
});

for (const wrong of ["cut", "cut in frame", "error frame"] as const) {
  Deno.test(`a connection that ends (${wrong}) is dialled again; bars meanwhile come by REST`, async () => {
    await using to = await bench({ disturb: nth("closed", 101, wrong) });
    await to.live.tick(4);
    await to.until((events) => barsOf(events) === 4);
    await to.live.whenSubscribed(1);
    await to.live.tick(2);
    await to.until((events) => barsOf(events) === 6 && states(events).includes("reconnecting"));
    assertEquals(to.bars(), truth(btc, 100, 106));
    assert(to.stream.counts.lost >= 1);
  });
}

Deno.test("a refused handshake is tried again until it is not", async () => {
  await using to = await bench();
  to.live.refuse(3);
  await to.live.cut();
  await to.live.tick(2);
  await to.until((events) => states(events).filter((state) => state === "reconnecting").length === 4);
  await to.live.whenSubscribed(1);
  await to.live.tick(2);
  await to.until((events) => barsOf(events) === 4);
  assertEquals(to.bars(), truth(btc, 100, 104));
  assertEquals(to.live.connections, 5);
});

Deno.test("an exchange that goes silent is said to be stale and dialled again, though connections stay open", async () => {
  await using to = await bench({}, { heartbeat: 20, staleAfter: 200 });
  await to.live.tick();
  to.live.mute(true);
  await to.live.tick(3);
  await to.until((events) => barsOf(events) === 4 && states(events).includes("stale"));
  to.live.mute(false);
  await to.live.whenSubscribed(1);
  await to.live.tick();
  await to.until((events) => barsOf(events) === 5);
  assertEquals(to.bars(), truth(btc, 100, 105));
});

Deno.test("a connection that brings nothing is stale, however alive", async () => {
  await using to = await bench({}, { heartbeat: 60_000, staleAfter: 50 });
  await to.until((events) => states(events).includes("stale"));
  const stale = to.events.find((event) => event.kind === "feed" && event.state === "stale");
  assertStringIncludes((stale as { note: string }).note, "no message from ws://");
});

Deno.test("REST that answers 429, 500, a page or half an answer while a gap is filled is asked again", async () => {
  await using to = await bench({ disturb: nth("closed", 101, "drop") }, patient);
  to.exchange.fail({ status: 429 }, { status: 500 }, "html", "drop", "empty");
  await to.live.tick(3);
  await to.until((events) => barsOf(events) === 3);
  assertEquals(to.bars(), truth(btc, 100, 103));
});

Deno.test("a bar that the exchange does not have is the close before, marked, once REST has said so three times", async () => {
  const holed = mapColumns(btc, (column) => column.filter((_, t) => t !== 102) as typeof column);
  await using to = await bench({ candles: [holed] });
  await to.live.tick(5);
  await to.until((events) => barsOf(events) === 5);
  const close = btc.$close[101];
  const filled: Bar = { time: at(102), open: close, high: close, low: close, close, volume: 0, filled: true };
  assertEquals(to.bars(), [...truth(btc, 100, 102), filled, ...truth(btc, 103, 105)]);
  assertEquals(to.stream.counts.filled, 1);
});

Deno.test("a bar that is NaN at the exchange itself is one it does not have; one without volume is a bar", async () => {
  const odd = mapColumns(btc, (column) => column.slice() as typeof column);
  odd.$close[101] = NaN;
  odd.$volume[102] = 0;
  await using to = await bench({ candles: [odd] });
  await to.live.tick(4);
  await to.until((events) => barsOf(events) === 4);
  assertEquals(to.bars().map(({ filled }) => filled), [undefined, true, undefined, undefined]);
  assertEquals(to.bars()[2], truth(odd, 102, 103)[0]);
});

Deno.test("an exchange whose clock is ahead is said to be, and its time counts", async () => {
  const exchange = localExchange({ candles: [btc], now: at(100) });
  exchange.skew(5000);
  const own = { now: exchange.now, maxSkew: 1000 };
  await using to = await bench({ now: at(100) }, { ...own, endpoint: exchange.url });
  await to.until((events) => states(events).includes("skewed"));
  const skewed = to.events.find((event) => event.kind === "feed" && event.state === "skewed");
  assertStringIncludes((skewed as { note: string }).note, "this clock is 5.0 s behind the exchange's");
  await exchange.close();
});

Deno.test("two symbols keep their own order, whatever happens to one of them", async () => {
  const wrong = nth("closed", 101, "drop");
  const disturb = (message: Outgoing) => message.symbol === "ETH/USDT" ? wrong(message) : undefined;
  await using to = await bench({ candles: [btc, eth], disturb }, { ...patient, symbols: ["BTC/USDT", "ETH/USDT"] });
  await to.live.tick(5);
  await to.until((events) => barsOf(events) === 10);
  assertEquals(to.bars("BTC/USDT"), truth(btc, 100, 105));
  assertEquals(to.bars("ETH/USDT"), truth(eth, 100, 105));
});

Deno.test("trades and the book come as they change, and a book that lost a change is fetched anew", async () => {
  const disturb = nth("depth", 102, "drop");
  await using to = await bench({ disturb }, { ...patient, trades: true, books: 2 });
  const bookIs = (n: number) => (events: readonly StreamEvent[]) => {
    const last = events.findLast((event) => event.kind === "book");
    return last?.kind === "book" && `${last.bids[0]}` === `${bookAfter(btc, n).bids[0].map(Number)}`;
  };
  await to.until(bookIs(99)); // the snapshot
  for (let n = 100; n < 102; n++) {
    await to.live.tick();
    await to.until(bookIs(n));
  }
  await to.live.tick(2);
  await to.until(bookIs(103));
  const last = to.events.findLast((event) => event.kind === "book");
  assertEquals<unknown>(last?.kind === "book" && [last.bids, last.asks], [
    bookAfter(btc, 103).bids.slice(0, 2).map((level) => level.map(Number)),
    bookAfter(btc, 103).asks.slice(0, 2).map((level) => level.map(Number)),
  ]);
  await to.until((events) => events.filter(({ kind }) => kind === "trade").length === 4);
  const trades = to.events.flatMap((event) => event.kind === "trade" ? [[event.price, event.units, event.side]] : []);
  assertEquals(trades, [100, 101, 102, 103].map((n) => [btc.$close[n], 0.5, n % 2 === 0 ? "sell" : "buy"]));
});

Deno.test("closing while dialling, waiting to dial, refilling or before anything came leaves nothing behind", async () => {
  {
    await using _ = await bench();
  }
  {
    await using to = await bench({}, { firstWait: 10_000, longestWait: 10_000 });
    await to.live.cut();
    await to.until((events) => states(events).includes("reconnecting"));
  }
  {
    await using to = await bench({}, { firstWait: 1 });
    to.live.mute(true);
    await to.live.cut();
  }
  {
    await using to = await bench({ disturb: nth("closed", 100, "drop") }, patient);
    to.exchange.fail({ delay: 300 });
    await to.live.tick(2);
    await to.exchange.asked(2);
  }
});

/** What may go wrong with a message, and how often. */
const wrongs: readonly (readonly [Disturbance, number])[] = [
  ...([["drop", 0.05], ["duplicate", 0.03], ["garbage", 0.01], ["html", 0.01], ["truncated", 0.02]] as const),
  ...([["nan", 0.02], ["cut", 0.008], ["cut in frame", 0.008], ["error frame", 0.004]] as const),
  ...([[{ late: 1 }, 0.03], [{ late: 7 }, 0.02]] as const),
];
const restWrongs: readonly Fault[] = [{ status: 429 }, { status: 500 }, "html", "drop", "empty", { delay: 3 }];

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`whatever goes wrong on the way, the bars are the exchange's, once each, in order (seed ${seed})`, async () => {
    const random = rng(seed);
    const disturb = () => {
      let share = random();
      return wrongs.find(([, often]) => (share -= often) < 0)?.[0];
    };
    const symbols = ["BTC/USDT", "ETH/USDT"];
    const grace = seed % 2 === 0 ? 0 : hour / 2; // REST by the clock at once, or only when messages leave no other way
    await using to = await bench({ candles: [btc, eth], disturb }, { symbols, since: at(90), grace });
    const count = 200;
    const play = async () => {
      for (let n = 0; n < count; n++) {
        if (random() < 0.05) to.exchange.fail(restWrongs[below(restWrongs.length, random)]);
        if (random() < 0.01) await to.live.cut();
        if (random() < 0.02) to.live.refuse(1);
        await to.live.tick();
        await pause(4 * random());
      }
      to.exchange.setNow(to.exchange.now() + grace);
    };
    await Promise.all([play(), to.until((events) => barsOf(events) === 2 * (10 + count))]);
    for (const own of [btc, eth]) assertEquals(to.bars(own.symbol), truth(own, 90, 100 + count));
    const { lost, refilled, late } = to.stream.counts;
    assert(lost > 0 && refilled > 20 && late > 0);
  });
}

Deno.test("what cannot be streamed is refused by name", async () => {
  await using exchange = localExchange({ candles: [btc], now: at(100) });
  const live = exchange.stream();
  const common = {
    exchange: "binance",
    symbols: ["BTC/USDT"],
    timeframe: "1h",
    endpoint: exchange.url,
    rateLimit: 0,
    webSocketEndpoint: live.wsUrl,
  };
  const refused = async (own: Partial<CcxtStreamOptions>, message: string) => {
    const error = await assertRejects(() => openCcxtStream({ ...common, ...own }), RangeError);
    assertStringIncludes(error.message, message);
  };
  await refused({ exchange: "binanze" }, 'ccxt does not know it: nearest is "binance"');
  await refused({ symbols: ["BTC/USDC"] }, 'has no such symbol: nearest is "BTC/USDT"');
  await refused({ symbols: [] }, "at least one symbol");
  await refused({ symbols: ["BTC/USDT", "BTC/USDT"] }, "named once");
  await refused({ symbols: ["BTC/USDT", "BTC/USDT:USDT"] }, "all be spot or all be contracts");
  await refused({ timeframe: "7m" }, "has no such timeframe");
  await refused({ webSocketEndpoint: "http://127.0.0.1:1" }, "must start with ws:// or wss://");
});

Deno.test("an exchange that keeps failing is told in one sentence, after it was asked again", async () => {
  const options = { exchange: "binance", symbols: ["BTC/USDT"], timeframe: "1h", rateLimit: 0, firstWait: 1 };
  const error = await assertRejects(() => openCcxtStream({ ...options, endpoint: "http://127.0.0.1:1" }), Error);
  assertStringIncludes(
    error.message,
    "Cannot stream BTC/USDT 1h from binance as the exchange keeps failing: NetworkError",
  );
});
