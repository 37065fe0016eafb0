import { Command } from "commander";
import { join } from "node:path";
import { exists } from "../base/files.ts";
import { formatDate, formatTimeframe } from "../base/time.ts";
import { latencyText } from "../live/latency.ts";
import { journalPath, kill, openingOf, traded } from "../live/session.ts";
import {
  checkName,
  paperFolder,
  type PaperReport,
  type PaperRequest,
  trackedPaper,
  verifySession,
} from "../pipeline/paper.ts";
import { exchangeSource, fileSource, type PaperSource } from "../pipeline/paper/source.ts";
import { formatTable } from "../report/table.ts";
import { money, number, percent } from "../report/format.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve, runLines } from "./command.ts";

interface PaperOptions extends ConfigOptions {
  readonly exchange?: string;
  readonly symbol?: string;
  readonly replay?: string;
  readonly speed: string;
  readonly model?: string;
  readonly rules?: string;
  readonly cash?: string;
  readonly orders?: string;
  readonly history?: string;
  readonly name?: string;
  readonly resume?: boolean;
  readonly bars?: string;
  readonly kill?: string;
  readonly clearKill?: boolean;
}

/** What a session keeps as it began: asking for something else when going on with it is a mistake. */
const kept = ["model", "strategy", "rules", "cash", "fee", "orders", "history", "symbol", "timeframe"] as const;

/** `lab paper`: a model or a strategy on live bars, or on recorded ones, with money on paper. */
export function paperCommand(context: Context): Command {
  return configured(new Command("paper"), { trading: false })
    .description("trade on paper: live bars of an exchange, or recorded ones; never with real money")
    .option("--exchange <name>", "exchange whose bars are traded, as ccxt calls it: binance")
    .option("--symbol <symbol>", "what is traded there: BTC/USDT; several with commas")
    .option("--replay <file|session>", "recorded candles instead; of a session: trades it again, and compares")
    .option("--speed <factor>", "of a replay: 1000x, or max", "max")
    .option("--model <model>", "candelabra@champion, candelabra/3, a training's run, or FILE.onnx")
    .option("--strategy <name>", "a strategy instead; its parameters by --set strategy.<name>=<value>")
    .option("--rules <rules>", "risk rules: trailing_stop(atr=3), limit_drawdown(0.2)")
    .option("--cash <amount>", "starting cash, quote currency")
    .option("--fee <bps>", "taker fee per side, bps")
    .option("--history <bars>", "bars that are seen before the account opens")
    .option("--orders <where>", "paper, or sandbox: also the exchange's test network")
    .option("--name <session>", "keeps a session of that name in data/paper, which can go on")
    .option("--resume", "goes on with the session --name, from its last bar")
    .option("--bars <count>", "ends after so many bars")
    .option(
      "--kill <session>",
      "presses the kill switch of a session: all is sold at once, and it stays stopped",
    )
    .option("--clear-kill", "releases it, with --resume")
    .addHelpText(
      "after",
      "\nExamples:\n  lab paper --exchange binance --symbol BTC/USDT --timeframe 1h --model candelabra@champion --name btc\n" +
        "  lab paper --name btc --resume\n" +
        "  lab paper --replay BTC/USD --speed 1000x --strategy momentum\n" +
        "  lab paper --replay btc        trades the session btc again, and compares every decision\n" +
        "  lab paper --kill btc\n\n" +
        "Money is on paper. Orders at an exchange go to its test network, with --orders sandbox, and never anywhere else.",
    )
    .action(async (options: PaperOptions) => await run(options, context));
}

async function run(options: PaperOptions, context: Context): Promise<void> {
  if (options.kill !== undefined) return await pressKill(options.kill, options, context.signal);
  const deps = depsOf(context, options);
  const session = options.replay === undefined ? undefined : await sessionAt(options.replay);
  if (session !== undefined) {
    const { opening, bars, decisions } = await verifySession(session, deps);
    return print(
      options,
      { session: opening.name, bars, decisions, identical: true },
      () =>
        `${opening.name}: ${number(bars, { digits: 0 })} bars traded again; all ${number(decisions, { digits: 0 })} ` +
        `decisions, their observations, fills and equity come out as recorded`,
    );
  }
  const { loaded, source } = await setUp(options, deps);
  const request: PaperRequest = {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.model === undefined ? {} : { model: options.model }),
    ...{ resume: options.resume ?? false, clearKill: options.clearKill ?? false },
    ...(options.bars === undefined ? {} : { bars: countOf(options.bars) }),
  };
  const report = await trackedPaper(loaded, source, request, deps);
  print(options, factsOf(report), () => [...linesOf(report), ...runLines(report.run, loaded.config)].join("\n"));
}

/** Longest that somebody who pressed a kill switch waits to hear what came of it, ms. */
const PATIENCE = 10_000;

/** Presses a session's kill switch, waits a while for its trader to end, and says how it stands. */
async function pressKill(session: string, options: PaperOptions, signal: AbortSignal): Promise<void> {
  const folder = paperFolder(checkName(session));
  await kill(folder, "pressed on the command line");
  const trading = traded(folder);
  const began = performance.now();
  let selling = trading;
  while (selling && performance.now() - began < PATIENCE && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    selling = traded(folder);
  }
  const release = `it stays stopped until lab paper --name ${session} --resume --clear-kill`;
  print(options, { killed: session, trading, stopped: !selling }, () => {
    if (!trading) return `Nobody trades ${session} now, and what it holds stays as it is; ${release}`;
    if (!selling) return `${session} sold all and stopped; ${release}`;
    return `${session} is told to sell all and stop, but has not yet: thin volume is sold over several bars; ${release}`;
  });
}

