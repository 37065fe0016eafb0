// @ts-check
/** Charts on canvases: drawn again when their data, size or the colours change, read by pointer and by arrow keys. */
import { fill, h, say } from "./dom.js";
import { barTime, number } from "./format.js";

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} color custom property: "agent"
 * @property {ArrayLike<number | null>} x rising
 * @property {ArrayLike<number | null>} y
 * @property {boolean} [area] filled down to zero
 * @property {number} [width] px
 * @property {{ x: number, y: number, up: boolean }[]} [marks] triangles: bought, sold
 */
/**
 * @typedef {object} Axes
 * @property {"time" | "count"} x
 * @property {(value: number) => string} [format] of y
 * @property {boolean} [zero] whether y must hold zero
 * @property {boolean} [legend]
 */

/** @type {Set<() => void>} */
const all = new Set();

/** Draws every chart again: the colours are others. */
export function recolour() {
  for (const draw of all) draw();
}

/** @type {Map<string, string>} */
const palette = new Map();

/** A colour of the page, looked up once a drawing. @param {string} name */
function colour(name) {
  let found = palette.get(name);
  if (found === undefined) {
    found = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888";
    palette.set(name, found);
  }
  return found;
}

/**
 * A chart with a title and a line that says what is under the pointer.
 *
 * @param {string} title
 * @param {(context: CanvasRenderingContext2D, width: number, height: number, at: number | null) => { said: string, steps: number, summary: string, parts?: { text: string, color: string }[] }} paint
 *   `at` is the place of the pointer, 0..1 of the width, or null; gives what to say there
 * @param {{ height?: number, note?: string }} [options]
 */
function frame(title, paint, { height = 190, note = "" } = {}) {
  const canvas = h("canvas", { role: "img", tabindex: "0", "aria-label": title });
  const said = h("output", { class: "said" });
  const heading = h("h3", {}, title);
  const element = h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, heading, note ? h("span", { class: "muted small" }, note) : null, said),
    h("div", { class: "plot", style: { height: `${height}px` } }, canvas),
  );
  /** @type {number | null} */
  let at = null;
  let steps = 1;
  let waiting = 0;
  const draw = () => {
    waiting = 0;
    const { clientWidth: width, clientHeight: tall } = canvas;
    if (width === 0 || !canvas.isConnected) return;
    const scale = Math.min(3, devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(tall * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(tall * scale);
    }
    const context = canvas.getContext("2d");
    if (!context) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, tall);
    palette.clear();
    const found = paint(context, width, tall, at);
    steps = Math.max(1, found.steps);
    if (said.title !== found.said) {
      said.title = found.said;
      fill(
        said,
        (found.parts ?? [{ text: found.said, color: "" }]).map(({ text, color }) =>
          h("span", {}, color ? h("i", { class: "key", style: { background: `var(--${color})` } }) : null, text)
        ),
      );
    }
    canvas.setAttribute("aria-label", `${title}: ${at === null ? found.summary : found.said}`);
  };
  const later = () => void (waiting ||= requestAnimationFrame(draw));
  const move = (/** @type {number | null} */ place) => {
    at = place === null ? null : Math.max(0, Math.min(1, place));
    later();
  };
  canvas.addEventListener("pointermove", (event) => move(event.offsetX / canvas.clientWidth));
  canvas.addEventListener("pointerleave", () => move(null));
  canvas.addEventListener("blur", () => move(null));
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (by !== undefined) move((at ?? 1) + by / Math.max(steps, 1));
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(1);
    else if (event.key === "Escape") move(null);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(later).observe(canvas);
  all.add(later);
  return {
    element,
    update: later,
    /** @param {string} text */
    rename: (text) => say(heading, text),
    dispose: () => void all.delete(later),
  };
}

const pad = { left: 8, right: 62, top: 8, bottom: 20 };

/**
 * Lines over time or steps.
 *
 * @param {string} title @param {() => Line[]} lines asked at each drawing @param {Axes} axes @param {{ height?: number, note?: string }} [options]
 */
