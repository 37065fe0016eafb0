import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { Secret } from "../../lib/base/secret.ts";
import { explain } from "../../lib/report/explain.ts";
import { renderReport, type ReportOptions } from "../../lib/report/html.ts";
import { listReports, writeIndex } from "../../lib/report/index_page.ts";
import { publish, unfit } from "../../lib/report/publish.ts";
import { SUMMARY_MIME } from "../../lib/report/summary.ts";
import { code, markdown, notebookOf } from "./notebook_of.ts";

/** A folder of reports, gone after the test. */
async function withReports(reports: Partial<ReportOptions>[], test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ dir: ".", prefix: ".reports-" }); // not where every path is scrubbed
  const summary = {
    finding: "It gained 3 %.",
    tiles: [{ label: "Return", value: "+3 %", tone: "good" }],
    provenance: { seed: "7" },
    metrics: { total_return: 0.03 },
  };
  try {
    for (const [i, options] of reports.entries()) {
      const name = options.name ?? `report${i}`;
      const said = {
        ...code("summary"),
        outputs: [{ output_type: "display_data" as const, data: { [SUMMARY_MIME]: summary }, metadata: {} }],
      };
      const page = await renderReport(notebookOf(markdown(`# Title of ${name}`), said), { name, ...options });
      await Deno.writeTextFile(join(folder, `${name}.html`), page);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const failed = { cell: 2, name: "RangeError", message: "too <deep>" };

Deno.test("the index lists all reports, newest first, with figures and failures, and links that are relative", async () => {
  const reports = [{ name: "old", time: 1e12 }, { name: "new", time: 2e12 }, {
    name: "broken one",
    time: 1.5e12,
    error: failed,
  }];
  await withReports(reports, async (folder) => {
    await Deno.writeTextFile(join(folder, "other.html"), "<p>not ours</p>");
    await writeIndex(folder);
    const page = await Deno.readTextFile(join(folder, "index.html"));
    assertEquals([...page.matchAll(/<h2><a href="([^"]*)"/g)].map(([, file]) => file), [
      "new.html",
      "broken%20one.html",
      "old.html",
    ]);
    assertMatch(page, /data-status="failed"[\s\S]*✗ failed<\/span> in cell 2: RangeError: too &#60;deep&#62;/);
    assertMatch(page, /<span>Return<\/span> <b class="good">\+3 %<\/b>/);
    assertStringIncludes(page, "3 reports, newest first; 1 failed");
    assertEquals((await listReports(folder)).map(({ name }) => name), ["new", "broken one", "old"]);
    assertEquals(unfit(page), []);
  });
});

Deno.test("the index tells reports of one notebook apart by data, strategy and preset", async () => {
  const data = "BTC/USD 1h, the bundled sample a (recorded by <b>)";
  const reports = ["momentum", "mean_reversion"].map((strategy, i) => ({
    name: `report${i}`,
    time: 1e12,
    provenance: { data, strategy, preset: "quick" },
  }));
  await withReports(reports, async (folder) => {
    await writeIndex(folder);
    const page = await Deno.readTextFile(join(folder, "index.html"));
    for (const [i, { provenance }] of reports.entries()) {
      assertStringIncludes(
        page,
        `<span>report${i}</span><span>BTC/USD 1h</span><span>${provenance.strategy}</span><span>quick</span></div>`,
      );
    }
  });
});

Deno.test("an empty folder has an index that says what to do", async () => {
  const folder = await Deno.makeTempDir();
  await writeIndex(join(folder, "reports"));
  assertStringIncludes(await Deno.readTextFile(join(folder, "reports", "index.html")), "deno task report");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a page explains where it came from", async () => {
  const options = {
    name: "a",
    time: Date.UTC(2024, 0, 1),
    provenance: { commit: "abc123", run: "run1" },
    config: { "run.seed": "7" },
    error: failed,
  };
  await withReports([options], async (folder) => {
    const found = await explain(join(folder, "a.html"));
    assertEquals([found.run, found.provenance.commit, found.metrics.total_return], ["run1", "abc123", 0.03]);
    for (
      const line of [
        "Title of a (a)",
        "failed in cell 2: RangeError",
        "2024-01-01 UTC",
        "MLflow run  run1",
        "commit  abc123",
        "run.seed  7",
      ]
    ) {
      assertStringIncludes(found.text, line);
    }
    await Deno.writeTextFile(join(folder, "x.html"), "<html></html>");
    await assertRejects(
      () => explain(join(folder, "x.html")),
      SyntaxError,
      "must be a page that `deno task report` made",
    );
  });
});

Deno.test("finished reports are published without their link to the run, failed ones stay behind", async () => {
  const reports = [{
    name: "good",
    time: 1e12,
    provenance: { run: "run1" },
    runUrl: "http://127.0.0.1:5000/#/runs/run1",
  }, { name: "bad", error: failed }];
  await withReports(reports, async (folder) => {
    const to = join(folder, "site");
    assertEquals(await publish(to, folder), { files: ["good.html", "index.html"], skipped: ["bad.html"] });
    const page = await Deno.readTextFile(join(to, "good.html"));
    assert(!page.includes("127.0.0.1"));
    assertMatch(page, /MLflow run <span class="hash">run1<\/span>/);
    assertEquals((await explain(join(to, "good.html"))).run, "run1");
    assert(!(await Deno.readTextFile(join(to, "index.html"))).includes("bad.html"));
    assertEquals([...Deno.readDirSync(to)].map(({ name }) => name).sort(), [".nojekyll", "good.html", "index.html"]);
    await assertRejects(() => publish(folder, folder), RangeError, "another folder");
  });
});

Deno.test("nothing is published when one page has something in it that must not leave", async () => {
  const secret = new Secret("do-not-publish-this");
  const plants = {
    "known secret": secret.reveal(),
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "looks like a key": "AKIAABCDEFGHIJKLMNOP",
    "path of this machine": `${Deno.cwd()}/lib`,
    "path of a machine": "/home/someone/data.csv",
    "server of this machine": "http://192.168.1.4:8080/x",
    "refers to the outside": '<img src="https://pictures.example/x.png">',
    "its style refers": "<style>p{background:url(//x.example/y)}</style>",
  };
  await withReports([{ name: "a" }], async (folder) => {
    const sound = await Deno.readTextFile(join(folder, "a.html"));
    assertEquals(unfit(sound), []);
    for (const [fault, planted] of Object.entries(plants)) {
      await Deno.writeTextFile(join(folder, "a.html"), sound.replace("<main", `${planted}<main`));
      const error = await assertRejects(() => publish(join(folder, "site"), folder), Error, fault);
      assertStringIncludes(error.message, "a.html: ");
      assert(!error.message.includes(secret.reveal()));
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a.html"]);
    await Deno.writeTextFile(
      join(folder, "a.html"),
      sound.replace("<main", '<a href="https://example.com/paper">paper</a> /api/home, 10 /home <main'),
    );
    assertEquals((await publish(join(folder, "site"), folder)).files.length, 2);
  });
});

Deno.test("a folder without a finished report cannot be published", async () => {
  await withReports([{ name: "bad", error: failed }], async (folder) => {
    await assertRejects(() => publish(join(folder, "site"), folder), RangeError, "no finished report");
  });
});
