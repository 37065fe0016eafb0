import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Problem } from "../../lib/panel/problem.ts";
import { openReports } from "../../lib/panel/reports.ts";

const root = await Deno.makeTempDir();
const folder = `${root}/reports`;
Deno.test.beforeAll(async () => {
  await Deno.mkdir(`${folder}/inner`, { recursive: true });
  await Deno.writeTextFile(`${root}/secret.html`, "secret");
  await Deno.writeTextFile(`${folder}/a-1.html`, "a page");
  await Deno.writeTextFile(`${folder}/inner/b.html`, "deeper");
  await Deno.symlink(`${root}/secret.html`, `${folder}/link.html`);
  await Deno.symlink(root, `${folder}/up.html`);
  await Deno.symlink(`${folder}/loop.html`, `${folder}/loop.html`);
  await Deno.mkdir(`${folder}/dir.html`);
});
Deno.test.afterAll(() => Deno.remove(root, { recursive: true }));

Deno.test("a report opens at an address that is good for it alone, and for a while", async () => {
  let time = 0;
  const reports = openReports(folder, () => time);
  const url = await reports.ticket("a-1.html");
  assertMatch(url, /^\/reports\/[\w-]{32}\/a-1\.html$/);
  const [, , ticket] = url.split("/");
  assertEquals(new TextDecoder().decode(await reports.open(ticket, "a-1.html")), "a page");
  await assertRejects(() => reports.open(ticket, "other.html"), Problem, "not good");
  await assertRejects(() => reports.open("x".repeat(32), "a-1.html"), Problem, "not good");
  time = 16 * 60_000;
  await assertRejects(() => reports.open(ticket, "a-1.html"), Problem, "not good");
});

Deno.test("nothing but a plain file of the folder itself can be opened", async () => {
  const reports = openReports(folder);
  const tries = [
    ...["../secret.html", "..%2fsecret.html", "%2e%2e/secret.html", "..\\secret.html", "/etc/passwd", "inner/b.html"],
    ...[
      "link.html",
      "up.html",
      "loop.html",
      "dir.html",
      "missing.html",
      ".html",
      "",
      "a-1.html\0",
      "a-1.html/",
      "./a-1.html",
    ],
    ...["a-1.HTML", "index.html.", "x".repeat(300) + ".html"],
  ];
  for (const file of tries) {
    const problem = await assertRejects(() => reports.ticket(file), Problem) as Problem;
    assertEquals([file, problem.status], [file, 404]);
  }
});

Deno.test("a folder that is not there has no reports", async () => {
  assertEquals(await openReports(`${root}/none`).list(), []);
});
