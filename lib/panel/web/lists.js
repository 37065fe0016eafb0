// @ts-check
/** Lists: the overview, jobs, models, runs, reports. */
import { ask } from "./api.js";
import { confirm, fill, h, icon, say, toast } from "./dom.js";
import { counted, duration, moment, number, percent, words } from "./format.js";
import { pill, table } from "./job.js";

/** @typedef {import("../jobs.ts").Job} Job */
/** @typedef {import("../tracking.ts").RunRow} RunRow */
/** @typedef {import("../tracking.ts").ModelRow} ModelRow */
/** @typedef {import("../reports.ts").ReportRow} ReportRow */
/** @typedef {import("../form.ts").StageForm} StageForm */
/** @typedef {{ progress: Map<string, { label: string, share: number | null, note: string }> }} Watch */

/** A page's head. @param {string} title @param {string} [text] @param {...(Node | null)} actions */
export function head(title, text = "", ...actions) {
  return h(
    "header",
    { class: "page-head" },
    h("div", {}, h("h1", { tabindex: "-1" }, title), text ? h("p", { class: "under muted" }, text) : null),
    h("div", { class: "actions" }, actions),
  );
}

/** What to do where there is nothing. @param {string} title @param {string} text @param {...(Node | null)} actions */
export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), h("div", { class: "actions" }, actions));
}

/** @param {string} href @param {string} text @param {string} [kind] */
const go = (href, text, kind = "") => h("a", { class: `button ${kind}`, href }, text);

/** What runs, what can be started, what came last. @param {Job[]} jobs @param {StageForm[]} stages @param {Watch} watch */
export function overview(jobs, stages, watch) {
  const live = jobs.filter(({ ended }) => ended === null);
  const past = jobs.filter(({ ended }) => ended !== null).slice(0, 8);
  return h(
    "div",
    {},
    head("Desk", live.length > 0 ? `${live.length} ${live.length === 1 ? "job runs" : "jobs run"}` : "Nothing runs"),
    live.length > 0 ? h("div", { class: "cards" }, live.map((job) => liveCard(job, watch))) : null,
    past.length > 0
      ? h(
        "section",
        {},
        h("h2", {}, "Latest"),
        jobTable(past),
        jobs.length > live.length + past.length
          ? h("p", { class: "small" }, h("a", { href: "#/jobs" }, "All jobs"))
          : null,
      )
      : empty(
        "No job has run yet",
        "A backtest on the bundled candles takes seconds and shows what a job looks like.",
        go("#/start/backtest", "Run a backtest", "primary"),
      ),
    h(
      "section",
      {},
      h("h2", {}, "Start"),
      h(
        "div",
        { class: "tiles-start" },
        stages.filter(({ unavailable }) => !unavailable).map(({ name, title, summary }) =>
          h("a", { class: "start-tile", href: `#/start/${name}` }, h("b", {}, title), h("span", {}, summary))
        ),
      ),
    ),
  );
}

/** @param {Job} job @param {Watch} watch */
function liveCard(job, watch) {
  const known = watch.progress.get(job.id);
  return h(
    "a",
    { class: "card live", href: `#/jobs/${job.id}` },
    h("div", { class: "bar-head" }, h("b", {}, job.title), pill(job.status)),
    h("progress", {
      max: 1,
      ...(known?.share === null || known === undefined ? {} : { value: known.share }),
      "aria-label": known?.label ?? "starting",
    }),
    h(
      "p",
      { class: "small muted" },
      known ? `${known.label}${known.share === null ? "" : ` ${percent(known.share)}`}` : "Starting …",
      ` · ${duration(Date.now() - job.started)}`,
    ),
    known?.note ? h("p", { class: "small muted note" }, known.note) : null,
  );
}

/** All jobs. @param {Job[]} jobs */
export function jobList(jobs) {
  return h(
    "div",
    {},
    head("Jobs", jobs.length > 0 ? `${jobs.length}, newest first` : "", go("#/start", "Start a stage", "primary")),
    jobs.length > 0 ? jobTable(jobs) : empty(
      "Nothing was started here yet",
      "Whatever the panel starts stays in this list, with its charts and what it printed.",
      go("#/start/train", "Train an agent", "primary"),
    ),
  );
}

/** @param {Job[]} jobs */
function jobTable(jobs) {
  return table(
    ["job", "status", "started", "took"],
    jobs.map((job) => [
      h(
        "div",
        {},
        h("a", { href: `#/jobs/${job.id}` }, job.title),
        job.message || job.result ? h("p", { class: "small muted clip" }, job.message || job.result) : null,
      ),
      pill(job.status),
      moment(job.started),
      duration((job.ended ?? Date.now()) - job.started),
    ]),
    [false, false, true, true],
    true,
  );
}