export function lineChart(title, lines, { x: kind, format = number, zero = false, legend = true }, options) {
  return frame(title, (context, width, height, at) => {
    const shown = lines().filter(({ x }) => x.length > 0);
    const [from, to] = reach(shown.map(({ x }) => /** @type {[number, number]} */ ([x[0], x[x.length - 1]])));
    let [low, high] = reach(shown.map(({ y }) => extent(y)));
    if (!Number.isFinite(low)) {
      empty(context, width, height);
      return { said: "", steps: 1, summary: "nothing yet" };
    }
    if (zero) [low, high] = [Math.min(0, low), Math.max(0, high)];
    if (low === high) [low, high] = [low - (Math.abs(low) * 0.01 || 0.5), high + (Math.abs(high) * 0.01 || 0.5)];
    else if (!zero) [low, high] = [low - (high - low) * 0.04, high + (high - low) * 0.04];
    const inner = { width: width - pad.left - pad.right, height: height - pad.top - pad.bottom };
    const px = (/** @type {number} */ x) => pad.left + (to > from ? (x - from) / (to - from) : 0.5) * inner.width;
    const py = (/** @type {number} */ y) => pad.top + (1 - (y - low) / (high - low)) * inner.height;
    grid(context, { low, high, py, width, height, format });
    ticksX(context, { from, to, px, width, height, kind });
    for (const line of shown) stroke(context, line, px, py, low, high, inner.width);
    for (const { marks, color } of shown) if (marks) triangles(context, marks, px, py, from, to, color);
    const last = shown.map((line) => ({ line, i: line.x.length - 1 }));
    const wanted = at === null ? undefined : from + ((at * width - pad.left) / inner.width) * (to - from);
    const under = wanted === undefined ? last : shown.map((line) => ({ line, i: nearest(line.x, wanted) }));
    if (wanted !== undefined && under.length > 0) {
      cross(context, px(under[0].line.x[under[0].i] ?? 0), height);
      for (const { line, i } of under) {
        const value = line.y[i];
        if (value !== null && Number.isFinite(value)) dot(context, px(line.x[i] ?? 0), py(value), line.color);
      }
    }
    const many = under.length > 6;
    const named = legend && shown.length > 1;
    const parts = (many ? under.slice(0, 6) : under).map(({ line, i }) => ({
      text: `${named ? line.name + " " : ""}${said(line.y[i], format)}`,
      color: named ? line.color : "",
    }));
    const values = parts.map(({ text }) => text).join("   ") + (many ? " …" : "");
    const where = under[0].line.x[under[0].i] ?? 0;
    const when = kind === "time" ? barTime(where, Math.min(to - from, 4e8)) : number(where, 6);
    const place = kind === "time" ? when : `step ${when}`;
    return {
      said: `${values}   ${place}`,
      parts: [...parts, { text: `${many ? "… " : ""}${place}`, color: "" }],
      steps: Math.max(...shown.map(({ x }) => x.length - 1)),
      summary: `last ${values}; between ${format(low)} and ${format(high)}`,
    };
  }, options);
}

/** @param {number | null | undefined} value @param {(value: number) => string} format */
const said = (value, format) => (value === null || value === undefined ? "–" : format(value));

/**
 * An order book: what is wanted and offered, added up from the middle outwards.
 *
 * @param {string} title @param {() => { bids: number[][], asks: number[][] } | undefined} book
 */
