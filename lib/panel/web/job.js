// @ts-check
/** One job, live: how far it is, its charts, what it printed; and the buttons that end it. */
import { ask } from "./api.js";
import { depthChart, heatMap, lineChart, trialChart } from "./charts.js";
import { confirm, fill, h, icon, say, toast } from "./dom.js";
import { barTime, counted, duration, moment, number, percent, title, words } from "./format.js";
import { quoted } from "./form.js";
import { apply } from "./state.js";

/** @typedef {import("../jobs.ts").Job} Job */
/** @typedef {import("./state.js").JobState} JobState */

/** How a job stands: a sign, a word and a tone, so that colour is never alone. */
export const standing = {
  running: { sign: "●", text: "running", tone: "accent" },
  stopping: { sign: "◐", text: "stopping", tone: "warn" },
  finished: { sign: "✓", text: "finished", tone: "gain" },
  failed: { sign: "✗", text: "failed", tone: "loss" },
  stopped: { sign: "■", text: "stopped", tone: "muted" },
  lost: { sign: "?", text: "lost", tone: "warn" },
};

/** @param {Job["status"]} status */
export function pill(status) {
  const { sign, text, tone } = standing[status];
  return h("span", { class: `pill ${tone} ${status}` }, h("span", { "aria-hidden": "true" }, sign), " ", text);
}

/** Curves of a training that are shown first, in this order. */
const first = [
  { name: "rollout/ep_rew_mean", title: "Reward of an episode", zero: true },
  { name: "eval/total_return", title: "Return on validation", zero: true, percent: true },
  { name: "train/approx_kl", title: "KL divergence of an update", zero: true },
  { name: "train/entropy_loss", title: "Entropy", negate: true },
  { name: "train/explained_variance", title: "Explained variance" },
  { name: "train/value_loss", title: "Value loss", zero: true },
  { name: "time/fps", title: "Steps a second", zero: true },
];
const dull = ["time/total_timesteps", "time/iterations", "train/n_updates", "train/clip_range", "train/learning_rate"];

/**
 * The view of a job.
 *
 * @param {{ job: Job, state: JobState, log: string[] }} detail
 * @param {{ again: (order: Job["order"]) => void, gone: () => void, openReport: (path: string) => void }} acts
 */
