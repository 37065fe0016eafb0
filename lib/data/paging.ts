import type { TimeRange } from "../base/time.ts";
import { type Candles, newCandles } from "../market/candles.ts";
import type { CandleCache } from "./cache.ts";
import type { Bar } from "./exchange.ts";
import { type Ranges, uncovered, union } from "./ranges.ts";

/** Where pages come from, and what is known of it. */
export interface PageSource {
  readonly step: number; // ms
  readonly pageLimit: number; // most bars in one answer
  readonly hasDays: boolean; // whether bars of a day can be asked for
  /** Bars that open at or after `since`, of `timeframe` or of days. */
  ask(since: number, limit: number, days?: "1d"): Promise<readonly Bar[]>;
  /** Latest open time of a bar that is over, ms UTC. */
  lastFinished(): number;
}

/** Bars of a span that has been answered for. */
interface Page {
  readonly bars: readonly Bar[]; // in order, all of the span
  readonly span: TimeRange;
  readonly kept: TimeRange; // the part of the span that need not be asked for again
}

const day = 864e5;

/**
 * Asks for what `cache` lacks of `wanted`, page by page, keeping what comes; returns how many bars came. When it fails
 * or is stopped, what came so far is kept.
 *
 * @param onPage told after each page how much of what was lacking is done, 0..1
 */
export async function fillCache(
  cache: CandleCache,
  wanted: TimeRange,
  source: PageSource,
  onPage: (share: number, bars: number) => void,
): Promise<number> {
  const keeper = pageKeeper(cache, source);
  let answered: Ranges = []; // in this call, also what is too fresh to be kept in mind
  let fetched = 0;
  const lacking = async () => {
    const to = Math.min(wanted.to, source.lastFinished() + 1);
    if (to <= wanted.from) return [];
    return (await cache.missing({ from: wanted.from, to })).flatMap((range) => uncovered(range, answered));
  };
  const length = (ranges: Ranges) => ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const all = length(await lacking());
  try {
    for (;;) {
      const rest = await lacking();
      if (rest.length === 0) return fetched;
      onPage(1 - length(rest) / all, fetched);
      const page = await nextPage(source, rest[0]);
      answered = union(answered, page.span);
      fetched += page.bars.length;
      await keeper.add(page);
    }
  } finally {
    await keeper.flush();
    onPage(1, fetched);
  }
}

/** The first page of `span`; it may be empty. */
async function nextPage(source: PageSource, span: TimeRange): Promise<Page> {
  const limit = Math.min(source.pageLimit, Math.ceil((span.to - span.from) / source.step));
  const bars = await askTwice(source, span.from, limit);
  const finished = source.lastFinished();
  if (bars.length === 0) {
    const to = Math.min(span.to, await emptyUntil(source, span.from + limit * source.step, span.to));
    const settled = Math.min(to, finished - day); // a bar that was late would be missing for ever
    return { bars, span: { from: span.from, to }, kept: { from: span.from, to: settled } };
  }
  const end = bars[bars.length - 1][0] + source.step;
  const to = Math.min(span.to, end, finished + 1);
  const answered = { from: span.from, to: Math.max(span.from, to) };
  return { bars: bars.filter(([time]) => time < span.to && time <= finished), span: answered, kept: answered };
}

/** Bars from `since` on, in order, one per time. That there are none is asked again before it is believed. */
async function askTwice(source: PageSource, since: number, limit: number, days?: "1d"): Promise<Bar[]> {
  const answer = async () => {
    const byTime = new Map((await source.ask(since, limit, days)).map((bar) => [bar[0], bar]));
    return [...byTime.values()].filter(([time]) => time >= since).sort((a, b) => a[0] - b[0]);
  };
  const first = await answer();
  return first.length > 0 ? first : await answer();
}

/**
 * Nothing was found before `asked`: how far that goes. Exchanges that answer for a window only would be asked for each
 * empty one since before a coin was listed; bars of days tell where the first bar is in a few requests.
 */
async function emptyUntil(source: PageSource, asked: number, end: number): Promise<number> {
  if (asked >= end || !source.hasDays || source.step >= day) return asked;
  const since = asked - day;
  const first = (await askTwice(source, since, source.pageLimit, "1d")).find(([time]) => time + day > asked);
  return Math.max(asked, first ? first[0] : since + source.pageLimit * day);
}

/** Gathers pages that follow each other, so that a month of minutes is not written anew for each of its pages. */
function pageKeeper(cache: CandleCache, { step, pageLimit }: PageSource) {
  const pagesPerSave = Math.min(50, Math.max(1, Math.round(30 * day / step / pageLimit / 5)));
  let bars: Bar[] = [];
  let span: TimeRange | undefined;
  let pages = 0;
  const flush = async () => {
    if (span === undefined) return;
    await cache.add(barsToCandles(bars, cache.key.symbol, step), span);
    [bars, span, pages] = [[], undefined, 0];
  };
  return {
    flush,
    async add({ bars: more, kept }: Page): Promise<void> {
      if (span && kept.from !== span.to) await flush();
      if (kept.from >= kept.to) return;
      bars.push(...more);
      span = { from: span?.from ?? kept.from, to: kept.to };
      if (++pages >= pagesPerSave) await flush();
    },
  };
}

function barsToCandles(bars: readonly Bar[], symbol: string, step: number): Candles {
  const column = (i: number) => Float64Array.from(bars, (bar) => bar[i]);
  const prices = { $open: column(1), $high: column(2), $low: column(3), $close: column(4), $volume: column(5) };
  return newCandles({ symbol, step, time: column(0), ...prices });
}