/** A list that needs MLflow: offers to start it where it does not run. @param {HTMLElement} place @param {string} title @param {() => Promise<Node>} body */
async function tracked(place, title, body) {
  try {
    const tracking = await ask("tracking");
    if (tracking.state === "on") return void fill(place, await body());
    const starting = tracking.state === "starting";
    const begin = h("button", {
      class: "button primary",
      disabled: starting,
      on: {
        click: () =>
          void ask("tracking/start", "POST", {}).then(
            () => tracked(place, title, body),
            (error) => toast(error.message, "bad"),
          ),
      },
    }, starting ? "Starting …" : "Start MLflow");
    fill(
      place,
      head(title),
      empty(
        starting ? "MLflow is starting" : tracking.state === "failed" ? "MLflow did not start" : "MLflow does not run",
        starting ? `${tracking.note}. The first time takes a while: its Python packages are installed.` : tracking.note,
        begin,
      ),
    );
    if (starting) setTimeout(() => place.isConnected && void tracked(place, title, body), 1500);
  } catch (error) {
    fill(place, head(title), h("p", { class: "notice bad" }, /** @type {Error} */ (error).message));
  }
}

/** Versions of the model, and which is champion. */
export function models() {
  const place = h("div", {}, head("Models"), h("p", { class: "muted" }, "Looking …"));
  const show = () =>
    tracked(place, "Models", async () => {
      /** @type {{ versions: ModelRow[] }} */
      const { versions } = await ask("models/candelabra");
      if (versions.length === 0) {
        return h(
          "div",
          {},
          head("Models"),
          empty(
            "No model is registered yet",
            "A training registers its model when it is done; the first becomes the champion.",
            go("#/start/train", "Train an agent", "primary"),
          ),
        );
      }
      return h(
        "div",
        {},
        head("Models", `${versions.length} ${versions.length === 1 ? "version" : "versions"} of candelabra`),
        table(
          ["version", "alias", "validation", "data", "network", "seeds", ""],
          versions.map((model) => [
            h(
              "a",
              { href: model.url, target: "_blank", rel: "noopener noreferrer", title: model.features },
              String(model.version),
            ),
            h("span", {}, model.aliases.map((alias) => h("span", { class: `badge ${alias}` }, alias))),
            percent(model.validation, true),
            model.data,
            model.trunk,
            model.seeds,
            h(
              "div",
              { class: "actions row" },
              h("button", {
                class: "button small",
                on: {
                  click: () =>
                    location.assign(`#/start/evaluate?model=${encodeURIComponent(`${model.name}/${model.version}`)}`),
                },
              }, "Evaluate"),
              h("button", {
                class: "button small",
                on: {
                  click: () =>
                    location.assign(`#/start/paper?model=${encodeURIComponent(`${model.name}/${model.version}`)}`),
                },
              }, "Trade on paper"),
              model.aliases.includes("champion")
                ? null
                : h("button", { class: "button small", on: { click: () => void promote(model, versions) } }, "Promote"),
            ),
          ]),
          [false, false, true, false, false, true, false],
          true,
        ),
      );
    });
  /** @param {ModelRow} model @param {ModelRow[]} versions */
  async function promote(model, versions) {
    const before = versions.find(({ aliases }) => aliases.includes("champion"));
    const yes = await confirm({
      title: `Make version ${model.version} the champion?`,
      text: before
        ? `It takes the place of version ${before.version} (${
          percent(before.validation, true)
        } on validation; this one ${
          percent(model.validation, true)
        }). Whoever uses candelabra@champion gets it from then on.`
        : "Whoever uses candelabra@champion gets it from then on.",
      yes: "Promote",
    });
    if (!yes) return;
    try {
      await ask(`models/${encodeURIComponent(model.name)}/promote`, "POST", {
        version: model.version,
        confirm: `${model.name}/${model.version}`,
      });
      toast(`Version ${model.version} is the champion now`, "good");
      await show();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }
  void show();
  return place;
}

/** Tracked runs. @param {(file: string) => void} openReport */
export function runs(openReport) {
  const place = h("div", {}, head("Runs"), h("p", { class: "muted" }, "Looking …"));
  void tracked(place, "Runs", async () => {
    /** @type {{ runs: RunRow[] }} */
    const { runs: found } = await ask("runs?most=300");
    const { uri } = await ask("tracking");
    const kinds = [...new Set(found.map(({ kind }) => kind))].filter(Boolean).sort();
    const body = h("div");
    const many = h("span", { class: "muted small", role: "status" });
    const only = h(
      "select",
      { "aria-label": "Kind of run", on: { change: () => list() } },
      h("option", { value: "" }, "all kinds"),
      kinds.map((kind) => h("option", { value: kind }, kind)),
    );
    const list = () => {
      const rows = found.filter(({ kind, parent }) => (only.value === "" ? parent === "" : kind === only.value));
      say(many, `${counted(rows.length, "run")}, newest first`);
      fill(
        body,
        rows.length === 0
          ? empty(
            "No run is tracked yet",
            "Backtests, trainings and reports are: each with its settings, numbers and files.",
            go("#/start/backtest", "Run a backtest", "primary"),
          )
          : table(
            ["run", "kind", "status", "return", "Sharpe ratio", "started", "took", ""],
            rows.map((run) => [
              h("a", { href: run.url, target: "_blank", rel: "noopener noreferrer" }, run.name),
              run.kind,
              run.status,
              percent(metric(run, "total_return"), true),
              number(metric(run, "sharpe_ratio"), 3),
              moment(run.started),
              run.ended ? duration(run.ended - run.started) : "–",
              run.report
                ? h("button", { class: "button small", on: { click: () => openReport(run.report) } }, "Report")
                : "",
            ]),
            [false, false, false, true, true, true, true, false],
            true,
          ),
      );
    };
    list();
    return h(
      "div",
      {},
      head(
        "Runs",
        "",
        many,
        only,
        h("a", { class: "button", href: uri, target: "_blank", rel: "noopener noreferrer" }, icon("out"), "MLflow"),
      ),
      body,
    );
  });
  return place;
}

/** @param {RunRow} run @param {string} name */
function metric({ metrics }, name) {
  const key = Object.keys(metrics).find((one) => one === name || one.endsWith(`/${name}`));
  return key === undefined ? undefined : metrics[key];
}

/** Reports. @param {(file: string) => void} openReport */
export function reports(openReport) {
  const place = h("div", {}, head("Reports"), h("p", { class: "muted" }, "Looking …"));
  ask("reports").then(({ reports: found }) => {
    fill(
      place,
      head(
        "Reports",
        found.length > 0
          ? `${found.length}, newest first; each opens in a tab of its own, shut off from the panel`
          : "",
        go("#/start/report", "Make a report", "primary"),
      ),
      found.length === 0
        ? empty(
          "No report was made yet",
          "A notebook becomes a page that stands alone, with its finding, figures and where it came from.",
          go("#/start/report", "Make a report", "primary"),
        )
        : h(
          "ul",
          { class: "report-list" },
          found.map((/** @type {ReportRow} */ { file, title, finding, time, status }) =>
            h(
              "li",
              { class: "card" },
              h(
                "div",
                { class: "bar-head" },
                h("button", { class: "linklike", on: { click: () => openReport(file) } }, title),
                h("span", { class: "muted small" }, moment(time)),
              ),
              status === "failed" ? h("p", { class: "small bad" }, "✗ failed") : null,
              h("p", { class: "small" }, finding),
              h("p", { class: "small muted mono" }, file),
            )
          ),
        ),
    );
  }, (error) => fill(place, head("Reports"), h("p", { class: "notice bad" }, error.message)));
  return place;
}

/** Keys that do something. */
export function keysDialog() {
  const keys = [
    ["g then d", "desk"],
    ["g then s", "start"],
    ["g then j", "jobs"],
    ["g then m", "models"],
    ["g then u", "runs"],
    ["g then r", "reports"],
    ["/", "find a setting"],
    ["Ctrl Enter", "start what is filled in"],
    ["x", "stop the job that is shown"],
    ["← →", "move along a chart that has the focus"],
    ["t", "light, dark, as the system"],
    ["?", "these keys"],
  ];
  const dialog = h(
    "dialog",
    { class: "ask keys", "aria-labelledby": "keys-title", on: { close: () => dialog.remove() } },
    h("h2", { id: "keys-title" }, "Keys"),
    h(
      "dl",
      {},
      keys.map(([key, what]) =>
        h(
          "div",
          {},
          h(
            "dt",
            {},
            key.split(" ").map((one) => (one === "then" ? h("span", { class: "muted" }, " then ") : h("kbd", {}, one))),
          ),
          h("dd", {}, words(what)),
        )
      ),
    ),
    h("form", { method: "dialog", class: "actions end" }, h("button", { class: "button", autofocus: true }, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}
