import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { backtest } from "../../lib/backtest/mod.ts";
import type { StageEvent } from "../../lib/base/events.ts";
import { rng } from "../../lib/base/random.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { paperTrade } from "../../lib/live/paper.ts";
import { replayStream } from "../../lib/live/replay.ts";
import {
  kill,
  killed,
  lockSession,
  openingOf,
  sessionCandles,
  sessionNames,
  sessionRecords,
} from "../../lib/live/session.ts";
import { openTrader } from "../../lib/live/trader.ts";
import { strategyDecider } from "../../lib/live/decider.ts";
import type { MarketStream, StreamEvent } from "../../lib/data/stream.ts";
import { slice } from "../../lib/market/candles.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { type PaperRequest, trackedPaper, verifySession } from "../../lib/pipeline/paper.ts";
import { costsOf } from "../../lib/pipeline/market.ts";
import { replaySource } from "../../lib/pipeline/paper/source.ts";
import { discreteActions } from "../../lib/env/actions.ts";
import { parseRules } from "../../lib/risk/mod.ts";
import { makeStrategy } from "../../lib/strategies/mod.ts";
import { policyFile } from "./policies.ts";

const rules = "volatility_target(0.8), trailing_stop(atr=3)";
const { config, ...rest } = loadConfig({
  values: { paper: { history: 60 }, risk: { rules }, strategy: { name: "momentum", fast: 5, slow: 20 } },
  set: ["run.track=false"],
});
const loaded = { ...rest, config };

function market(K: number, length: number): Market {
  const random = rng(11);
  const assets = Array.from(
    { length: K },
    (_, k) => synthetic(length, random, { volatility: 0.02, symbol: `${"ABC"[k]}/USD` }),
  );
  return { assets, length, costs: costsOf(config) };
}

