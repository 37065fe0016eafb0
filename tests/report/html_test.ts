import { assert, assertEquals } from "@std/assert";
import { Secret } from "../../lib/base/secret.ts";
import { executeNotebook } from "../../lib/report/execute.ts";
import { readFacts, withoutRun } from "../../lib/report/facts.ts";
import { renderReport, type ReportOptions } from "../../lib/report/html.ts";
import { type CodeCell, type Notebook, type Output, readNotebook } from "../../lib/report/notebook.ts";
import { type Summary, SUMMARY_MIME } from "../../lib/report/summary.ts";
import { code, markdown, notebookOf } from "./notebook_of.ts";

const fixture = (name: string) => `tests/report/fixtures/${name}.ipynb`;
const render = (notebook: Notebook, options: Partial<ReportOptions> = {}) =>
  renderReport(notebook, { name: "test", ...options });

/** A cell with what it showed. */
function shows(source: string, data: Record<string, unknown>, tags: string[] = []): CodeCell {
  const outputs: Output[] = [{ output_type: "display_data", data, metadata: {} }];
  return { ...code(source, tags, source), outputs };
}

const said: Summary = {
  finding: "Momentum earned less than <holding>.",
  tiles: [{ label: "Return", value: "−3.1 %", beside: "buy and hold +4.0 %", tone: "bad" }],
  badges: [{ label: "look-ahead", verdict: "none found", passed: true }, {
    label: "seeds",
    verdict: "one",
    passed: false,
  }],
  provenance: { data: "BTC/USD 1h", "data hash": "0123456789abcdef".repeat(4), seed: "7" },
  metrics: { total_return: -0.031, undefined_ratio: NaN },
};

/** Asserts that a page has a text or pattern, without printing the page. */
function has(page: string, wanted: string | RegExp): void {
  assert(typeof wanted === "string" ? page.includes(wanted) : wanted.test(page), `the page has no ${wanted}`);
}

