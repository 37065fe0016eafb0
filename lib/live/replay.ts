import type { Candles } from "../market/candles.ts";
import type { MarketStream, StreamEvent } from "../data/stream.ts";

/** How a replay runs. */
export interface ReplayOptions {
  /** How many times as fast as the market was; Infinity: as fast as it is read. */
  readonly speed?: number;
  /** The first bar given opens at or after it, ms UTC: a session goes on there. */
  readonly since?: number;
  /** Bars of the start that are given at once, whatever the speed: history. */
  readonly atOnce?: number;
}

/** Longest that other work has to wait for a replay without pauses, ms. */
const TURN = 20;

/** Longest wait that timers know, ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * A stream of bars that are there already: of a file, or of an earlier session.
 *
 * @param candles of equal step; assets may begin and end at different times
 * @throws {RangeError} if there is none, their steps differ, or the speed is not above 0
 */
export function replayStream(
  candles: readonly Candles[],
  { speed = Infinity, since = -Infinity, atOnce = 0 }: ReplayOptions = {},
): MarketStream {
  if (candles.length === 0) throw new RangeError("Cannot replay as there must be candles of one symbol or more");
  const [{ step }] = candles;
  for (const one of candles) {
    if (one.step === step) continue;
    throw new RangeError(`Cannot replay ${one.symbol} beside ${candles[0].symbol} as their bars must be equally long`);
  }
  if (!(speed > 0)) throw new RangeError(`Cannot replay as the speed must be above 0: current value is ${speed}`);
  let open = true;
  let wake = () => {}; // ends a pause

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wake = () => {};
  }

  async function* events(): AsyncGenerator<StreamEvent> {
    const next = candles.map((one) => {
      let t = 0;
      while (t < one.length && one.time[t] < since) t++;
      return t;
    });
    yield { kind: "feed", state: "connected", note: "replay" };
    const began = performance.now();
    let [first, count, turn] = [NaN, 0, began];
    while (open) {
      let time = Infinity;
      for (let k = 0; k < candles.length; k++) {
        if (next[k] < candles[k].length) time = Math.min(time, candles[k].time[next[k]]);
      }
      if (time === Infinity) break;
      if (count++ >= atOnce && speed < Infinity) {
        if (Number.isNaN(first)) first = time - step;
        const due = began + (time - first) / speed;
        for (let left = due - performance.now(); open && left > 0; left = due - performance.now()) {
          await pause(Math.min(left, LONGEST));
        }
      }
      if (performance.now() - turn > TURN) {
        await pause(0);
        turn = performance.now();
      }
      if (!open) break;
      for (let k = 0; k < candles.length; k++) {
        const one = candles[k];
        const t = next[k];
        if (t >= one.length || one.time[t] !== time) continue;
        next[k]++;
        const bar = {
          ...{ time, open: one.$open[t], high: one.$high[t], low: one.$low[t], close: one.$close[t] },
          ...{ volume: one.$volume[t], ...(one.filled[t] !== 0 ? { filled: true as const } : {}) },
        };
        yield { kind: "bar", symbol: one.symbol, bar, received: performance.now(), source: "replay" };
      }
    }
    yield { kind: "feed", state: "closed", note: open ? "the replay is over" : "closed" };
  }

  return {
    symbols: candles.map(({ symbol }) => symbol),
    step,
    [Symbol.asyncIterator]: events,
    [Symbol.asyncDispose]() {
      open = false;
      wake();
      return Promise.resolve();
    },
  };
}