export function depthChart(title, book) {
  return frame(title, (context, width, height, at) => {
    const { bids = [], asks = [] } = book() ?? {};
    if (bids.length === 0 || asks.length === 0) {
      empty(context, width, height);
      return { said: "", steps: 1, summary: "no order book yet" };
    }
    const add = (/** @type {number[][]} */ levels) => {
      let sum = 0;
      return levels.map(([price, units]) => [price, sum += units]);
    };
    const [buy, sell] = [add(bids), add(asks)];
    const [low, high] = [buy[buy.length - 1][0], sell[sell.length - 1][0]];
    const top = Math.max(buy[buy.length - 1][1], sell[sell.length - 1][1]);
    const inner = { width: width - pad.left - pad.right, height: height - pad.top - pad.bottom };
    const px = (/** @type {number} */ price) => pad.left + ((price - low) / (high - low || 1)) * inner.width;
    const py = (/** @type {number} */ units) => pad.top + (1 - units / (top || 1)) * inner.height;
    grid(context, { low: 0, high: top, py, width, height, format: number });
    for (const [levels, name] of /** @type {const} */ ([[buy, "gain"], [sell, "loss"]])) {
      context.beginPath();
      context.moveTo(px(levels[0][0]), py(0));
      let before = 0;
      for (const [price, units] of levels) {
        context.lineTo(px(price), py(before));
        context.lineTo(px(price), py(units));
        before = units;
      }
      context.strokeStyle = colour(name);
      context.lineWidth = 1.5;
      context.stroke();
      context.lineTo(px(levels[levels.length - 1][0]), py(0));
      context.closePath();
      context.globalAlpha = 0.16;
      context.fillStyle = colour(name);
      context.fill();
      context.globalAlpha = 1;
    }
    context.fillStyle = colour("muted");
    context.textAlign = "left";
    context.fillText(number(low, 6), pad.left, height - 5);
    context.textAlign = "right";
    context.fillText(number(high, 6), width - pad.right, height - 5);
    const [bid, ask] = [bids[0][0], asks[0][0]];
    const middle = (bid + ask) / 2;
    context.textAlign = "center";
    context.fillText(number(middle, 6), px(middle), height - 5);
    let text = `bid ${number(bid, 6)}   ask ${number(ask, 6)}   spread ${number(1e4 * (ask - bid) / middle, 2)} bps`;
    if (at !== null) {
      const price = low + ((at * width - pad.left) / inner.width) * (high - low);
      const side = price <= middle ? buy : sell;
      const level = side.filter(([one]) => (price <= middle ? one >= price : one <= price)).at(-1) ?? side[0];
      cross(context, px(price), height);
      text = `to ${number(price, 6)}: ${number(level[1])} units ${price <= middle ? "wanted" : "offered"}`;
    }
    return { said: text, steps: 60, summary: text };
  });
}

/**
 * Positions over time: a row a symbol, long and short by colour and, for those who do not see it, by what is said.
 *
 * @param {string} title @param {() => { time: number[], symbols: string[], value: (symbol: string, i: number) => number }} positions
 */
export function heatMap(title, positions, height = 120) {
  const chart = frame(title, (context, width, tall, at) => {
    const { time, symbols, value } = positions();
    if (time.length === 0 || symbols.length === 0) {
      empty(context, width, tall);
      return { said: "", steps: 1, summary: "no positions yet" };
    }
    context.font = font();
    const left = Math.min(width / 3, 10 + Math.max(...symbols.map((symbol) => context.measureText(symbol).width)));
    const inner = { width: width - left - 8, height: tall - pad.top - pad.bottom };
    const row = inner.height / symbols.length;
    const columns = Math.min(time.length, Math.max(1, Math.floor(inner.width / 2)));
    const shades = Array.from({ length: 21 }, (_, i) => colour(`div-${i}`));
    symbols.forEach((symbol, k) => {
      for (let c = 0; c < columns; c++) {
        const weight = value(symbol, Math.floor((c + 0.5) * time.length / columns));
        const shade = Math.round(10 + 10 * Math.max(-1, Math.min(1, weight)));
        context.fillStyle = shades[shade] ?? "#888";
        const x = left + c * inner.width / columns;
        context.fillRect(x, pad.top + k * row, inner.width / columns + 0.6, Math.max(1, row - 1));
      }
      context.fillStyle = colour("muted");
      context.textAlign = "right";
      context.textBaseline = "middle";
      if (row >= 9 || k % Math.ceil(10 / row) === 0) context.fillText(symbol, left - 6, pad.top + (k + 0.5) * row);
    });
    context.textBaseline = "alphabetic";
    const [from, to] = [time[0], time[time.length - 1]];
    ticksX(context, {
      from,
      to,
      px: (x) => left + (to > from ? (x - from) / (to - from) : 0.5) * inner.width,
      width,
      height: tall,
      kind: "time",
    });
    const place = at === null ? 1 : Math.max(0, Math.min(1, (at * width - left) / inner.width));
    const i = Math.min(time.length - 1, Math.floor(place * time.length));
    if (at !== null) cross(context, left + place * inner.width, tall);
    const text = symbols.slice(0, 6).map((symbol) => `${symbol} ${number(100 * value(symbol, i), 3)} %`).join("   ");
    return {
      said: `${text}${symbols.length > 6 ? " …" : ""}   ${barTime(time[i], Math.min(to - from, 4e8))}`,
      steps: time.length,
      summary: `last ${text}`,
    };
  }, { height });
  chart.element.classList.add("heat", "wide");
  return chart;
}

