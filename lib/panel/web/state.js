// @ts-check
/**
 * What a job has told so far, kept small: the server keeps it, the page starts from the server's and goes on by the same
 * events. No imports: it runs in both.
 */

/** @typedef {import("../../base/events.ts").StageEvent} StageEvent */
/** @typedef {{ x: number[], y: (number | null)[], every: number, count: number }} Curve thinned: each `every`-th point, and the last */
/** @typedef {{ time: number[], open: number[], high: number[], low: number[], close: number[], volume: number[] }} Bars */
/**
 * @typedef {object} JobState
 * @property {{ label: string, done: number, total: number | null, note: string }[]} progress in the order they appeared
 * @property {{ id: string, name: string, url: string | null }[]} runs
 * @property {Record<string, number | null>} results numbers without a step
 * @property {Record<string, Curve>} curves by metric; of several seeds "name#7"
 * @property {string[]} pages
 * @property {{ trial: number, state: string, value: number | null, params: Record<string, unknown> }[]} trials
 * @property {Record<string, number | string | null>[]} workers
 * @property {Record<string, Bars>} bars the last ones, by symbol
 * @property {{ bar: number, symbol: string, units: number, price: number }[]} fills the last ones
 * @property {number} filled how many fills there were
 * @property {Curve} equity over bars, quote currency
 * @property {number | null} cash that the account began with; of a session gone on with, before the curve begins
 * @property {Curve} drawdown 0..1
 * @property {{ time: number[], rows: Record<string, number>[] }} weights the last ones, by symbol
 * @property {Record<string, { bids: number[][], asks: number[][] }>} books
 * @property {{ bar: number, rule: string, reason: string }[]} risk the last ones
 * @property {{ state: string, note: string } | null} feed
 * @property {Record<string, { on: boolean, text: string }>} alerts
 * @property {Extract<StageEvent, { kind: "history" }> | null} history
 */

/** Most of each that is kept. */
export const most = {
  curve: 3000,
  curves: 480, // twenty seeds of what a training tells
  bars: 3000,
  fills: 2000,
  weights: 400,
  trials: 3000,
  list: 100,
  results: 400,
};

/** A job that has told nothing. @returns {JobState} */
export function newState() {
  return {
    progress: [],
    runs: [],
    results: {},
    curves: {},
    pages: [],
    trials: [],
    workers: [],
    bars: {},
    fills: [],
    filled: 0,
    equity: newCurve(),
    cash: null,
    drawdown: newCurve(),
    weights: { time: [], rows: [] },
    books: {},
    risk: [],
    feed: null,
    alerts: {},
    history: null,
  };
}

/** Changes `state` by an event; what is of no known kind changes nothing. @param {JobState} state @param {StageEvent} event */
export function apply(state, event) {
  switch (event.kind) {
    case "progress": {
      const { label, done, total, note } = event;
      const found = state.progress.find((one) => one.label === label);
      if (found) Object.assign(found, { done, total, note });
      else {
        state.progress.push({ label, done, total, note });
        trim(state.progress, most.list);
      }
      return;
    }
    case "run":
      if (!state.runs.some(({ id }) => id === event.id)) {
        state.runs.push({ id: event.id, name: event.name, url: event.url });
        trim(state.runs, most.list);
      }
      return;
    case "metrics":
      return metrics(state, event);
    case "page":
      if (!state.pages.includes(event.path)) state.pages.push(event.path);
      return trim(state.pages, most.list);
    case "trial": {
      const { trial, state: how, value, params } = event;
      const at = state.trials.findIndex((one) => one.trial === trial);
      if (at >= 0) state.trials[at] = { trial, state: how, value, params };
      else {
        state.trials.push({ trial, state: how, value, params });
        trim(state.trials, most.trials);
      }
      return;
    }
    case "workers":
      state.workers = event.workers.slice(0, 256);
      return;
    case "bar": {
      const [open, high, low, close, volume] = event.ohlcv;
      const bars = state.bars[event.symbol] ??= { time: [], open: [], high: [], low: [], close: [], volume: [] };
      const row = { time: event.bar, open, high, low, close, volume };
      for (const key of /** @type {(keyof Bars)[]} */ (Object.keys(row))) {
        bars[key].push(row[key]);
        trim(bars[key], most.bars);
      }
      return;
    }
    case "account":
      push(state.equity, event.bar, event.equity);
      state.cash = event.cash ?? null;
      push(state.drawdown, event.bar, event.drawdown);
      state.weights.time.push(event.bar);
      state.weights.rows.push({ ...event.weights });
      trim(state.weights.time, most.weights);
      return trim(state.weights.rows, most.weights);
    case "fill":
      state.filled++;
      state.fills.push({ bar: event.bar, symbol: event.symbol, units: event.units, price: event.price });
      return trim(state.fills, most.fills);
    case "risk":
      state.risk.push({ bar: event.bar, rule: event.rule, reason: event.reason });
      return trim(state.risk, most.list);
    case "book":
      state.books[event.symbol] = {
        bids: event.bids.slice(0, 50).map((level) => [...level]),
        asks: event.asks.slice(0, 50).map((level) => [...level]),
      };
      return;
    case "feed":
      state.feed = { state: event.state, note: event.note };
      return;
    case "alert":
      state.alerts[event.name] = { on: event.on, text: event.text };
      return;
    case "history":
      state.history = event;
      return;
  }
}

/** @param {JobState} state @param {Extract<StageEvent, { kind: "metrics" }>} event */
function metrics(state, { step, values }) {
  if (step === null) {
    for (const [name, value] of Object.entries(values)) {
      if (name in state.results || Object.keys(state.results).length < most.results) state.results[name] = value;
    }
    return;
  }
  const { seed, ...rest } = values;
  for (const [name, value] of Object.entries(rest)) {
    const key = seed === undefined ? name : `${name}#${seed}`;
    if (!(key in state.curves) && Object.keys(state.curves).length >= most.curves) continue;
    push(state.curves[key] ??= newCurve(), step, value);
  }
}

/** @returns {Curve} */
function newCurve() {
  return { x: [], y: [], every: 1, count: 0 };
}

/** @param {Curve} curve @param {number} x @param {number | null} y */
function push(curve, x, y) {
  // The last point stays until the next comes, then only each `every`-th is left.
  if (curve.count > 0 && (curve.count - 1) % curve.every !== 0) {
    curve.x.pop();
    curve.y.pop();
  }
  curve.x.push(x);
  curve.y.push(y);
  curve.count++;
  if (curve.x.length <= most.curve) return;
  curve.x = curve.x.filter((_, i) => i % 2 === 0);
  curve.y = curve.y.filter((_, i) => i % 2 === 0);
  curve.every *= 2;
}

/** @param {unknown[]} list @param {number} length */
function trim(list, length) {
  if (list.length > length) list.splice(0, list.length - length);
}
