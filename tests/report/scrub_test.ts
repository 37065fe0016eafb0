import { assertEquals } from "@std/assert";
import { scrub } from "../../lib/report/scrub.ts";

Deno.test("paths of the project become relative, those of the home and temporary folders generic", () => {
  const home = Deno.env.get("HOME") ?? "/nowhere";
  const project = "/srv/my project+x";
  const text =
    `${project}/lib/a.ts file:///srv/my%20project+x/lib/b.ts:3:4 "${project}" ${project}-other ${home}/notes /tmp/x`;
  assertEquals(scrub(text, project), `lib/a.ts lib/b.ts:3:4 "." ${project}-other ~/notes $TMPDIR/x`);
});

Deno.test("the same words elsewhere stay: a path of a web page is no path of this machine", () => {
  for (const text of ["https://example.com/tmp/x", "./tmp/x", "/tmpfile", "a/tmp"]) {
    assertEquals(scrub(text, "/srv"), text);
  }
});

Deno.test("passwords in addresses are taken out", () => {
  assertEquals(scrub("postgres://me:pass@host/db", "/srv"), "postgres://me:***@host/db");
});
