import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { createHmac } from "node:crypto";
import { Secret } from "../../lib/base/secret.ts";
import { settingsOf } from "../../lib/config/environment.ts";
import type { Alert, Sink } from "../../lib/live/alert.ts";
import { openAlerts } from "../../lib/live/alerts.ts";
import { emailSink } from "../../lib/live/sink_email.ts";
import { telegramSink } from "../../lib/live/sink_telegram.ts";
import { webhookSink } from "../../lib/live/sink_webhook.ts";
import { openSinks, sinks } from "../../lib/live/sinks.ts";
import { smtpServer } from "./smtp_server.ts";

const alert: Alert = {
  ...{ id: "a1b2c3", name: "drawdown", on: true, time: Date.UTC(2024, 0, 2, 3, 4), run: "paper btc" },
  text: "Equity is 12.0 % below its peak",
};
const never = new AbortController().signal;

interface Post {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An HTTP server on loopback that keeps what is posted; the next posts get these answers. */
function webServer() {
  const posts: Post[] = [];
  const answers: Response[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    posts.push({ path: new URL(request.url).pathname, headers: request.headers, body: await request.text() });
    return answers.shift() ?? new Response("ok");
  });
  return {
    ...{ posts, answers, url: `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}` },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A sink of each kind that goes somewhere, at servers on loopback: what they got, and how they refuse. */
interface Case extends AsyncDisposable {
  readonly sink: Sink;
  received(): readonly string[];
  fail(kind: "later" | "for good"): void;
}

const cases: Readonly<Record<string, () => Case>> = {
  webhook() {
    const server = webServer();
    return {
      sink: webhookSink({
        url: new Secret(`${server.url}/hooks/topsecretpath`),
        secret: new Secret("shared-secret-1"),
      }),
      received: () => server.posts.map(({ body }) => body),
      fail: (kind) => void server.answers.push(new Response("no", { status: kind === "later" ? 503 : 403 })),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  telegram() {
    const server = webServer();
    const refusal = (status: number) => Response.json({ ok: false, error_code: status }, { status });
    return {
      sink: telegramSink({ token: new Secret("12345:topsecrettoken"), chat: "@desk", api: server.url }),
      received: () => server.posts.map(({ body }) => body),
      fail: (kind) => void server.answers.push(refusal(kind === "later" ? 502 : 401)),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  email() {
    const server = smtpServer();
    const url = new Secret(`smtp://desk%40example.com:topsecretpass@127.0.0.1:${server.port}`);
    return {
      sink: emailSink({ url, to: "a@example.com, b@example.com" }),
      received: () => server.letters.map(({ text }) => text),
      fail: (kind) => server.refuse(kind === "later" ? "451 topsecretpass is welcome later" : "550 never"),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

Deno.test("every sink of the table that goes somewhere is held to the contract", () => {
  assertEquals([...Object.keys(cases), "log"].sort(), Object.keys(sinks).sort());
});

for (const [name, open] of Object.entries(cases)) {
  Deno.test(`${name} delivers an alert`, async () => {
    await using to = open();
    await to.sink.send(alert, never);
    assertEquals(to.received().length, 1);
    assertStringIncludes(to.received()[0].replaceAll("=\n", ""), "12.0 % below its peak");
    assertEquals(to.sink.name, name);
  });

  Deno.test(`${name} tells a failure that passes from one that does not, and no secret`, async () => {
    await using to = open();
    for (const kind of ["later", "for good"] as const) {
      to.fail(kind);
      const error = await assertRejects(() => to.sink.send(alert, never), Error);
      assertEquals(to.sink.temporary?.(error), kind === "later" ? 0 : undefined);
    }
    const failures: string[] = [];
    to.fail("for good");
    {
      await using alerts = openAlerts({
        rules: [{ name: "x", judge: () => ({ on: true, text: "x" }) }],
        sinks: [to.sink],
        onFailure: (sink, _, error) => failures.push(`${sink}: ${error}`),
      });
      alerts.observe({ time: 0 });
    }
    assertEquals(failures.length, 1);
    assert(!failures[0].includes("topsecret"));
  });

  Deno.test(`${name} stops when it is told to`, async () => {
    await using to = open();
    await assertRejects(() => to.sink.send(alert, AbortSignal.abort(new DOMException("over", "AbortError"))));
  });

  Deno.test(`${name} is tried again until it is through, alerts in order`, async () => {
    await using to = open();
    to.fail("later");
    to.fail("later");
    {
      await using alerts = openAlerts({
        rules: [{ name: "x", judge: ({ failed }) => ({ on: failed !== undefined, text: `state ${failed}` }) }],
        ...{ sinks: [to.sink], firstWait: 1 },
      });
      alerts.observe({ time: 1, failed: "one" });
      alerts.observe({ time: 2 });
    }
    const texts = to.received().map((text) => /state (one|undefined)/.exec(text)?.[1]);
    assertEquals(texts.filter((text, i) => text !== texts[i - 1]), ["one", "undefined"]);
  });
}

Deno.test("a webhook's signature can be checked as Standard Webhooks say, and a retry has the id of the first try", async () => {
  await using server = webServer();
  const key = new Uint8Array(24).fill(7);
  const secret = new Secret(`whsec_${key.toBase64()}`);
  const sink = webhookSink({ url: new Secret(`${server.url}/hook`), secret, now: () => 1_700_000_000_999 });
  server.answers.push(new Response("no", { status: 500 }));
  await assertRejects(() => sink.send(alert, never));
  await sink.send(alert, never);
  for (const { headers, body } of server.posts) {
    const signed = `a1b2c3.1700000000.${body}`;
    assertEquals(headers.get("webhook-id"), "a1b2c3");
    assertEquals(headers.get("webhook-timestamp"), "1700000000");
    const mac = createHmac("sha256", key).update(signed).digest("base64");
    assertEquals(headers.get("webhook-signature"), `v1,${mac}`);
  }
  assertEquals(JSON.parse(server.posts[1].body), { ...alert, time: "2024-01-02T03:04:00.000Z" });
});

Deno.test("a server that asks to be left alone for a while is, and a redirect is not followed", async () => {
  await using server = webServer();
  const hook = webhookSink({ url: new Secret(`${server.url}/hook`), secret: new Secret("shared-secret-1") });
  server.answers.push(new Response("slow down", { status: 429, headers: { "retry-after": "7" } }));
  const slow = await assertRejects(() => hook.send(alert, never));
  assertEquals(hook.temporary?.(slow), 7000);
  const bot = telegramSink({ token: new Secret("12345:topsecrettoken"), chat: "1", api: server.url });
  server.answers.push(Response.json({ ok: false, parameters: { retry_after: 3 } }, { status: 429 }));
  const busy = await assertRejects(() => bot.send(alert, never));
  assertEquals(bot.temporary?.(busy), 3000);
  server.answers.push(new Response(null, { status: 302, headers: { location: `${server.url}/elsewhere` } }));
  const moved = await assertRejects(() => hook.send(alert, never));
  assertEquals(hook.temporary?.(moved), undefined);
  assertEquals(server.posts.filter(({ path }) => path === "/elsewhere").length, 0);
});

Deno.test("a letter has its sender, its receivers, a subject and an id that a retry keeps", async () => {
  await using server = smtpServer();
  const url = new Secret(`smtp://desk%40example.com:topsecretpass@127.0.0.1:${server.port}`);
  const sink = emailSink({ url, to: "a@example.com, b@example.com" });
  await sink.send(alert, never);
  await sink.send({ ...alert, on: false, name: "x\r\nBcc: c@example.com" }, never);
  const [letter, injected] = server.letters;
  assertEquals([letter.from, letter.to, letter.user], [
    "desk@example.com",
    ["a@example.com", "b@example.com"],
    "desk@example.com",
  ]);
  assertStringIncludes(letter.text, "Subject: [candelabra] paper btc: drawdown");
  assertStringIncludes(letter.text, "Message-ID: <a1b2c3@candelabra>");
  assertStringIncludes(letter.text, "2024-01-02 03:04 UTC, run paper btc");
  assertEquals(injected.to, ["a@example.com", "b@example.com"]);
  assert(!/^Bcc:/m.test(injected.text));
});

Deno.test("addresses elsewhere must be encrypted", () => {
  const secret = new Secret("shared-secret-1");
  const open = (url: string) => () => webhookSink({ url: new Secret(url), secret });
  assertThrows(open("http://example.com/topsecretpath"), RangeError, "must start with https://");
  assertThrows(open("file:///etc/passwd"), RangeError, "must start with https://");
  assertThrows(open("nonsense"), RangeError, "is no address");
  const mail = (url: string) => () => emailSink({ url: new Secret(url), to: "a@example.com", from: "b@example.com" });
  assertThrows(mail("https://example.com"), RangeError, "must start with smtps://");
  assertThrows(
    () => emailSink({ url: new Secret("smtps://example.com"), to: "a@example.com" }),
    RangeError,
    "ALERT_EMAIL_FROM",
  );
});

Deno.test("sinks are those the environment asks for, and half of one is told", async () => {
  const names = async (variables: Record<string, string>) =>
    (await openSinks(settingsOf(variables))).map(({ name }) => name);
  assertEquals(await names({}), ["log"]);
  const all = {
    ...{ ALERT_WEBHOOK_URL: "https://example.com/h", ALERT_WEBHOOK_SECRET: "shared-secret-1" },
    ...{ TELEGRAM_BOT_TOKEN: "12345:topsecrettoken", TELEGRAM_CHAT_ID: "1" },
    ...{ SMTP_URL: "smtps://a%40example.com:b@example.com", ALERT_EMAIL_TO: "c@example.com" },
  };
  assertEquals(await names(all), ["log", "webhook", "telegram", "email"]);
  const { ALERT_WEBHOOK_SECRET: _, ...half } = all;
  const error = await assertRejects(() => names(half), RangeError);
  assertEquals(
    error.message,
    "Cannot send alerts by webhook as ALERT_WEBHOOK_SECRET must be set where ALERT_WEBHOOK_URL is: it is not",
  );
});