/** Values of many trials in their order, the best so far as a line. @param {string} title @param {() => { trial: number, state: string, value: number | null }[]} trials */
export function trialChart(title, trials) {
  return frame(title, (context, width, height, at) => {
    const found = trials().filter(({ value }) => value !== null && Number.isFinite(value));
    if (found.length === 0) {
      empty(context, width, height);
      return { said: "", steps: 1, summary: "no trial has ended yet" };
    }
    const values = found.map(({ value }) => value ?? 0);
    let [low, high] = extent(values);
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const inner = { width: width - pad.left - pad.right, height: height - pad.top - pad.bottom };
    const last = Math.max(1, ...found.map(({ trial }) => trial));
    const px = (/** @type {number} */ trial) => pad.left + 4 + (trial / last) * (inner.width - 8);
    const py = (/** @type {number} */ y) => pad.top + 4 + (1 - (y - low) / (high - low)) * (inner.height - 8);
    grid(context, { low, high, py, width, height, format: number });
    const ended = found.filter(({ state }) => state === "finished").sort((a, b) => a.trial - b.trial);
    let best = -Infinity;
    context.beginPath();
    for (const { trial, value } of ended) {
      const was = best;
      best = Math.max(best, value ?? -Infinity);
      if (was === -Infinity) context.moveTo(px(trial), py(best));
      else {
        context.lineTo(px(trial), py(was));
        context.lineTo(px(trial), py(best));
      }
    }
    if (ended.length > 0) context.lineTo(px(last), py(best));
    context.strokeStyle = colour("agent");
    context.lineWidth = 1.8;
    context.stroke();
    for (const { trial, state, value } of found) {
      const done = state === "finished";
      dot(context, px(trial), py(value ?? 0), done ? "agent" : state === "failed" ? "loss" : "muted", done ? 3 : 2.2);
    }
    const top = ended.length > 0 ? best : Math.max(...values);
    const i = at === null ? values.indexOf(top) : nearest(found.map(({ trial }) => trial), at * last);
    const { trial, value, state } = found[i];
    if (at !== null) cross(context, px(trial), height);
    const text = `${at === null ? "best: " : ""}trial ${trial} ${number(value)} ${state}`;
    return { said: text, steps: found.length, summary: text };
  });
}

const font = () => `11px ${getComputedStyle(document.body).fontFamily}`;

/** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
function empty(context, width, height) {
  context.font = font();
  context.fillStyle = colour("muted");
  context.textAlign = "center";
  context.fillText("nothing yet", width / 2, height / 2);
}

/** @param {CanvasRenderingContext2D} context @param {{ low: number, high: number, py: (y: number) => number, width: number, height: number, format: (y: number) => string }} axis */
function grid(context, { low, high, py, width, height, format }) {
  context.font = font();
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineWidth = 1;
  const values = nice(low, high, Math.max(2, Math.floor(height / 45)));
  for (const value of values) {
    const y = Math.round(py(value)) + 0.5;
    context.strokeStyle = colour("grid");
    context.beginPath();
    context.moveTo(pad.left, y);
    context.lineTo(width - pad.right, y);
    context.stroke();
    context.fillStyle = colour("muted");
    context.fillText(format(value), width - pad.right + 6, y);
  }
  context.textBaseline = "alphabetic";
}

/** @param {CanvasRenderingContext2D} context @param {{ from: number, to: number, px: (x: number) => number, width: number, height: number, kind: "time" | "count" }} axis */
function ticksX(context, { from, to, px, width, height, kind }) {
  context.font = font();
  context.fillStyle = colour("muted");
  const count = Math.max(2, Math.floor(width / 150));
  const values = kind === "count"
    ? nice(from, to, count)
    : Array.from({ length: count }, (_, i) => from + (to - from) * (i + 0.5) / count);
  for (const value of values) {
    const text = kind === "time" ? barTime(value, to - from) : number(value, 3);
    const x = px(value);
    const half = context.measureText(text).width / 2;
    context.textAlign = x - half < 0 ? "left" : x + half > width ? "right" : "center";
    context.fillText(
      text,
      context.textAlign === "left" ? 2 : context.textAlign === "right" ? width - 2 : x,
      height - 5,
    );
  }
}

