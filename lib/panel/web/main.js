// @ts-check
/** The panel's page: who may see it, where one is in it, and the stream that keeps it up to date. */
import { ask, borrowToken, dropToken, follow, giveToken, hasToken, lendToken, takeToken } from "./api.js";
import { recolour } from "./charts.js";
import { announce, fill, h, icon, say, toast } from "./dom.js";
import { stageForm, stageMenu } from "./form.js";
import { jobView, standing } from "./job.js";
import { head, jobList, keysDialog, models, overview, reports, runs } from "./lists.js";

/** @typedef {import("../jobs.ts").Job} Job */
/** @typedef {import("../form.ts").StageForm} StageForm */

const places = /** @type {const} */ ([
  ["", "Desk", "desk", "d"],
  ["start", "Start", "start", "s"],
  ["jobs", "Jobs", "jobs", "j"],
  ["models", "Models", "models", "m"],
  ["runs", "Runs", "runs", "u"],
  ["reports", "Reports", "reports", "r"],
]);

/** @type {Map<string, Job>} */
const jobs = new Map();
/** @type {{ progress: Map<string, { label: string, share: number | null, note: string }> }} */
const watch = { progress: new Map() };
/** @type {StageForm[]} */
let stages = [];
/** @type {string[]} */
let presets = [];
/** @type {Partial<import("../stages.ts").Order> | undefined} */
let again;
/** @type {ReturnType<typeof jobView> | undefined} */
let view;
/** @type {ReturnType<typeof stageForm> | undefined} */
let form;

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const main = h("main", { id: "main", tabindex: "-1" });
const link = h("span", { class: "link off" }, "connecting");
const count = h("span", { class: "nav-count" });
const lost = h(
  "p",
  { class: "notice warn lost", role: "alert", hidden: true },
  "The panel does not answer: what you see is what it said last. This page goes on by itself once it does.",
);

addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) {
    takeToken();
    location.reload();
  } else void route();
});
addEventListener("keydown", keys);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
/** Shows the panel to who has its token, and asks others for it. */
async function begin() {
  if (!hasToken()) return signIn("");
  try {
    await refresh();
  } catch (error) {
    return signIn(/** @type {Error} */ (error).message);
  }
  fill(
    app,
    h(
      "nav",
      { class: "rail", "aria-label": "Panel" },
      h(
        "a",
        { class: "brand", href: "#/" },
        h("img", { src: "/icon.svg", alt: "", width: 26, height: 26 }),
        h("span", {}, "Candelabra"),
      ),
      h(
        "ul",
        {},
        places.map(([path, title, sign, key]) =>
          h(
            "li",
            {},
            h(
              "a",
              { href: `#/${path}`, data: { place: path }, title: `${title} (g ${key})` },
              icon(sign),
              h("span", {}, title),
              path === "jobs" ? count : null,
            ),
          )
        ),
      ),
      h(
        "div",
        { class: "rail-foot" },
        link,
        h("button", {
          class: "button quiet",
          on: { click: nextTheme },
          "aria-label": "Light, dark, or as the system",
          title: "Light, dark, or as the system (t)",
        }, icon("theme")),
        h(
          "button",
          { class: "button quiet", on: { click: keysDialog }, "aria-label": "Keys", title: "Keys (?)" },
          icon("keys"),
        ),
      ),
    ),
    main,
    lost,
  );
  await route();
  void follow(cursor, take, (connected) => {
    say(link, connected ? "live" : "no connection");
    link.className = connected ? "link" : "link off";
    lost.hidden = connected;
  });
}

let cursor = "";
async function refresh() {
  const [list, forms] = await Promise.all([ask("jobs"), ask("stages")]);
  jobs.clear();
  for (const job of list.jobs.reverse()) jobs.set(job.id, job);
  ({ stages, presets } = forms);
  cursor = list.cursor;
  counted();
}

