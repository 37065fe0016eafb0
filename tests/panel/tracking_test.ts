import { assertEquals, assertMatch } from "@std/assert";
import { aPanel } from "./a_panel.ts";

/** As much of MLflow as the panel asks: two versions of a model, a run, and what was asked. */
function registry() {
  let champion = "1";
  const asked: string[] = [];
  const version = (number: string, validation: string) => ({
    name: "candelabra",
    version: number,
    run_id: `run${number}`,
    source: "s",
    tags: [{ key: "candelabra.validation", value: validation }, { key: "data", value: "BTC/USD 1h" }],
  });
  const run = {
    info: {
      run_id: "run1",
      run_name: "train mlp",
      experiment_id: "3",
      status: "FINISHED",
      start_time: 1.7e12,
      end_time: 1.7e12 + 5000,
      artifact_uri: "a",
      lifecycle_stage: "active",
    },
    data: {
      metrics: [
        ...[7, 8, 9, 10].map((seed) => ({ key: `train/seed_${seed}/validation_return`, value: 0.5 })),
        { key: "test/agent/total_return", value: 0.2 },
        { key: "test/agent/sharpe_ratio", value: "NaN" },
      ],
      tags: [{ key: "candelabra.kind", value: "train" }, { key: "candelabra.report", value: "a-1.html" }],
    },
  };
  const answers: Record<string, (request: Request) => unknown> = {
    "experiments/search": () => ({ experiments: [] }),
    "experiments/get-by-name": () => ({ experiment: { experiment_id: "3", lifecycle_stage: "active" } }),
    "runs/search": () => ({ runs: [run] }),
    "model-versions/search": () => ({ model_versions: [version("1", "0.1"), version("2", "NaN")] }),
    "registered-models/get": () => ({ registered_model: { aliases: [{ alias: "champion", version: champion }] } }),
    "registered-models/alias": async (request) => {
      ({ version: champion } = await request.json());
      return {};
    },
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname.replace("/api/2.0/mlflow/", "");
    asked.push(path);
    return Response.json(await answers[path]?.(request) ?? {}, { status: answers[path] ? 200 : 404 });
  });
  return { uri: `http://127.0.0.1:${server.addr.port}`, asked, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("runs and models come from MLflow, with links to its pages", async () => {
  await using mlflow = registry();
  await using test = await aPanel({ tracking: { variables: { MLFLOW_TRACKING_URI: mlflow.uri } } });
  assertEquals((await test.ask("/api/tracking")).body, { state: "on", uri: mlflow.uri, note: "" });
  const { body: { runs } } = await test.ask("/api/runs?most=5");
  assertEquals([runs[0].name, runs[0].kind, runs[0].status, runs[0].report], [
    "train mlp",
    "train",
    "finished",
    "a-1.html",
  ]);
  assertEquals(Object.entries(runs[0].metrics).slice(0, 2), [ // what the agent earned, before what its seeds promised
    ["test/agent/total_return", 0.2],
    ["test/agent/sharpe_ratio", null],
  ]);
  assertEquals(runs[0].url, `${mlflow.uri}/#/experiments/3/runs/run1`);
  const { body: { versions } } = await test.ask("/api/models/candelabra");
  assertEquals(
    versions.map(({ version, aliases, validation }: Record<string, unknown>) => [version, aliases, validation]),
    [[2, [], null], [1, ["champion"], 0.1]],
  );
});

Deno.test("a version becomes champion when it is said twice which", async () => {
  await using mlflow = registry();
  await using test = await aPanel({ tracking: { variables: { MLFLOW_TRACKING_URI: mlflow.uri } } });
  const promote = (version: number, confirm: string) =>
    test.ask("/api/models/candelabra/promote", { version, confirm });
  const { status, body } = await promote(2, "candelabra/1");
  assertEquals([status, body.errors], [422, [{ field: "confirm", message: "must be candelabra/2" }]]);
  assertEquals((await promote(9, "candelabra/9")).status, 404);
  assertEquals(mlflow.asked.includes("registered-models/alias"), false);
  assertEquals((await promote(2, "candelabra/2")).body.aliases, ["champion"]);
  const { body: { versions } } = await test.ask("/api/models/candelabra");
  assertEquals(versions[0].aliases, ["champion"]);
});

Deno.test("a tracker that is out of reach is told, and is no fault of the panel", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const uri = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  await using test = await aPanel({ tracking: { variables: { MLFLOW_TRACKING_URI: uri } } });
  const { status, body } = await test.ask("/api/runs");
  assertEquals(status, 409);
  assertMatch(body.detail, /out of reach/);
});
