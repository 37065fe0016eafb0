import { assertEquals, assertNotEquals } from "@std/assert";
import { canonicalJson, hashOf } from "../../lib/base/hash.ts";

Deno.test("the hash of one text is SHA-256 of its length and bytes", async () => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("3:abc"));
  assertEquals(hashOf("abc"), Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join(""));
});

Deno.test("parts do not run together and views count by what they show", () => {
  assertNotEquals(hashOf("ab", "c"), hashOf("a", "bc"));
  assertNotEquals(hashOf("1:a"), hashOf("a"));
  const memory = Float64Array.of(1, 2, 3, 4);
  assertEquals(hashOf(memory.subarray(1, 3)), hashOf(Float64Array.of(2, 3)));
  assertNotEquals(hashOf(memory), hashOf(memory.subarray(0, 3)));
});

Deno.test("canonicalJson does not depend on the order of keys, and keeps that of lists", () => {
  assertEquals(canonicalJson({ b: [2, 1], a: { d: 1, c: null } }), '{"a":{"c":null,"d":1},"b":[2,1]}');
  assertEquals(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }));
});