/** @param {string} why */
function signIn(why) {
  const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true, autofocus: true });
  fill(
    app,
    h(
      "main",
      { class: "sign-in", id: "main" },
      h("img", { src: "/icon.svg", alt: "", width: 44, height: 44 }),
      h("h1", {}, "Candelabra"),
      why ? h("p", { class: "notice bad", role: "alert" }, why) : null,
      h(
        "p",
        {},
        "Open the address that ",
        h("code", {}, "deno task panel"),
        " printed, or paste it here. It holds a token that is new each time.",
      ),
      h(
        "form",
        {
          on: {
            submit: (/** @type {SubmitEvent} */ event) => {
              event.preventDefault();
              giveToken(input.value);
              void begin();
            },
          },
        },
        h("label", { for: "token" }, "Address or token"),
        h("div", { class: "actions" }, input, h("button", { class: "button primary" }, "Open")),
      ),
    ),
  );
  input.focus();
}

/** Messages that came while a job's state was on its way, and where that state stood. */
let early = /** @type {[event: string, data: any, id: string][] | undefined} */ (undefined);
let known = 0;
const placeOf = (/** @type {string} */ id) => Number(id.split("-")[1] ?? 0);

/** @param {string} event @param {any} data @param {string} id */
function take(event, data, id) {
  if (event === "reset") return void refresh().then(() => route(), (error) => toast(error.message, "bad"));
  if (event === "unknown") {
    dropToken();
    view = undefined;
    return signIn("The panel was started again: its token is another one.");
  }
  if (early) early.push([event, data, id]);
  else if (placeOf(id) > known) view?.take(event, data);
  if (event === "job") {
    const before = jobs.get(data.id);
    jobs.set(data.id, data);
    if (before && before.status !== data.status && data.ended !== null) {
      const tone = data.status === "failed" ? "bad" : data.status === "finished" ? "good" : "plain";
      toast(
        `${data.title}: ${standing[/** @type {Job["status"]} */ (data.status)].text}${
          data.status === "failed" ? `. ${data.message}` : ""
        }`,
        tone,
      );
    }
    counted();
  } else if (event === "gone") jobs.delete(data.job);
  else if (event === "told") {
    const last = data.events.findLast((/** @type {{ kind: string }} */ { kind }) => kind === "progress");
    if (last) {
      watch.progress.set(data.job, {
        label: last.label,
        share: last.total ? Math.min(1, last.done / last.total) : null,
        note: last.note,
      });
    } else return;
  }
  listed();
}

/** Draws lists again, not more than twice a second. */
/** @type {ReturnType<typeof setTimeout> | undefined} */
let listing;
function listed() {
  if (!["", "jobs"].includes(place())) return;
  listing ||= setTimeout(() => {
    listing = undefined;
    const held = /** @type {HTMLElement | null} */ (document.activeElement)?.getAttribute("href");
    if (place() === "") fill(main, overview(newest(), stages, watch));
    else if (place() === "jobs") fill(main, jobList(newest()));
    else return;
    if (held) /** @type {HTMLElement | null} */ (main.querySelector(`a[href="${CSS.escape(held)}"]`))?.focus();
  }, 500);
}

const newest = () => [...jobs.values()].reverse();

function counted() {
  const live = newest().filter(({ ended }) => ended === null).length;
  say(count, live > 0 ? String(live) : "");
  document.title = live > 0 ? `(${live}) Candelabra` : "Candelabra";
}

