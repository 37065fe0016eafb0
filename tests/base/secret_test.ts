import { assert, assertEquals } from "@std/assert";
import { redact, Secret } from "../../lib/base/secret.ts";

const value = `k3y/with+odd "chars"\\and=more`;
const secret = new Secret(value);

Deno.test("a secret prints as *** in text, JSON, inspection and errors", () => {
  const shown = [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    Deno.inspect(secret),
    Deno.inspect({ deep: [{ secret }] }, { depth: 9 }),
    new Error(`failed with ${secret}`).stack ?? "",
    Object.values(secret).join(),
    Reflect.ownKeys(secret).map(String).join(),
  ].join("\n");
  assert(!shown.includes("k3y"));
  assertEquals(secret.reveal(), value);
});

Deno.test("redact finds a secret in plain text, JSON, URLs and base64, wherever it stands", () => {
  const base64 = (text: string) => btoa(text);
  for (
    const text of [
      `key=${value};`,
      JSON.stringify({ key: value }),
      `https://host.example/?key=${encodeURIComponent(value)}&x=1`,
      `https://host.example/?${new URLSearchParams({ key: value })}`,
      base64(value),
      ...["", "a", "ab", "user:"].flatMap((before) => ["", "z", "zz"].map((after) => base64(before + value + after))),
    ]
  ) {
    const clean = redact(text);
    assert(clean.includes("***"), text);
    // What is left of base64 is at most the characters shared with neighbours.
    assert(!clean.includes("k3y") && !clean.includes(base64(value).slice(4, 24)), clean);
  }
});

Deno.test("redact leaves nothing of a secret that begins like another one", () => {
  new Secret("sesame");
  new Secret("sesame-street-42");
  assertEquals(redact("a sesame-street-42 b sesame c"), "a *** b *** c");
});

Deno.test("redact hides passwords inside URLs and nothing else of them", () => {
  assertEquals(redact("postgres://me:hunter2@db:5432/x"), "postgres://me:***@db:5432/x");
  assertEquals(redact("https://example.org:8080/a@b"), "https://example.org:8080/a@b");
});

Deno.test("values under four characters are too common to be struck out", () => {
  new Secret("abc");
  assertEquals(redact("abc abc"), "abc abc");
});

Deno.test("a secret with half a surrogate pair does not break the log", () => {
  new Secret("odd\ud800secret");
  assertEquals(redact("fine"), "fine");
});