/** A line; of more points than pixels only each pixel's least and most. @param {CanvasRenderingContext2D} context @param {Line} line @param {(x: number) => number} px @param {(y: number) => number} py @param {number} low @param {number} high @param {number} pixels */
function stroke(context, { x, y, color, area = false, width = 1.6 }, px, py, low, high, pixels) {
  context.beginPath();
  const dense = x.length > 3 * pixels;
  let open = false;
  /** @type {number[]} */
  let bin = [];
  let column = NaN;
  const put = (/** @type {number} */ left, /** @type {number} */ top) => {
    if (open) context.lineTo(left, top);
    else context.moveTo(left, top);
    open = true;
  };
  const empty = () => {
    if (bin.length === 0) return;
    for (const value of [bin[0], Math.min(...bin), Math.max(...bin), bin[bin.length - 1]]) put(column, py(value));
    bin = [];
  };
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value === null || !Number.isFinite(value)) {
      empty();
      open = false;
      continue;
    }
    const left = px(x[i] ?? 0);
    if (!dense) {
      put(left, py(value));
      continue;
    }
    const own = Math.round(left);
    if (own !== column) empty();
    column = own;
    bin.push(value);
  }
  empty();
  context.lineWidth = width;
  context.lineJoin = "round";
  context.strokeStyle = colour(color);
  context.stroke();
  if (x.length === 1 && y[0] !== null) dot(context, px(x[0] ?? 0), py(y[0]), color);
  if (!area || x.length < 2) return;
  const base = py(Math.max(low, Math.min(high, 0)));
  context.lineTo(px(x[x.length - 1] ?? 0), base);
  context.lineTo(px(x[0] ?? 0), base);
  context.closePath();
  context.globalAlpha = 0.13;
  context.fillStyle = colour(color);
  context.fill();
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {{ x: number, y: number, up: boolean }[]} marks @param {(x: number) => number} px @param {(y: number) => number} py @param {number} from @param {number} to @param {string} _color */
function triangles(context, marks, px, py, from, to, _color) {
  const size = marks.length > 400 ? 2.5 : marks.length > 120 ? 3.5 : 5;
  for (const { x, y, up } of marks) {
    if (x < from || x > to) continue;
    const [left, top] = [px(x), py(y)];
    context.beginPath();
    context.moveTo(left, top + (up ? 2 : -2));
    context.lineTo(left - size, top + (up ? 2 + 1.8 * size : -2 - 1.8 * size));
    context.lineTo(left + size, top + (up ? 2 + 1.8 * size : -2 - 1.8 * size));
    context.closePath();
    context.fillStyle = colour(up ? "gain" : "loss");
    context.globalAlpha = marks.length > 400 ? 0.5 : 0.9;
    context.fill();
    context.globalAlpha = 1;
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {string} name */
function dot(context, x, y, name, radius = 3) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour(name);
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} height */
function cross(context, x, height) {
  context.strokeStyle = colour("muted");
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, pad.top);
  context.lineTo(Math.round(x) + 0.5, height - pad.bottom);
  context.stroke();
  context.setLineDash([]);
}

/** Least and most of finite values. @param {ArrayLike<number | null>} values @returns {[number, number]} */
function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** @param {[number, number][]} ranges @returns {[number, number]} */
const reach = (ranges) => [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];

/** Round numbers between two. @param {number} low @param {number} high @param {number} count */
function nice(low, high, count) {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((by) => by * power).find((by) => by >= rough) ?? 10 * power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return found;
}

/** Place of the value nearest to `wanted` in a rising list. @param {ArrayLike<number | null>} values @param {number} wanted */
function nearest(values, wanted) {
  let [low, high] = [0, values.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) <= wanted) low = middle;
    else high = middle;
  }
  return Math.abs((values[high] ?? 0) - wanted) < Math.abs((values[low] ?? 0) - wanted) ? high : low;
}