async function scratch(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const run = (whole: Market, request: PaperRequest) =>
  trackedPaper(loaded, replaySource(whole.assets, "replay"), request);
const expectedOf = (whole: Market) =>
  backtest(whole, makeStrategy("momentum", { fast: 5, slow: 20 }), {
    ...{ cash: 1e4, margin: { leverage: 1 }, from: 60, risk: parseRules(rules).map(({ rule }) => rule) },
  });

Deno.test("a session stopped in the middle and gone on with is the backtest of its bars, to the last bit", async () => {
  await using place = await scratch();
  for (const K of [1, 2]) {
    const whole = market(K, 700);
    const request = { ...place, name: `s${K}` };
    await run(whole, { ...request, bars: 150 });
    await run(whole, { ...request, resume: true, bars: 200 });
    const { end, retraced } = await run(whole, { ...request, resume: true });
    assertEquals([retraced!.bars, end.why], [410, "the stream ended"]);
    assertEquals({ ...end.result!, turnover: 0 }, { ...expectedOf(whole), turnover: 0 });
    const recorded = sessionCandles(join(place.folder, `s${K}`), await openingOf(join(place.folder, `s${K}`)));
    assertEquals(recorded.map(({ $close }) => $close), whole.assets.map(({ $close }) => $close));
    const { decisions, bars } = await verifySession(join(place.folder, `s${K}`));
    assertEquals([bars, decisions], [700, 640]);
  }
  assertEquals(await sessionNames(place.folder), ["s1", "s2"]);
});

Deno.test("a model's session goes on, and is traded again from its own copy of the model", async () => {
  await using place = await scratch();
  const whole = market(1, 300);
  const file = join(place.folder, "policy.onnx");
  await Deno.writeFile(
    file,
    await policyFile(whole, { specs: ["rsi(14)/50 - 1", "natr(14)"], actions: discreteActions(1) }),
  );
  const source = replaySource(whole.assets, "replay");
  const request = { ...place, name: "net", model: file };
  const whole_ = (await trackedPaper(loaded, source, { ...request, name: "whole" })).end.result!;
  await trackedPaper(loaded, source, { ...request, bars: 50 });
  await Deno.remove(file);
  const { end } = await trackedPaper(loaded, source, { ...place, name: "net", resume: true });
  assertEquals(end.result!.equity, whole_.equity);
  assertEquals((await verifySession(join(place.folder, "net"))).decisions, 240);
  await Deno.writeFile(join(place.folder, "net", "model.onnx"), new Uint8Array(9));
  await assertRejects(() => verifySession(join(place.folder, "net")), RangeError, "not the one that it began with");
});

Deno.test("a session whose last line was cut off goes on from the line before", async () => {
  await using place = await scratch();
  const whole = market(1, 300);
  const request = { ...place, name: "torn" };
  await run(whole, { ...request, bars: 100 });
  const path = join(place.folder, "torn", "journal.jsonl");
  const bytes = await Deno.readFile(path);
  for (const cut of [1, 30, 700]) {
    await Deno.writeFile(path, bytes.subarray(0, bytes.length - cut));
    const { end } = await run(whole, { ...request, resume: true });
    assertEquals(end.result!.equity, expectedOf(whole).equity);
    const times = Array.from(
      sessionRecords(join(place.folder, "torn")),
      ({ record }) => record.kind === "bar" ? record.t : -1,
    );
    assertEquals(times.filter((t) => t >= 0), Array.from(whole.assets[0].time.keys())); // none lost, none twice
  }
});

Deno.test("two traders of one session, a second beginning and a session that is not there are refused", async () => {
  await using place = await scratch();
  const whole = market(1, 120);
  const request = { ...place, name: "mine" };
  {
    using _ = lockSession(join(place.folder, "mine"));
    const error = await assertRejects(() => run(whole, request), Deno.errors.Busy);
    assertStringIncludes(error.message, `another trader is at it: process ${Deno.pid}`);
  }
  await run(whole, { ...request, bars: 5 });
  await assertRejects(() => run(whole, request), RangeError, "--resume goes on with it");
  await assertRejects(() => run(whole, { ...place, name: "mime", resume: true }), RangeError, "mine");
  await assertRejects(() => run(whole, { ...place, name: "../up" }), RangeError, "must begin with a letter or digit");
  const other = replaySource(market(2, 120).assets, "replay");
  await assertRejects(
    () => trackedPaper(loaded, other, { ...request, resume: true }),
    RangeError,
    "it trades A/USD on bars of 1h",
  );
});

Deno.test("the kill switch sells at once, stops, and stays stopped until it is released", async () => {
  await using place = await scratch();
  const whole = market(1, 400);
  const folder = join(place.folder, "k");
  const request = { ...place, name: "k" };
  let held = false;
  const told: StageEvent[] = [];
  const { end } = await trackedPaper(loaded, replaySource(whole.assets, "replay"), {
    ...request,
    onBar({ did }) {
      if (did && did.held[0] !== 0 && !held) {
        Deno.writeTextFileSync(join(folder, "kill.json"), '{"at":1,"reason":"enough"}');
      }
      held ||= did !== undefined && did.held[0] !== 0;
    },
  }, { onEvent: (event) => void told.push(event) });
  assertEquals(end.why, "the kill switch");
  assertEquals(told.flatMap((event) => event.kind === "alert" && event.name === "kill_switch" ? [event.text] : []), [
    "Enough. All is being sold; it stays stopped until released",
  ]);
  const records = Array.from(sessionRecords(folder), ({ record }) => record);
  const at = records.findIndex(({ kind }) => kind === "halt");
  const [before, after] = [records[at - 1], records[at + 1]];
  assert(before.kind === "bar" && before.did!.held[0] !== 0 && after.kind === "bar");
  assertEquals([after.did!.held, after.did!.fills.length, records.length - at], [[0], 1, 3]);
  await assertRejects(() => run(whole, { ...request, resume: true }), RangeError, "kill switch was pressed: enough");
  await Deno.remove(join(folder, "kill.json")); // the journal knows, too
  await assertRejects(() => run(whole, { ...request, resume: true }), RangeError, "--clear-kill releases it");
  await kill(folder, "again");
  const again = await run(whole, { ...request, resume: true, clearKill: true });
  assertEquals([again.end.why, killed(folder)], ["the stream ended", undefined]);
  assertEquals((await verifySession(folder)).bars, 400);
});

Deno.test("the kill switch waits for no bar: a silent market's holdings are sold at the last price known", async () => {
  await using place = await scratch();
  const whole = market(2, 300);
  const folder = join(place.folder, "quiet");
  const request = { ...place, name: "quiet" };
  const source = replaySource(whole.assets.map((one) => slice(one, 0, 200)), "replay");
  const last = whole.assets.map(({ $close }) => $close[199]);
  const quiet = {
    ...source,
    async open(since: number | undefined, history: number): Promise<MarketStream> {
      const bars = await source.open(since, history);
      const over = Promise.withResolvers<void>();
      async function* events(): AsyncGenerator<StreamEvent> {
        yield* bars;
        const [bids, asks] = [[[0.9 * last[0] - 1, 1]], [[0.9 * last[0] + 1, 1]]] as const;
        yield { kind: "book", symbol: "A/USD", time: 0, bids, asks };
        await kill(folder, "enough");
        await over.promise; // nothing comes any more
      }
      return {
        ...{ symbols: bars.symbols, step: bars.step, [Symbol.asyncIterator]: events },
        [Symbol.asyncDispose]: () => Promise.resolve(over.resolve()),
      };
    },
  };
  const own = { ...config, costs: { ...config.costs, participation: 1 }, strategy: { name: "buy_and_hold" } };
  const { end } = await trackedPaper(
    { ...loaded, config: { ...own, risk: { ...config.risk, rules: "" } } },
    quiet,
    request,
  );
  assertEquals(end.why, "the kill switch");
  const { weights, equity, fills } = end.result!;
  assertEquals([...weights.slice(-2)], [0, 0]);
  assertAlmostEquals(fills.price.at(-2)!, 0.9 * last[0], 1e-9 * last[0]); // the book's middle
  assertAlmostEquals(fills.price.at(-1)!, last[1], 1e-9 * last[1]); // the last close
  assert(equity.at(-1)! < 0.97 * equity.at(-2)!, "its books paid the lower price");
  assertEquals((await verifySession(folder)).bars, 201); // the made up bar is traded again as it is
  const again = await run(whole, { ...request, resume: true, clearKill: true });
  assertEquals([again.end.why, again.end.bars], ["the stream ended", 99]);
  assertEquals((await verifySession(folder)).bars, 300);
});

Deno.test("a bar that comes out otherwise than it is recorded is named", async () => {
  await using place = await scratch();
  const folder = join(place.folder, "x");
  await run(market(1, 150), { ...place, name: "x" });
  const lines: unknown[] = Array.from(
    sessionRecords(folder),
    ({ record }) =>
      record.kind === "bar" && record.t === 100 ? { ...record, did: { ...record.did, equity: 1 } } : record,
  );
  const { openJournal } = await import("../../lib/live/journal.ts");
  {
    using journal = openJournal(join(folder, "journal.jsonl"));
    for (const line of lines) journal.append(line);
  }
  const error = await assertRejects(() => verifySession(folder), RangeError);
  assertStringIncludes(error.message, "bar 100 (");
  assertStringIncludes(error.message, '"equity" was 1 and is');
});

Deno.test("when the journal takes no more, trading stops and says so, and nothing is lost up to the last line", async () => {
  const whole = market(1, 120);
  const trader = openTrader({
    ...{ symbols: ["A/USD"], step: whole.assets[0].step, costs: whole.costs, cash: 1e4, history: 10 },
    decider: strategyDecider(makeStrategy("buy_and_hold")),
  });
  const written: unknown[] = [];
  const journal = {
    append(record: unknown) {
      if (written.length === 50) throw new Error("Cannot write the journal as the disk does not take it: full");
      written.push(record);
    },
    sync() {},
    [Symbol.dispose]() {},
  };
  await assertRejects(
    () => paperTrade({ trader, stream: replayStream(whole.assets), journal }),
    Error,
    "the disk does not take it",
  );
  assertEquals(trader.market.length, 50); // the 50th bar was decided on, and does not count
});

Deno.test("Ctrl-C ends a session between two bars", async () => {
  await using place = await scratch();
  const whole = market(1, 200);
  const stop = new AbortController();
  const request = {
    ...place,
    name: "c",
    onBar: ({ t }: { t: number }) => t === 100 && stop.abort(new DOMException("Interrupted", "AbortError")),
  };
  const { end } = await trackedPaper(loaded, replaySource(whole.assets, "replay", 1e12), request as PaperRequest, {
    signal: stop.signal,
  });
  assertEquals([end.why, end.bars], ["interrupted", 41]);
  assertEquals((await run(whole, { ...place, name: "c", resume: true })).end.result!.equity, expectedOf(whole).equity);
});
