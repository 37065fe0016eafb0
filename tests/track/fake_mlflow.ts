/** The part of MLflow's REST that a run uses, in memory, with faults on demand. */
export interface FakeMlflow extends AsyncDisposable {
  readonly uri: string;
  readonly runs: Map<string, FakeRun>;
  readonly asked: string[]; // "POST runs/create", in order
  readonly headers: Headers[];
  most: number; // most calls at once
  takes: number; // ms until an answer
  /** Looked at before each call: an answer instead of the right one, or "lost" to do it and answer 503. */
  fault: (call: string, body: string) => Response | "lost" | undefined;
  stop(): Promise<void>;
  start(): void;
}

export interface FakeRun {
  name: string;
  status: string;
  endTime: number | undefined;
  deleted: boolean;
  params: Record<string, string>;
  tags: Record<string, string>;
  points: Set<string>; // key timestamp step value: sending one again changes nothing
  inputs: string[];
  artifacts: Map<string, string>;
}

interface Body {
  run_id: string;
  run_name: string;
  name: string;
  status: string;
  end_time: number;
  filter: string;
  tags: { key: string; value: string }[];
  params: { key: string; value: string }[];
  metrics: { key: string; value: number | string; timestamp: number; step: number }[];
  datasets: { dataset: { name: string } }[];
}

export function fakeMlflow(): FakeMlflow {
  const experiments = new Map<string, string>();
  const runs = new Map<string, FakeRun>();
  let server: Deno.HttpServer<Deno.NetAddr> | undefined;
  let [port, running] = [0, 0];
  const fake: FakeMlflow = {
    get uri() {
      return `http://127.0.0.1:${port}`;
    },
    runs,
    asked: [],
    headers: [],
    most: 0,
    takes: 1,
    fault: () => undefined,
    start() {
      server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, answer);
      port = server.addr.port;
    },
    async stop() {
      await server?.shutdown();
      server = undefined;
    },
    [Symbol.asyncDispose]: () => fake.stop(),
  };
  fake.start();
  return fake;

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const call = `${request.method} ${url.pathname.replace("/api/2.0/mlflow/", "")}`;
    const text = await request.text();
    fake.asked.push(call);
    fake.headers.push(request.headers);
    fake.most = Math.max(fake.most, ++running);
    await new Promise((resolve) => setTimeout(resolve, fake.takes));
    running--;
    const fault = fake.fault(call, text);
    if (fault instanceof Response) return fault;
    const right = carryOut(call, text, url.searchParams);
    return fault === "lost" ? refusal(503, "TEMPORARILY_UNAVAILABLE", "lost") : right;
  }

  function carryOut(call: string, text: string, query: URLSearchParams): Response {
    if (call.startsWith("PUT ")) {
      const [, run, path] = decodeURI(call).match(/artifacts\/1\/(\w+)\/artifacts\/(.*)$/)!;
      runs.get(run)!.artifacts.set(path, text);
      return Response.json({});
    }
    const body: Body = text ? JSON.parse(text) : Object.fromEntries(query);
    const run = runs.get(body.run_id);
    switch (call) {
      case "GET experiments/get-by-name": {
        const id = experiments.get(query.get("experiment_name")!);
        if (!id) return refusal(404, "RESOURCE_DOES_NOT_EXIST", "no such experiment");
        return Response.json({ experiment: { experiment_id: id, lifecycle_stage: "active" } });
      }
      case "POST experiments/search":
        return Response.json({ experiments: [...experiments.values()].map((id) => ({ experiment_id: id })) });
      case "POST experiments/create":
        experiments.set(body.name, "1");
        return Response.json({ experiment_id: "1" });
      case "POST runs/create": {
        const id = crypto.randomUUID().replaceAll("-", "");
        const made: FakeRun = {
          name: body.run_name,
          status: "RUNNING",
          endTime: undefined,
          deleted: false,
          params: {},
          tags: Object.fromEntries(body.tags.map(({ key, value }) => [key, value])),
          points: new Set(),
          inputs: [],
          artifacts: new Map(),
        };
        runs.set(id, made);
        return Response.json({ run: shown(id, made) });
      }
      case "POST runs/search": {
        const wanted = body.filter.match(/= '(.*)'/)![1];
        const found = [...runs].filter(([, run]) => run.tags["candelabra.localId"] === wanted);
        return Response.json({ runs: found.map(([id, run]) => shown(id, run)) });
      }
    }
    if (!run) return refusal(404, "RESOURCE_DOES_NOT_EXIST", "no such run");
    if (run.deleted && call !== "GET runs/get") return refusal(400, "INVALID_PARAMETER_VALUE", "the run is deleted");
    switch (call) {
      case "GET runs/get":
        return Response.json({ run: shown(body.run_id, run) });
      case "POST runs/update":
        Object.assign(run, { status: body.status, endTime: body.end_time });
        return Response.json({});
      case "POST runs/log-inputs":
        run.inputs.push(...body.datasets.map(({ dataset }) => dataset.name));
        return Response.json({});
      case "POST runs/log-batch": {
        if (body.metrics.length > 1000 || body.params.length > 100 || body.tags.length > 100) {
          return refusal(400, "INVALID_PARAMETER_VALUE", "too much in one batch");
        }
        if (body.params.some(({ key, value }) => (run.params[key] ?? value) !== value)) {
          return refusal(400, "INVALID_PARAMETER_VALUE", "a param cannot change");
        }
        for (const { key, value } of body.params) run.params[key] = value;
        for (const { key, value } of body.tags) run.tags[key] = value;
        for (const { key, timestamp, step, value } of body.metrics) {
          run.points.add(`${key} ${timestamp} ${step} ${value}`);
        }
        return Response.json({});
      }
    }
    return refusal(404, "ENDPOINT_NOT_FOUND", call);
  }
}

const shown = (id: string, run: FakeRun) => ({
  info: {
    run_id: id,
    run_name: run.name,
    experiment_id: "1",
    status: run.status,
    start_time: 0,
    lifecycle_stage: run.deleted ? "deleted" : "active",
    artifact_uri: `mlflow-artifacts:/1/${id}/artifacts`,
  },
});

/** An error as MLflow words it. */
export function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error_code: code, message }, { status });
}