export function jobView(detail, { again, gone, openReport }) {
  let { job } = detail;
  const { state } = detail;
  const log = [...detail.log];
  const pillPlace = h("span");
  const times = h("span", { class: "muted" });
  const message = h("p", { class: "notice" });
  const stop = h("button", { class: "button", on: { click: () => void end() } }, icon("stop"), h("span", {}, "Stop"));
  const kill = h(
    "button",
    { class: "button danger", on: { click: () => void flatten() } },
    icon("kill"),
    "Kill switch",
  );
  const repeat = h("button", { class: "button", on: { click: () => again(job.order) } }, icon("again"), "Again");
  const resume = h("button", { class: "button", on: { click: () => again(resumed()) } }, icon("start"), "Resume");
  const remove = h("button", { class: "button quiet", on: { click: () => void take() } }, "Remove");
  const bars = h("div", { class: "bars" });
  const links = h("div", { class: "links" });
  const alerts = h("ul", { class: "alerts" });
  const tiles = h("dl", { class: "tiles" });
  const outcome = h("div", { class: "charts" }); // of the test period: what matters most once it is there
  const charts = h("div", { class: "charts" });
  const more = h(
    "details",
    { class: "section", hidden: true },
    h("summary", {}, "More curves"),
    h("div", { class: "charts" }),
  );
  const tables = h("div", {});
  const lines = h("pre", { class: "log", role: "log", tabindex: "0", "aria-label": "What it printed" });
  const logBox = h(
    "details",
    { class: "section" },
    h("summary", {}, "What it printed", h("span", { class: "count" })),
    lines,
  );
  const element = h(
    "article",
    { class: "job" },
    h(
      "header",
      { class: "page-head" },
      h("div", {}, h("h1", { tabindex: "-1" }, job.title), h("p", { class: "under" }, pillPlace, times)),
      h("div", { class: "actions" }, kill, stop, resume, repeat, remove),
    ),
    message,
    alerts,
    bars,
    links,
    tiles,
    outcome,
    charts,
    more,
    tables,
    logBox,
    h(
      "details",
      { class: "section" },
      h("summary", {}, "The command"),
      h("pre", {}, `deno task lab ${job.command.map(quoted).join(" ")}`),
    ),
  );
  /** @type {Map<string, { element: HTMLElement, update: () => void, dispose: () => void }>} */
  const drawn = new Map();

  /** The order that goes on with a trader's session: as it began, so that only its name and its bars' source are said. */
  function resumed() {
    const { name, replay, speed, exchange } = job.order.options;
    const source = Object.fromEntries(Object.entries({ replay, speed, exchange }).filter(([, value]) => value));
    const released = state.alerts.kill_switch?.on ? { "clear-kill": "true" } : {};
    return { ...job.order, set: {}, options: { ...source, name, resume: "true", ...released } };
  }

  async function end() {
    try {
      const now = job.status === "stopping";
      job = await ask(`jobs/${job.id}/stop`, "POST", { now });
      toast(now ? "Ended at once" : "Asked to stop: it finishes what must not be left half done");
      draw();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  async function flatten() {
    const yes = await confirm({
      title: "Sell everything and stop?",
      text:
        "All positions are closed at once, at the last price known; trading stops, and stays stopped until you release it.",
      yes: "Flatten and stop",
      danger: true,
    });
    if (!yes) return;
    try {
      await ask(`jobs/${job.id}/kill`, "POST", {});
      toast("Kill switch pressed: positions are being closed", "bad");
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  async function take() {
    try {
      await ask(`jobs/${job.id}`, "DELETE");
      gone();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  /** A chart that is there from now on. @param {string} key @param {() => { element: HTMLElement, update: () => void, dispose: () => void }} make @param {Element} [place] */
  function show(key, make, place = charts) {
    let chart = drawn.get(key);
    if (!chart) {
      chart = make();
      drawn.set(key, chart);
      place.append(chart.element);
    }
    chart.update();
  }

  function draw() {
    const live = job.ended === null;
    fill(pillPlace, pill(job.status));
    clock();
    message.hidden = job.message === "";
    message.className = `notice ${job.status === "failed" ? "bad" : ""}`;
    say(message, job.message);
    stop.hidden = !live;
    say(/** @type {Element} */ (stop.lastElementChild), job.status === "stopping" ? "End now" : "Stop");
    stop.classList.toggle("danger", job.status === "stopping");
    kill.hidden = !live || job.stage !== "paper";
    repeat.hidden = remove.hidden = live;
    resume.hidden = live || job.stage !== "paper" || !job.order.options.name;
    drawBars(live);
    drawLinks();
    drawAlerts();
    drawTiles();
    drawCharts();
    drawTables();
    drawLog();
  }

  function clock() {
    const spent = duration((job.ended ?? Date.now()) - job.started);
    say(times, `${job.ended === null ? "for" : "took"} ${spent}, since ${moment(job.started)}`);
  }

  /** @param {boolean} live */
  function drawBars(live) {
    const shown = live ? state.progress.filter(({ done, total }) => total === null || done < total).slice(-3) : [];
    const last = state.progress.at(-1);
    fill(
      bars,
      live && shown.length === 0
        ? h(
          "div",
          { class: "bar" },
          h("div", { class: "bar-head" }, h("span", {}, last ? `${last.label}: done; what follows …` : "Starting …")),
          h("progress", { max: 1, "aria-label": "working" }),
        )
        : null,
      shown.map(({ label, done, total, note }) => {
        const share = total ? Math.min(1, done / total) : null;
        return h(
          "div",
          { class: "bar" },
          h(
            "div",
            { class: "bar-head" },
            h("span", {}, label),
            h("span", { class: "muted" }, share === null ? number(done, 6) : percent(share)),
          ),
          h("progress", { max: 1, ...(share === null ? {} : { value: share }), "aria-label": label }),
          note ? h("p", { class: "small muted" }, note) : null,
        );
      }),
    );
  }

  function drawLinks() {
    const pages = state.pages.map((path) =>
      h(
        "button",
        { class: "button primary", on: { click: () => openReport(path.split("/").at(-1) ?? path) } },
        icon("reports"),
        "Open the report",
      )
    );
    const runs = state.runs.filter(({ url }) => url).slice(-4).map(({ name, url }) =>
      h(
        "a",
        { class: "button", href: url, target: "_blank", rel: "noopener noreferrer" },
        icon("out"),
        `MLflow: ${name}`,
      )
    );
    if (links.childElementCount !== pages.length + runs.length) fill(links, pages, runs);
  }

  function drawAlerts() {
    const on = Object.entries(state.alerts).filter(([, alert]) => alert.on);
    const over = job.ended !== null && ["connected", "closed"].includes(state.feed?.state ?? "");
    fill(
      alerts,
      state.feed && !over
        ? h("li", { class: `feed ${state.feed.state}` }, h("b", {}, `Feed ${state.feed.state}`), " ", state.feed.note)
        : null,
      on.map(([name, { text }]) => h("li", { class: "alert" }, h("b", {}, title(name)), " ", text)),
      state.risk.slice(-3).reverse().map(({ rule, reason, bar }) =>
        h(
          "li",
          {},
          /^\d+$/.test(rule) ? null : [h("b", {}, title(rule)), " "],
          `${reason} `,
          h("span", { class: "muted" }, barTime(bar, 8e8)),
        )
      ),
    );
  }

  function drawTiles() {
    const found = tilesOf(state);
    fill(
      tiles,
      found.map(({ label, value, beside, tone }) =>
        h(
          "div",
          { class: `tile ${tone ?? ""}` },
          h("dt", {}, label),
          h("dd", {}, value, beside ? h("small", {}, beside) : null),
        )
      ),
    );
  }

  function drawCharts() {
    const { equity, history, bars: prices, books } = state;
    if (equity.x.length > 0) {
      show(
        "equity",
        () =>
          lineChart("Equity", () => [{ name: "equity", color: "agent", x: state.equity.x, y: state.equity.y }], {
            x: "time",
          }),
        outcome,
      );
      show(
        "drawdown",
        () =>
          lineChart(
            "Drawdown",
            () => [{
              name: "drawdown",
              color: "loss",
              x: state.drawdown.x,
              y: state.drawdown.y.map((one) => one === null ? null : -one),
              area: true,
            }],
            {
              x: "time",
              zero: true,
              format: percent,
            },
          ),
        outcome,
      );
    }
    for (const symbol of Object.keys(prices).slice(0, 8)) {
      show(`price ${symbol}`, () =>
        lineChart(
          `${symbol}: price and trades`,
          () => [{
            name: symbol,
            color: "ink",
            width: 1.2,
            x: state.bars[symbol].time,
            y: state.bars[symbol].close,
            marks: state.fills.filter((fill) => fill.symbol === symbol).map(({ bar, price, units }) => ({
              x: bar,
              y: price,
              up: units > 0,
            })),
          }],
          { x: "time", format: (value) => number(value, 5) },
          { note: "▲ bought ▼ sold" },
        ));
    }
    for (const symbol of Object.keys(books).slice(0, 4)) {
      show(`book ${symbol}`, () => depthChart(`${symbol}: order book`, () => state.books[symbol]));
    }
    if (state.weights.time.length > 0) {
      const symbols = () => [...new Set(state.weights.rows.flatMap((row) => Object.keys(row)))];
      show("weights", () =>
        heatMap("Positions, share of equity", () => ({
          time: state.weights.time,
          symbols: symbols(),
          value: (symbol, i) => state.weights.rows[i]?.[symbol] ?? 0,
        }), Math.min(420, 60 + 18 * symbols().length)));
    }
    if (history) drawHistory();
    if (state.trials.length > 0) {
      show("trials", () => trialChart("Trials: value and the best so far", () => state.trials));
    }
    drawCurves();
    for (const place of [outcome, charts]) arrange(place);
  }

  function drawHistory() {
    const of = () => /** @type {NonNullable<JobState["history"]>} */ (state.history);
    const symbols = Object.keys(of().close);
    show("h equity", () =>
      lineChart(
        "Equity",
        () => {
          const { time, equity, close, title } = of();
          const base = equity[0];
          const prices = Object.values(close);
          const hold = time.map((_, i) => base * prices.reduce((sum, one) => sum + one[i] / one[0], 0) / prices.length);
          return [
            { name: title, color: "agent", x: time, y: equity, width: 2 },
            { name: "market", color: "hold", x: time, y: hold, width: 1.3 },
          ];
        },
        { x: "time" },
        { note: "test period; grey: the market, without costs" },
      ), outcome);
    show(
      "h drawdown",
      () =>
        lineChart("Drawdown", () => [{
          name: "drawdown",
          color: "loss",
          x: of().time,
          y: of().drawdown.map((one) => -one),
          area: true,
        }], {
          x: "time",
          zero: true,
          format: percent,
        }),
      outcome,
    );
    for (const symbol of symbols.slice(0, 6)) {
      show(`h price ${symbol}`, () =>
        lineChart(`${symbol}: price and trades`, () => [{
          name: symbol,
          color: "ink",
          width: 1.2,
          x: of().time,
          y: of().close[symbol],
          marks: of().fills.filter((fill) => fill.symbol === symbol).map(({ bar, price, units }) => ({
            x: bar,
            y: price,
            up: units > 0,
          })),
        }], {
          x: "time",
          format: (value) => number(value, 5),
        }, { note: "▲ bought ▼ sold" }), outcome);
    }
    show("h weights", () =>
      heatMap("Positions, share of equity", () => ({
        time: [...of().time],
        symbols,
        value: (symbol, i) => of().weights[symbol][i] ?? 0,
      }), Math.min(420, 70 + 18 * symbols.length)), outcome);
  }

  function drawCurves() {
    const keys = Object.keys(state.curves);
    const names = [...new Set(keys.map((key) => key.split("#")[0]))].filter((name) => !dull.includes(name));
    /** @param {string} name @param {boolean} [negate] */
    const linesOf = (name, negate = false) => {
      const own = Object.keys(state.curves).filter((key) => key.split("#")[0] === name);
      return own.map((key, i) => ({
        name: key.includes("#") ? `seed ${key.split("#")[1]}` : words(name),
        color: own.length === 1 ? "agent" : `cat-${i % 8}`,
        x: state.curves[key].x,
        y: negate ? state.curves[key].y.map((value) => (value === null ? null : -value)) : state.curves[key].y,
      }));
    };
    const equity = names.includes("equity/strategy") && state.history !== null; // the history says it better
    for (const { name, title, zero = false, percent: share = false, negate = false } of first) {
      if (!names.includes(name)) continue;
      show(
        `c ${name}`,
        () =>
          lineChart(title, () => linesOf(name, negate), { x: "count", zero, ...(share ? { format: percent } : {}) }),
      );
    }
    const rest = names.filter((name) =>
      !first.some((one) => one.name === name) && !(equity && name.startsWith("equity/"))
    );
    more.hidden = rest.length === 0;
    const place = /** @type {Element} */ (more.lastElementChild);
    for (const name of rest) {
      show(`c ${name}`, () => lineChart(words(name), () => linesOf(name), { x: "count" }, { height: 140 }), place);
    }
  }

  let tabled = "";
  function drawTables() {
    const key = JSON.stringify([state.results, state.workers, state.trials.length, state.trials.at(-1)]);
    if (key === tabled) return;
    tabled = key;
    const open = new Set([...tables.querySelectorAll("details[open]")].map((one) => one.getAttribute("data-name")));
    const results = Object.entries(state.results);
    fill(
      tables,
      state.workers.length > 0
        ? h("section", { class: "card" }, h("h3", {}, "Workers"), workerTable(state.workers))
        : null,
      state.trials.length > 0
        ? fold("trials", `Best of ${counted(state.trials.length, "trial")}`, trialTable(state.trials), true)
        : null,
      results.length > 0
        ? fold(
          "numbers",
          `All ${results.length} numbers`,
          table(["number", "value"], results.map(([name, value]) => [words(name), number(value, 5)]), [false, true]),
        )
        : null,
    );
    /** @param {string} name @param {string} title @param {HTMLElement} body @param {boolean} [from] */
    function fold(name, title, body, from = false) {
      return h(
        "details",
        { class: "section", data: { name }, open: open.has(name) || (from && open.size === 0) },
        h("summary", {}, title),
        body,
      );
    }
  }

  let shown = "";
  let opened = false;
  function drawLog() {
    if (job.ended !== null && !opened) {
      opened = true;
      if (log.length > 0 && drawn.size === 0) logBox.open = true; // it says all there is
    }
    const text = log.join("\n");
    if (text === shown) return;
    shown = text;
    const low = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 30;
    say(lines, text);
    if (low) lines.scrollTop = lines.scrollHeight;
    say(/** @type {Element} */ (logBox.querySelector(".count")), counted(log.length, "line"));
  }
  logBox.addEventListener("toggle", () => void (lines.scrollTop = lines.scrollHeight));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const later = () =>
    void (waiting ||= setTimeout(() => {
      waiting = undefined;
      draw();
    }, 120));
  const ticking = setInterval(clock, 1000);
  draw();
  return {
    element,
    id: job.id,
    stop: () => !stop.hidden && stop.click(),
    /** @param {string} event @param {any} data */
    take(event, data) {
      if (event === "job" && data.id === job.id) {
        job = data;
        later();
      } else if (event === "told" && data.job === job.id) {
        for (const one of data.events) apply(state, one);
        log.push(...data.lines);
        log.splice(0, Math.max(0, log.length - 500));
        later();
      }
    },
    dispose() {
      clearInterval(ticking);
      clearTimeout(waiting);
      for (const { dispose } of drawn.values()) dispose();
    },
  };
}

/** Leaves no gap: of an odd number of charts the last one is as wide as two. @param {Element} place */
function arrange(place) {
  const narrow = [...place.children].filter((chart) => !chart.classList.contains("heat"));
  narrow.forEach((chart, i) => chart.classList.toggle("wide", narrow.length % 2 === 1 && i === narrow.length - 1));
}

/** The numbers that say most, where a job has them. @param {JobState} state */
function tilesOf(state) {
  const { results, equity, drawdown, trials } = state;
  /** @type {{ label: string, value: string, beside?: string, tone?: string }[]} */
  const found = [];
  if (equity.y.length > 0) {
    const [start, now] = [state.cash ?? equity.y[0] ?? NaN, equity.y.at(-1) ?? NaN];
    const change = now / start - 1;
    found.push({
      label: "Equity",
      value: number(now, 6),
      beside: percent(change, true),
      tone: change >= 0 ? "good" : "bad",
    });
    found.push({ label: "Drawdown now", value: percent(drawdown.y.at(-1)) });
    found.push({ label: "Fills", value: number(state.filled, 7) });
  }
  if (trials.length > 0) {
    const values = trials.filter(({ value, state: how }) => value !== null && how === "finished").map(({ value }) =>
      value ?? 0
    );
    found.push({
      label: "Trials",
      value: String(trials.length),
      beside: `${trials.filter(({ state: how }) => how === "pruned").length} pruned`,
    });
    if (values.length > 0) found.push({ label: "Best value", value: number(Math.max(...values)) });
  }
  const wanted = [
    { key: "total_return", label: "Return", share: true },
    { key: "sharpe_ratio", label: "Sharpe ratio" },
    { key: "max_drawdown", label: "Deepest drawdown", share: true },
    { key: "turnover", label: "Turnover" },
  ];
  for (const { key, label, share } of wanted) {
    const names = Object.keys(results).filter((name) => name === key || name.endsWith(`/${key}`));
    const own = names.find((name) => name === key) ?? names.find((name) => /(^|\/)(agent|strategy)\//.test(name)) ??
      names[0];
    if (own === undefined) {
      continue;
    }
    const value = results[own];
    const rival = results[own.replace(/[^/]*\/?[^/]*$/, `buy_and_hold/${key}`)];
    found.push({
      label,
      value: share ? percent(value, key === "total_return") : number(value, 3),
      ...(rival !== undefined
        ? { beside: `buy and hold ${share ? percent(rival, key === "total_return") : number(rival, 3)}` }
        : {}),
      ...(key === "total_return" && value !== null ? { tone: value >= 0 ? "good" : "bad" } : {}),
    });
  }
  return found;
}

/** @param {JobState["trials"]} trials */
function trialTable(trials) {
  const best = [...trials].sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity)).slice(0, 20);
  const params = [...new Set(best.flatMap(({ params }) => Object.keys(params)))].slice(0, 8);
  return table(
    ["trial", "value", "state", ...params.map((name) => name.split(".").at(-1) ?? name)],
    best.map(({ trial, value, state, params: own }) => [
      String(trial),
      number(value),
      state,
      ...params.map((name) => {
        const one = own[name];
        return typeof one === "number" ? number(one) : String(one ?? "–");
      }),
    ]),
    [true, true, false, ...params.map(() => true)],
  );
}

const mebibytes = (/** @type {number} */ bytes) => `${number(bytes / 2 ** 20, 4)} MiB`;

/** @param {JobState["workers"]} workers */
function workerTable(workers) {
  const names = [...new Set(workers.flatMap((one) => Object.keys(one)))];
  const most = {
    cpu: Math.max(1, ...workers.map(({ cpu }) => Number(cpu) || 0)),
    rss: Math.max(1, ...workers.map(({ rss }) => Number(rss) || 0)),
  };
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          names.map((name) =>
            h("th", { scope: "col", class: typeof workers[0][name] === "number" ? "number" : "" }, words(name))
          ),
        ),
      ),
      h(
        "tbody",
        {},
        workers.map((worker) =>
          h(
            "tr",
            {},
            names.map((name) => {
              const value = worker[name];
              if (name === "pid") return h("td", { class: "number" }, String(value ?? "–"));
              if (name === "heap" && typeof value === "number") return h("td", { class: "number" }, mebibytes(value));
              if ((name === "cpu" || name === "rss") && typeof value === "number") {
                const text = name === "rss" ? mebibytes(value) : `${number(value, 2)} cores`;
                return h(
                  "td",
                  { class: "number" },
                  h("meter", { min: 0, max: most[name], value, "aria-hidden": "true" }),
                  " ",
                  text,
                );
              }
              return h(
                "td",
                { class: typeof value === "number" ? "number" : "" },
                typeof value === "number" ? number(value) : String(value ?? "–"),
              );
            }),
          )
        ),
      ),
    ),
  );
}

/** @param {string[]} head @param {(string | Node)[][]} rows @param {boolean[]} numeric @param {boolean} [stacks] whether a row becomes a block on a phone */
export function table(head, rows, numeric, stacks = false) {
  return h(
    "div",
    { class: stacks ? "scroll stacks" : "scroll" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h("tr", {}, head.map((name, i) => h("th", { scope: "col", class: numeric[i] ? "number" : "" }, words(name)))),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell, i) =>
              h(
                "td",
                {
                  class: `${numeric[i] ? "number" : ""}${cell === "–" ? " none" : ""}`,
                  data: { label: words(head[i]) },
                },
                cell,
              )
            ),
          )
        ),
      ),
    ),
  );
}