/** Settings and source: of the command line, or of the session that goes on. */
async function setUp(options: PaperOptions, deps: ReturnType<typeof depsOf>) {
  if (options.clearKill && !options.resume) {
    throw new RangeError("Cannot release a kill switch but to go on: --name btc --resume --clear-kill");
  }
  if (options.resume) {
    if (options.name === undefined) {
      throw new RangeError("Cannot go on as it must be said with which session: --name btc");
    }
    const other = kept.filter((key) => options[key] !== undefined);
    if (other.length > 0) {
      throw new RangeError(
        `Cannot change --${other.join(", --")} of "${options.name}" as a session goes on as it began: begin another`,
      );
    }
  }
  const opening = options.resume ? await openingOf(paperFolder(options.name!)) : undefined;
  if (opening?.feed.startsWith("replay") && options.replay === undefined) {
    throw new RangeError(
      `Cannot go on with "${opening.name}" as it is a ${opening.feed}: say of what again, --replay FILE`,
    );
  }
  const where = {
    ...(options.symbol === undefined ? {} : { input: options.symbol }),
    ...(options.replay === undefined ? {} : { input: options.replay }),
    ...(opening && options.replay === undefined
      ? { input: opening.symbols.join(","), timeframe: formatTimeframe(opening.step) }
      : {}),
  };
  const exchange = options.exchange ?? (opening && options.replay === undefined ? opening.feed : undefined);
  const short = {
    "data.exchange": exchange,
    "risk.rules": options.rules,
    "backtest.cash": options.cash,
    "paper.orders": options.orders,
    "paper.history": options.history,
  };
  const set = Object.entries(short).flatMap(([path, value]) => value === undefined ? [] : [`${path}=${value}`]);
  const loaded = resolve({ ...options, ...where, set: [...set, ...options.set] });
  const source: PaperSource = options.replay === undefined
    ? exchangeSource(loaded.config, loaded.settings)
    : await fileSource(loaded.config, speedOf(options.speed), deps);
  return { loaded, source };
}

/** The folder of a session, where what was given names one. */
async function sessionAt(given: string): Promise<string | undefined> {
  for (const folder of [paperFolder(given), given]) {
    if (!given.includes("..") && await exists(journalPath(folder))) return folder;
  }
  return undefined;
}

function speedOf(text: string): number {
  if (text === "max") return Infinity;
  const speed = Number(text.replace(/x$/, ""));
  if (speed > 0) return speed;
  throw new RangeError(`Cannot replay as --speed must be max or a factor such as 1000x: current value is ${text}`);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new RangeError(`Cannot trade as --bars must be a whole number above 0: current value is ${text}`);
}

function factsOf({ opening, folder, retraced, end, numbers, run, warnings }: PaperReport) {
  const { why, bars, latency, faults, result } = end;
  return {
    session: opening.name,
    ...(folder === undefined ? {} : { journal: join("data", "paper", opening.name, "journal.jsonl") }),
    symbols: opening.symbols,
    timeframe: formatTimeframe(opening.step),
    feed: opening.feed,
    decider: opening.decider,
    rules: opening.rules,
    ended: why,
    bars,
    retraced: retraced?.bars ?? 0,
    equity: result?.equity.at(-1) ?? opening.cash,
    warnings,
    metrics: numbers,
    latency_ms: { p50: latency.quantile(0.5), p99: latency.quantile(0.99), max: latency.max, count: latency.count },
    faults,
    run,
  };
}

function linesOf({ opening, folder, retraced, end, trades, warnings }: PaperReport): string[] {
  const { why, bars, latency, faults, result } = end;
  const { symbols, step, cash, decider, feed, name } = opening;
  const equity = result?.equity.at(-1) ?? cash;
  const quote = symbols[0].split("/")[1] ?? "";
  const again = feed.startsWith("replay") ? " --replay FILE" : ""; // whose bars are not kept with the session
  const wrong = Object.entries(faults).filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return [
    `${symbols.join(", ")} ${formatTimeframe(step)} from ${feed}: ${decider.name}${
      opening.rules === "" ? "" : ` with ${opening.rules}`
    }`,
    ...(retraced ? [`Went on after ${number(retraced.bars, { digits: 0 })} bars, which came out as recorded`] : []),
    `${number(bars, { digits: 0 })} bars traded${
      result ? `, ${formatDate(result.time[0])} to ${formatDate(result.time.at(-1) ?? NaN)}` : ""
    }; ended as: ${why}`,
    `Equity ${money(equity, quote)}, ${percent(equity / cash - 1, { sign: true })}`,
    ...warnings.map((warning) => `! ${warning}`),
    ...(wrong.length > 0 ? [`! Bars of the stream: ${wrong.join(", ")}`] : []),
    ...(latency.count > 0 ? [`From a bar's message to the decision: ${latencyText(latency)}`] : []),
    ...(trades.length > 0 ? ["", tradesTable(trades)] : []),
    ...(folder === undefined ? [] : [
      "",
      `Kept as data/paper/${name}: lab paper${again} --name ${name} --resume${
        why === "the kill switch" ? " --clear-kill" : ""
      } goes on`,
    ]),
  ];
}

function tradesTable(trades: PaperReport["trades"]): string {
  const rows = trades.slice(-10).map(({ symbol, side, entryTime, exitTime, profit, return: earned, open }) => ({
    symbol,
    side,
    from: formatDate(entryTime),
    to: open ? "open" : formatDate(exitTime),
    profit,
    return: earned,
  }));
  const caption = trades.length > 10 ? `Last 10 of ${trades.length} trades` : "Trades";
  return formatTable(rows, { caption, units: { return: "%" }, limit: 10 });
}
