import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MOST_BYTES } from "../../lib/panel/route.ts";
import { type Answer, aPanel } from "./a_panel.ts";

/** Sends a request as written, to see what `fetch` would not send. */
async function raw(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(65_536);
  return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}

/** Reads messages of the stream until one is as wanted. */
async function follow(
  base: string,
  token: string,
  after: string,
  wanted: (event: string, data: Answer["body"]) => boolean,
) {
  const response = await fetch(`${base}/api/events`, {
    headers: { authorization: `Bearer ${token}`, "last-event-id": after },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The stream has ended");
      const messages = (rest + value).split("\n\n");
      rest = messages.pop()!;
      for (const message of messages) {
        const data = message.match(/^data: (.*)$/m)?.[1];
        if (data && wanted(message.match(/^event: (.*)$/m)![1], JSON.parse(data))) return;
      }
    }
  } finally {
    await reader.cancel();
  }
}

Deno.test("nobody without the token gets anything of the API, from any address of it", async () => {
  await using test = await aPanel();
  const { base, ask, panel } = test;
  const { body: document } = await ask("/api/openapi.json");
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>)) {
    for (const method of Object.keys(methods)) {
      const url = base + path.replace("{id}", "20260101-000000-train-abcd").replace(/\{\w+\}/, "x");
      for (const headers of [{}, { authorization: "Bearer wrong" }] as HeadersInit[]) {
        const response = await fetch(url, { method: method.toUpperCase(), headers });
        assertEquals([path, method, response.status], [path, method, 401]);
        assert(!(await response.text()).includes(panel.token));
      }
    }
  }
  const query = await fetch(`${base}/api/jobs?token=${panel.token}`);
  assertEquals((await query.json()).status, 401); // never from an address
});

Deno.test("every answer has the headers that keep it to itself; the page holds no secret", async () => {
  await using test = await aPanel();
  for (const path of ["/", "/main.js", "/style.css", "/icon.svg", "/api/jobs", "/nothing", "/reports/x/y.html"]) {
    const { status, headers, body } = await test.ask(path);
    assertEquals([path, status < 500], [path, true]);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("x-frame-options"), "DENY");
    assertEquals(headers.get("access-control-allow-origin"), null);
    assertEquals(headers.get("set-cookie"), null);
    assert(!JSON.stringify(body).includes(test.panel.token), path);
    if (["/", "/main.js"].includes(path)) assertMatch(headers.get("content-security-policy")!, /default-src 'none'/);
  }
});

Deno.test("another host's name, another origin and a page elsewhere are turned away", async () => {
  await using test = await aPanel();
  const { port, token } = test.panel;
  const get = (host: string, more = "") =>
    raw(
      port,
      `GET /api/jobs HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n${more}Connection: close\r\n\r\n`,
    );
  assertMatch(await get(`127.0.0.1:${port}`), /^HTTP\/1.1 200/);
  assertMatch(await get(`evil.example:${port}`), /^HTTP\/1.1 421/);
  assertMatch(await get(`127.0.0.1:${port}`, "Origin: http://evil.example\r\n"), /^HTTP\/1.1 403/);
  assertMatch(await get(`127.0.0.1:${port}`, "Sec-Fetch-Site: cross-site\r\n"), /^HTTP\/1.1 403/);
});

Deno.test("a body that is no JSON, is too long, or does not fit is told so", async () => {
  await using test = await aPanel();
  const send = (body: BodyInit, type = "application/json") =>
    test.ask("/api/check", undefined, { method: "POST", body, headers: { "content-type": type } });
  assertEquals((await send("{")).status, 400);
  assertEquals((await send(Uint8Array.of(0xff, 0xfe))).status, 400);
  assertEquals((await send("")).status, 400);
  assertEquals((await send("{}", "text/plain")).status, 415);
  assertEquals((await send(" ".repeat(MOST_BYTES + 1))).status, 413);
  const parts = ReadableStream.from([1, 2].map(() => new Uint8Array(40_000).fill(32)));
  assertEquals((await send(parts)).status, 413); // without saying how long it is
  for (
    const body of [
      "null",
      "[]",
      "3",
      '{"stage":3}',
      "{}",
      '{"stage":"train","sets":{}}',
      '{"stage":"train","set":{"a":1}}',
    ]
  ) {
    const { status, body: problem } = await send(body);
    assertEquals([body, status, problem.title], [body, 422, "Values that do not fit"]);
    assert(problem.errors.length > 0);
  }
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  assertEquals((await send(deep)).status, 422);
});

Deno.test("what is not there, or not done that way, is told so", async () => {
  await using test = await aPanel();
  const cases: [string, string, number][] = [
    ["GET", "/api/jobs/20260101-000000-train-abcd", 404],
    ["GET", "/api/jobs/..%2f..%2fetc%2fpasswd", 404],
    ["GET", "/api/jobs/%00", 404],
    ["GET", "/api/jobs/%", 404],
    ["GET", "/api/nothing", 404],
    ["GET", "/api/runs?most=0", 400],
    ["GET", "/api/runs?most=1&most=2", 400],
    ["GET", "/api/runs?least=1", 400],
    ["GET", "/api/runs", 409], // MLflow does not run
    ["GET", "/api/models/candelabra", 409],
    ["GET", "/api/presets/nothing", 404],
    ["PUT", "/api/jobs", 405],
    ["DELETE", "/api/jobs", 405],
    ["POST", "/", 404],
    ["GET", "/reports/x/..%2f..%2f..%2fetc%2fpasswd", 404],
    ["GET", "/reports/x/%252e%252e%252fsecret.html", 404],
  ];
  for (const [method, path, status] of cases) {
    const answer = await test.ask(path, undefined, { method });
    assertEquals([method, path, answer.status], [method, path, status]);
    assertEquals(answer.headers.get("content-type"), "application/problem+json");
  }
  assertEquals((await test.ask("/api/jobs", undefined, { method: "PUT" })).headers.get("allow"), "GET, POST");
});

