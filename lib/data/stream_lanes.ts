import type { Bar } from "./stream.ts";
import { type BarSequence, barSequence, isBar } from "./stream_bars.ts";

/** Where bars that were missed come from, and when they count as missed. */
export interface LaneOptions {
  readonly symbols: readonly string[];
  readonly step: number; // ms
  readonly from: number; // open of the first bar wanted, ms UTC
  readonly pageLimit: (symbol: string) => number;
  /** Bars that open at or after `since`, the unfinished one possibly among them. */
  ask(symbol: string, since: number, limit: number): Promise<readonly Bar[]>;
  /** For an error that may pass: the least to wait, ms. */
  temporary(error: unknown): number | undefined;
  onBar(symbol: string, bar: Bar, received: number, source: "stream" | "rest"): void;
  /** Told when asking begins to fail. */
  onTrouble(symbol: string, error: unknown): void;
  /** The exchange's clock, ms UTC. */
  readonly now: () => number;
  readonly grace: () => number; // ms
  readonly holeAfter: number; // ms
  readonly firstWait: number; // ms
  readonly longestWait: number; // ms
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** The bars of several symbols, each in a lane of its own. */
export interface Lanes {
  /** Takes a closed bar. */
  take(symbol: string, bar: Bar, received: number, source?: "stream" | "rest"): void;
  /** Open of the bar that comes next, ms UTC. */
  next(symbol: string): number;
  /** A message told of a bar that opens at `time`: those before it are over. */
  seen(symbol: string, time: number): void;
  /** Asks for what should have come by now. */
  check(): void;
  /** Waits for what is being asked. */
  idle(): Promise<void>;
  readonly counts: {
    readonly refilled: number;
    readonly filled: number;
    readonly late: number;
    readonly damaged: number;
  };
}

interface Lane {
  readonly symbol: string;
  readonly bars: BarSequence;
  overdue: number; // since when the next bar is known to be over, performance.now(); NaN: it is not
  askAfter: number; // performance.now()
  lacking: number; // answers in a row that had not what comes next
  failing: number; // failures in a row
}

/**
 * Gives out closed bars once each, in order. Bars come from messages; what these did not bring within `grace` of its end
 * is asked for, one request at a time. An answer that has a later bar but not the next is believed the third time: the
 * exchange has none. So is the third that has nothing at all, `holeAfter` past the bar's end.
 */
export function lanes(options: LaneOptions): Lanes {
  const { symbols, step, from, now, grace, holeAfter, firstWait, longestWait, signal } = options;
  const counts = { refilled: 0, filled: 0, late: 0, damaged: 0 };
  let received = 0; // when what is being given out came in
  let asking: Promise<void> | undefined;

  const all = symbols.map((symbol): Lane => {
    const bars = barSequence(from, step, (bar, source) => {
      if (source === "rest") counts.refilled++;
      if (bar.filled) counts.filled++;
      Object.assign(lane, { overdue: NaN, askAfter: 0, lacking: 0 });
      options.onBar(symbol, bar, received, source);
    });
    const lane: Lane = { symbol, bars, overdue: NaN, askAfter: 0, lacking: 0, failing: 0 };
    return lane;
  });
  const laneOf = new Map(all.map((lane) => [lane.symbol, lane]));

  const wait = (times: number) => Math.min(longestWait, firstWait * 2 ** times) * (0.5 + 0.5 * options.random());
  const isDue = ({ bars, overdue, askAfter }: Lane, at: number) =>
    at >= askAfter && (bars.ahead > 0 || at - overdue >= grace() || now() >= bars.next + step + grace());

  const ask = async (lane: Lane) => {
    const { bars, symbol } = lane;
    const asked = now(); // what is over by now is whole in the answer, whatever time it takes
    const behind = Math.ceil((asked - bars.next) / step) + 2;
    const answer = await options.ask(symbol, bars.next, Math.max(2, Math.min(options.pageLimit(symbol), behind)));
    received = performance.now();
    lane.failing = 0;
    const latest = answer.reduce((time, bar) => Math.max(time, bar.time), -Infinity);
    const over = answer.filter(({ time }) => time < latest || time + step + grace() <= asked).sort((a, b) =>
      a.time - b.time
    );
    const next = bars.next;
    const believed = lane.lacking >= 2;
    for (const bar of over) if (isBar(bar)) bars.add(bar, "rest");
    if (believed && over.length > 0) bars.closeUpTo(over[over.length - 1].time);
    if (believed && bars.next === next && now() >= next + step + holeAfter) bars.skip();
    if (bars.next > next) return;
    lane.askAfter = performance.now() + wait(lane.lacking++);
  };

  const askAll = async () => {
    for (let lane; !signal.aborted && (lane = all.find((one) => isDue(one, performance.now())));) {
      try {
        await ask(lane);
      } catch (error) {
        if (signal.aborted) return;
        if (lane.failing === 0) options.onTrouble(lane.symbol, error);
        const least = options.temporary(error) ?? longestWait;
        lane.askAfter = performance.now() + Math.max(least, wait(lane.failing++));
      }
    }
  };
  const check = () => {
    asking ??= askAll().finally(() => asking = undefined);
  };
  return {
    counts,
    check,
    idle: async () => await asking,
    seen(symbol, time) {
      const lane = laneOf.get(symbol);
      if (lane && time > lane.bars.next && Number.isNaN(lane.overdue)) lane.overdue = performance.now();
    },
    next: (symbol) => laneOf.get(symbol)?.bars.next ?? NaN,
    take(symbol, bar, at, source = "stream") {
      const lane = laneOf.get(symbol);
      if (lane === undefined) return;
      received = at;
      if (!isBar(bar)) counts.damaged++;
      else if (!lane.bars.add(bar, source)) counts.late++;
      if (lane.bars.ahead > 0) check();
    },
  };
}
