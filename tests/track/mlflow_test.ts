import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { codeOf, isDown, mlflow, serverAddress, statusOf } from "../../lib/track/mlflow.ts";
import { fakeMlflow, refusal } from "./fake_mlflow.ts";

Deno.test("an address is http, and is shown without credentials and slashes", () => {
  assertEquals(serverAddress("https://me:hunter2@host.example:8080/ml/"), "https://host.example:8080/ml");
  for (const bad of ["mlruns", "file:///mlruns", "sqlite:///mlflow.db", "databricks", ""]) {
    assertThrows(() => serverAddress(bad), RangeError, "http:// or https://");
  }
  const { message } = assertThrows(() => serverAddress("postgresql://me:hunter2@host/db"), RangeError);
  assert(!message.includes("hunter2"));
});

Deno.test("user and password, or a token, go along as MLflow's users know them, and never print", async () => {
  await using fake = fakeMlflow();
  const sent = async (uri: string, variables: Record<string, string>) => {
    await mlflow(uri, { variables }).call("experiments/search", { body: {} });
    return fake.headers.at(-1)!.get("authorization");
  };
  const basic = (pair: string) => `Basic ${btoa(pair)}`;
  const user = { MLFLOW_TRACKING_USERNAME: "me", MLFLOW_TRACKING_PASSWORD: "pass:word-1" };
  assertEquals(await sent(fake.uri, user), basic("me:pass:word-1"));
  assertEquals(await sent(fake.uri, { MLFLOW_TRACKING_TOKEN: "token-123" }), "Bearer token-123");
  assertEquals(await sent(fake.uri.replace("//", "//you:in%20url@"), {}), basic("you:in url"));
  assertEquals(await sent(fake.uri, {}), null);
  fake.fault = () => refusal(403, "PERMISSION_DENIED", "not with pass:word-1 or token-123");
  const { message } = await assertRejects(() => sent(fake.uri, user));
  assertStringIncludes(message, "not with *** or ***");
  assertStringIncludes(message, "MLFLOW_TRACKING_USERNAME");
});

Deno.test("what is broken for a moment is asked again; what is refused, or may not be asked twice, is not", async () => {
  await using fake = fakeMlflow();
  const server = mlflow(fake.uri, { retries: 3 });
  let broken = 2;
  fake.fault = () => broken-- > 0 ? refusal(503, "TEMPORARILY_UNAVAILABLE", "busy") : undefined;
  await server.call("experiments/search", { body: {} });
  assertEquals(fake.asked.length, 3);
  broken = 1;
  const once = await assertRejects(() => server.call("runs/create", { body: {}, once: true }));
  assertEquals([fake.asked.length, isDown(once), codeOf(once)], [4, true, "TEMPORARILY_UNAVAILABLE"]);
  fake.fault = () => refusal(400, "INVALID_PARAMETER_VALUE", "no");
  const refused = await assertRejects(() => server.call("runs/get", { query: { run_id: "x" } }));
  assertEquals([fake.asked.length, isDown(refused), statusOf(refused)], [5, false, 400]);
});

Deno.test("a server that is out of reach, silent, or not MLflow is said to be so", async () => {
  const fake = fakeMlflow();
  const server = mlflow(fake.uri, { retries: 1 });
  fake.fault = () => new Response("<html>Welcome!</html>", { headers: { "content-type": "text/html" } });
  assertStringIncludes((await assertRejects(() => server.call("runs/get"))).message, "does not answer as MLflow does");
  fake.fault = () => new Response("<html>Bad gateway</html>", { status: 502 });
  assert(isDown(await assertRejects(() => server.call("runs/get"))));
  await fake.stop();
  const gone = await assertRejects(() => server.call("runs/get"));
  assertStringIncludes(gone.message, "is out of reach");
  assert(isDown(gone));
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hanging = mlflow(`http://127.0.0.1:${silent.addr.port}`, { seconds: 0.2 });
  const slow = await assertRejects(() => hanging.call("runs/get"));
  assertStringIncludes(slow.message, "no answer in 0.2 s");
  assert(isDown(slow));
});

Deno.test("no more than eight calls are in flight, and all of them get their turn", async () => {
  await using fake = fakeMlflow();
  const server = mlflow(fake.uri);
  fake.takes = 50;
  await Promise.all(Array.from({ length: 50 }, () => server.call("experiments/search", { body: {} })));
  assertEquals(fake.asked.length, 50);
  assert(fake.most > 1 && fake.most <= 8, `${fake.most} in flight`);
});