Deno.test("reports are served shut off from the panel, and not from outside their folder", async () => {
  await using test = await aPanel();
  await Deno.writeTextFile(`${test.folder}/reports/a-1.html`, "<h1>a report</h1>");
  await Deno.writeTextFile(`${test.folder}/secret.html`, "secret");
  await Deno.symlink(`${test.folder}/secret.html`, `${test.folder}/reports/link.html`);
  const { status, body: { url } } = await test.ask("/api/reports/a-1.html/open", {});
  assertEquals(status, 201);
  const page = await fetch(test.base + url); // the address is enough: it opens in a tab of its own
  assertEquals(await page.text(), "<h1>a report</h1>");
  assertMatch(page.headers.get("content-security-policy")!, /^sandbox allow-scripts/);
  for (
    const file of [
      "link.html",
      "..%2fsecret.html",
      "%2e%2e%2fsecret.html",
      "..%252fsecret.html",
      "%2fetc%2fpasswd",
      "a-1.html%00",
    ]
  ) {
    assertEquals([file, (await test.ask(`/api/reports/${file}/open`, {})).status], [file, 404]);
    const other = await fetch(`${test.base}${url.replace("a-1.html", file)}`);
    assertEquals([file, other.status, (await other.text()).includes("secret")], [file, 404, false]);
  }
});

Deno.test("a stage is started, seen to move over the stream, stopped, and kept", async () => {
  await using test = await aPanel();
  const { body: { cursor } } = await test.ask("/api/jobs");
  const id = await test.start("goes on");
  let moves = 0;
  await follow(
    test.base,
    test.panel.token,
    cursor,
    (event, data) => event === "told" && data.job === id && ++moves > 3,
  );
  const { status, body } = await test.ask(`/api/jobs/${id}/stop`, {});
  assertEquals([status, body.status], [202, "stopping"]);
  const { job, state, log } = await test.until(id, "stopped");
  assertMatch(job.message, /^Stopped at \d+ % of: backtest$/);
  assert(state.curves["train/approx_kl"].y.length > 3);
  assertStringIncludes(log.join("\n"), "does backtest --preset=quick");
  assertEquals((await test.ask(`/api/jobs/${id}/stop`, {})).status, 409);
  assertEquals((await test.ask(`/api/jobs/${id}`, undefined, { method: "DELETE" })).status, 204);
  assertEquals((await test.ask(`/api/jobs/${id}`)).status, 404);
});

Deno.test("only a running paper trader has a kill switch", async () => {
  const pressed: string[] = [];
  await using test = await aPanel({ pressKill: (name) => Promise.resolve(void pressed.push(name)) });
  const [trader, other] = [await test.start("goes on", "paper"), await test.start("finishes")];
  assertEquals((await test.ask(`/api/jobs/${trader}/kill`, {})).status, 202);
  assertMatch(pressed.join(), /^panel-\d{14}-[0-9a-f]{4}$/);
  assertEquals((await test.ask(`/api/jobs/${other}/kill`, {})).status, 409);
  assertEquals((await test.ask(`/api/jobs/${trader}/kill`, { now: true })).status, 422);
});

Deno.test("200 browsers watch at once, and each sees everything", async () => {
  await using test = await aPanel();
  const { body: { cursor } } = await test.ask("/api/jobs");
  const counts = new Array<number>(200).fill(0);
  const watching = counts.map((_, i) =>
    follow(test.base, test.panel.token, cursor, (event, data) => {
      if (event === "told") counts[i] += data.events.length;
      return event === "job" && data.ended !== null;
    })
  );
  while ((await test.ask("/api/status")).body.watching < 200) await new Promise((resolve) => setTimeout(resolve, 20));
  const id = await test.start("goes on");
  while (counts[0] <= 4) await new Promise((resolve) => setTimeout(resolve, 20)); // it has begun
  await test.ask(`/api/jobs/${id}/stop`, {});
  await Promise.all(watching);
  assertEquals(new Set(counts).size, 1);
});

Deno.test("the documentation names every address, with what it takes and answers", async () => {
  await using test = await aPanel();
  const { body } = await test.ask("/api/openapi.json");
  assertEquals(body.openapi, "3.1.0");
  assertEquals(Object.keys(body.paths).length, 17);
  const { post } = body.paths["/api/jobs"];
  assertEquals(Object.keys(post.responses), ["201", "400", "401", "403", "409", "413", "415", "421", "422", "429"]);
  assertEquals(post.requestBody.content["application/json"].schema.required, ["stage"]);
  const ids = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assertEquals(new Set(ids).size, ids.length);
});
