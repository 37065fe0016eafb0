import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { checkOrigin, checkToken, newToken, pagePolicy, reportPolicy, sameSecret } from "../../lib/panel/guard.ts";
import { Problem } from "../../lib/panel/problem.ts";

const request = (headers: Record<string, string>) => new Request("http://127.0.0.1:8400/api/jobs", { headers });
const statusOf = (work: () => void): number => {
  try {
    work();
    return 200;
  } catch (error) {
    assert(error instanceof Problem);
    return error.status;
  }
};

Deno.test("only the panel's own hosts and origin are served", () => {
  const own = "127.0.0.1:8400";
  const cases: [Record<string, string>, number][] = [
    [{ host: own }, 200],
    [{ host: "localhost:8400" }, 200],
    [{ host: own, origin: `http://${own}` }, 200],
    [{ host: own, origin: `http://${own}`, "sec-fetch-site": "same-origin" }, 200],
    [{ host: own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, 200], // a link to it
    [{}, 421],
    [{ host: "127.0.0.1" }, 421],
    [{ host: "127.0.0.1:8401" }, 421],
    [{ host: "evil.example:8400" }, 421], // a name that was pointed at this machine
    [{ host: "127.0.0.1:8400.evil.example" }, 421],
    [{ host: own, origin: "http://evil.example" }, 403],
    [{ host: own, origin: "null" }, 403], // a sandboxed page, a file
    [{ host: own, origin: "http://localhost:8400" }, 403],
    [{ host: own, origin: `https://${own}` }, 403],
    [{ host: own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, 403],
  ];
  for (const [headers, status] of cases) {
    assertEquals([headers, statusOf(() => checkOrigin(request(headers), 8400))], [headers, status]);
  }
});

Deno.test("the token must be there and be the one", () => {
  const token = newToken();
  const bearer = (text: string) => request({ authorization: text });
  checkToken(bearer(`Bearer ${token}`), token);
  checkToken(bearer(`bearer ${token}`), token);
  for (
    const wrong of ["", token, `Basic ${token}`, "Bearer ", `Bearer ${token}x`, `Bearer ${token.slice(1)}`, "Bearer é"]
  ) {
    assertEquals([wrong, statusOf(() => checkToken(bearer(wrong), token))], [wrong, 401]);
  }
  assertThrows(() => checkToken(request({}), token), Problem, "token is needed");
});

Deno.test("tokens are long, for URLs, and never the same", () => {
  const tokens = Array.from({ length: 100 }, () => newToken());
  for (const token of tokens) assertMatch(token, /^[\w-]{43}$/);
  assertEquals(new Set(tokens).size, 100);
  assert(sameSecret("a", "a") && !sameSecret("a", "b") && !sameSecret("a", "aa") && !sameSecret("", "a"));
});

Deno.test("the page may do nothing inline, reports are shut off from the panel", () => {
  assert(!pagePolicy.includes("unsafe"));
  assertMatch(pagePolicy, /default-src 'none'/);
  assertMatch(reportPolicy, /^sandbox allow-scripts/);
  assert(!reportPolicy.includes("allow-same-origin"));
});