/** Where one is: "jobs", "jobs/2026…", "start/train". */
const place = () => location.hash.replace(/^#\/?/, "").split("?")[0].replace(/\/$/, "");

async function route() {
  const [section, id] = place().split("/");
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  view?.dispose();
  view = form = undefined;
  for (const one of app.querySelectorAll("[data-place]")) {
    if (one.getAttribute("data-place") === section) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  if (section === "jobs" && id) await showJob(id);
  else if (section === "start") showStart(id ?? "", query);
  else if (section === "jobs") fill(main, jobList(newest()));
  else if (section === "models") fill(main, models());
  else if (section === "runs") fill(main, runs(openReport));
  else if (section === "reports") fill(main, reports(openReport));
  else fill(main, overview(newest(), stages, watch));
  const title = main.querySelector("h1");
  title?.focus({ preventScroll: true });
  announce(title?.textContent ?? "");
}

/** @param {string} id */
async function showJob(id) {
  /** @type {NonNullable<typeof early>} */
  const own = [];
  early = own;
  try {
    const detail = await ask(`jobs/${encodeURIComponent(id)}`);
    if (place() !== `jobs/${id}`) return;
    view = jobView(detail, {
      again: (order) => {
        const { name: _, ...options } = order.options; // its session is there already
        again = order.stage === "paper" && order.options.resume !== "true" ? { ...order, options } : order;
        location.assign(`#/start/${order.stage}`);
      },
      gone: () => location.assign("#/jobs"),
      openReport,
    });
    fill(main, view.element);
    view.take("job", detail.job); // drawn once it has a size
    known = placeOf(detail.cursor);
    for (const [event, data, at] of own) if (placeOf(at) > known) view.take(event, data);
  } catch (error) {
    fill(
      main,
      head("No such job"),
      h("p", { class: "notice bad" }, /** @type {Error} */ (error).message),
      h("a", { class: "button", href: "#/jobs" }, "All jobs"),
    );
  } finally {
    if (early === own) early = undefined;
  }
}

/** @param {string} name @param {URLSearchParams} query */
function showStart(name, query) {
  const stage = stages.find((one) => one.name === name);
  if (!stage) {
    fill(
      main,
      head("Start", "Choose what"),
      h(
        "div",
        { class: "start-page" },
        stageMenu(stages, ""),
        [...new Set(stages.map(({ group }) => group))].map((group) =>
          h(
            "section",
            {},
            h("h2", {}, group),
            h(
              "div",
              { class: "tiles-start" },
              stages.filter((stage) => stage.group === group).map(({ name, title, summary, unavailable }) =>
                h(
                  "a",
                  { class: `start-tile ${unavailable ? "off" : ""}`, href: `#/start/${name}` },
                  h("b", {}, title),
                  h("span", {}, unavailable || summary),
                )
              ),
            ),
          )
        ),
      ),
    );
    return;
  }
  const given = again?.stage === name ? again : { options: Object.fromEntries(query) };
  again = undefined;
  form = stageForm(stage, presets, given, (job) => location.assign(`#/jobs/${job.id}`));
  fill(
    main,
    h(
      "div",
      { class: "start-page" },
      stageMenu(stages, name),
      h("div", {}, head(stage.title, stage.summary), form.element),
    ),
  );
}

/** Opens a report in a tab of its own, at an address that is good for it alone. @param {string} file */
async function openReport(file) {
  const tab = open("about:blank", "_blank"); // at once, while it is still the person's doing
  try {
    const { url } = await ask(`reports/${encodeURIComponent(file)}/open`, "POST", {});
    if (tab) {
      tab.opener = null;
      tab.location.replace(new URL(url, location.origin));
    } else location.assign(url);
  } catch (error) {
    tab?.close();
    toast(/** @type {Error} */ (error).message, "bad");
  }
}

let waited = -Infinity; // ms, when g was pressed
/** @param {KeyboardEvent} event */
function keys(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return form?.submit();
  const typing = event.target instanceof HTMLElement && event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (performance.now() - waited < 1500) {
    waited = -Infinity;
    const found = places.find(([, , , key]) => key === event.key);
    if (found) location.assign(`#/${found[0]}`);
    return;
  }
  if (event.key === "g") waited = performance.now();
  else if (event.key === "?") keysDialog();
  else if (event.key === "t") nextTheme();
  else if (event.key === "x") view?.stop();
  else if (event.key === "/" && form) {
    event.preventDefault();
    form.find();
  }
}

/** @param {string} theme "", "light" or "dark" */
function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  recolour();
}

function nextTheme() {
  const order = ["", "light", "dark"];
  const next = order[(order.indexOf(document.documentElement.dataset.theme ?? "") + 1) % 3];
  localStorage.setItem("candelabra-theme", next);
  applyTheme(next);
  toast(next === "" ? "Light or dark, as the system" : next === "light" ? "Light" : "Dark");
}

applyTheme(localStorage.getItem("candelabra-theme") ?? "");
takeToken();
if (!hasToken()) await borrowToken();
lendToken();
await begin();