/** What a browser would fetch: sources and links of everything but anchors, and style sheets' urls. */
function references(page: string): string[] {
  const attributes = [
    ...page.matchAll(/<([a-z]+)\b[^>]*?\s(?:src|href|srcset|poster|data|action|xlink:href)="([^"]*)"/gi),
  ]
    .filter(([, tag]) => tag.toLowerCase() !== "a").map(([, , url]) => url);
  const styles = [...page.matchAll(/url\(([^)]*)\)|@import ([^;]*)/g)].map(([, url, sheet]) => url ?? sheet);
  return [...attributes, ...styles].filter((url) => !/^["']?(#|data:image\/)/.test(url));
}

Deno.test("executed fixtures become pages that refer to nothing outside, whatever their cells show", async () => {
  for (const name of ["every_kind_of_output", "rule_on_synthetic_candles", "fails_half_way"]) {
    const { notebook, error } = await executeNotebook(fixture(name), { cellTimeout: 60_000 });
    const page = await render(notebook, { name, ...(error && { error }) });
    assertEquals(references(page.replace(/<script>[\s\S]*?<\/script>/g, "")), [], name);
    has(page, "default-src 'none'");
    assert(page.length < 200_000, `${name} has ${page.length} characters`);
    assertEquals(page.includes(Deno.cwd()), false);
    assertEquals([...page.matchAll(/<script>/g)].length, 1, "one script: the page's own");
  }
});

Deno.test("two runs of a notebook give the same page but for the part that names the run", async () => {
  const pages = await Promise.all([1, 2].map(async (i) => {
    const { notebook } = await executeNotebook(fixture("rule_on_synthetic_candles"), { parameters: { bars: 300 } });
    return await render(notebook, {
      time: i * 1e12,
      provenance: { commit: "abc", run: `run${i}` },
      runUrl: `http://127.0.0.1/${i}`,
    });
  }));
  assert(pages[0] !== pages[1]);
  assertEquals(withoutRun(pages[0]), withoutRun(pages[1]));
  assertEquals(readFacts(pages[1])!.run, "run2");
});

Deno.test("the header says title, finding, figures beside their yardsticks, checks and where it all came from", async () => {
  const notebook = notebookOf(
    markdown("# A *fair* test: $x^2$ & more\n\nThe question."),
    shows("summary()", { [SUMMARY_MIME]: said, "text/plain": said.finding }),
    markdown("## One"),
    markdown("## Two <script>alert(1)</script>"),
    markdown("## Three\n\n### Deeper"),
  );
  const page = await render(notebook, {
    provenance: { commit: "c".repeat(40), run: "r".repeat(32) },
    time: Date.UTC(2024, 0, 2, 3, 4),
    runUrl: "http://127.0.0.1:5000/#/experiments/1/runs/r",
    config: { "data.timeframe": "1h" },
  });
  has(page, /<title>A fair test: .* &#38; more<\/title>/);
  assertEquals([...page.matchAll(/<h1/g)].length, 1);
  has(page, '<p class="finding">Momentum earned less than &#60;holding&#62;.</p>');
  has(page, /<li class="tile bad">.*Return.*−3\.1 %.*buy and hold \+4\.0 %/);
  has(page, /<li class="passed"><b>Look-ahead<\/b> none found<\/li><li class="failed"><b>Seeds<\/b> one<\/li>/);
  has(page, `title="${"0123456789abcdef".repeat(4)}">0123456789ab</span>`);
  has(page, /<time datetime="2024-01-02T03:04:00\.000Z">2024-01-02 03:04 UTC<\/time>/);
  has(page, '<a href="http://127.0.0.1:5000/#/experiments/1/runs/r" rel="noopener">');
  assertEquals([...page.matchAll(/<li><a href="#([^"]*)">/g)].map(([, id]) => id), ["one", "two", "three"]);
  assert(!page.includes("alert(1)"));
  const facts = readFacts(page)!;
  assertEquals([facts.status, facts.finding, facts.metrics], ["finished", said.finding, {
    total_return: -0.031,
    undefined_ratio: null,
  }]);
  assertEquals(facts.provenance, { ...said.provenance, commit: "c".repeat(40) });
  assertEquals(facts.config, { "data.timeframe": "1h" });
  assertEquals([facts.time, facts.run], [Date.UTC(2024, 0, 2, 3, 4), "r".repeat(32)]);
});

Deno.test("a failed notebook has a banner, the code of the failing cell with its line, and what was made before", async () => {
  const { notebook, error } = await executeNotebook(fixture("fails_half_way"));
  const page = await render(notebook, { error: error! });
  has(page, /role="alert"><p><strong>This notebook failed<\/strong> in <a href="#failed">cell 3, line 4<\/a>/);
  has(page, /<mark class="line-at-fault">.*checked.*threshold.*<\/mark>/);
  has(page, "drawdown 0.8</pre>"); // printed before it threw
  has(page, "at checked (cell 2, line 2)");
  assert(!page.includes('class="stream stdout" tabindex="0">never printed'));
  assertEquals([readFacts(page)!.status, readFacts(page)!.error!.cell], ["failed", 3]);
});

Deno.test("code is folded under what it made, and cells are left out or put side by side by their tags", async () => {
  const notebook = notebookOf(
    code("const parameter = 1;", ["parameters"], "a"),
    code("const helper = 2;", [], "b"),
    shows("left", { "text/plain": "L" }, ["half"]),
    shows("right", { "text/plain": "R" }, ["half"]),
    shows("secret_method", { "text/plain": "shown" }, ["hide-input"]),
    shows("noisy", { "text/plain": "noise" }, ["hide-output"]),
    shows("dropped", { "text/plain": "dropped output" }, ["remove-cell"]),
  );
  const body = async (options: Partial<ReportOptions> = {}) =>
    (await render(notebook, options)).match(/<main[\s\S]*<\/main>/)![0];
  const folded = await body();
  has(folded, /<div class="row"><section[\s\S]*>L<[\s\S]*<section[\s\S]*>R<[\s\S]*<\/section><\/div>/);
  has(
    folded,
    /<details class="code"><summary aria-label="code of cell 2, 3">code<\/summary><pre[^>]*><code>.*helper[\s\S]*?left/,
  );
  for (const absent of ["parameter", "secret_method", ">noise<", "dropped"]) assert(!folded.includes(absent), absent);
  has(folded, "noisy");
  has(await body({ code: "show" }), '<details class="code" open>');
  assert(!(await body({ code: "hide" })).includes("details"));
});

Deno.test("secrets and paths of this machine are in no part of the page", async () => {
  const secret = new Secret("very-secret-value-1");
  const text = `${secret.reveal()} ${Deno.cwd()}/lib/mod.ts`;
  const notebook = notebookOf(
    shows("1", { "text/html": `<b>${text}</b>`, "text/plain": "" }),
    shows("2", { [SUMMARY_MIME]: { ...said, finding: text, provenance: { data: text } }, "text/plain": "" }),
  );
  const error = { cell: 1, name: "Error", message: text };
  const page = await render(notebook, { error, config: { path: text }, provenance: { other: text } });
  assert(!page.includes(secret.reveal()) && !page.includes(Deno.cwd()));
  has(page, "*** lib/mod.ts");
});

Deno.test("an empty notebook, one without a title and one with a watermark are pages too", async () => {
  has(await render(notebookOf()), /<h1>test<\/h1>/);
  has(await render(notebookOf("1"), { title: "Given" }), /<h1>Given<\/h1>/);
  const marked = await render(notebookOf(), { watermark: "one <seed>" });
  has(marked, /<div class="watermark" aria-hidden="true"><span>one &#60;seed&#62;<\/span>/);
  has(marked, /<p class="stamp">one/);
});

Deno.test("a page whose figures come to life may evaluate their expressions; no other page may", async () => {
  const content = { title: "", caption: "", alt: "", wide: false, svg: "<svg></svg>" };
  const figure = (vega?: unknown) =>
    notebookOf(shows("1", { "application/vnd.candelabra.figure+json": { ...content, vega } }));
  assert(!(await render(figure())).includes("unsafe-eval"));
  const live = await render(figure({ marks: [] }));
  has(live, "'unsafe-eval'");
  assertEquals([...live.matchAll(/'sha256-/g)].length, 2);
  assert(live.length < 800_000);
});

Deno.test("the fixtures hold what a notebook of the project must: sound cells, no outputs", async () => {
  for (const name of ["every_kind_of_output", "rule_on_synthetic_candles", "fails_half_way"]) {
    const { cells } = await readNotebook(fixture(name));
    assert(
      cells.every((cell) => cell.cell_type !== "code" || (cell.outputs.length === 0 && cell.execution_count === null)),
    );
  }
});
