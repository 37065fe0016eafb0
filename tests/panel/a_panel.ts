import { fileURLToPath } from "node:url";
import type { Spawn } from "../../lib/panel/jobs.ts";
import { openPanel, type Panel, type PanelOptions } from "../../lib/panel/server.ts";

/** Starts `fake_stage.ts` in the place of a stage. */
export const spawnFake: Spawn = (words, events) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      fileURLToPath(import.meta.resolve("./fake_stage.ts")),
      events,
      ...words,
    ],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();

/** An answer that was read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly body: any; // JSON where it is
}

/** A panel with made up stages, folders of its own and no MLflow. */
export interface TestPanel extends AsyncDisposable {
  readonly panel: Panel;
  readonly folder: string;
  readonly base: string; // http://127.0.0.1:port
  /** Asks with the token; the answer's body is read. */
  ask(path: string, body?: unknown, init?: RequestInit): Promise<Answer>;
  /** Starts a stage that behaves so. */
  start(does: string, stage?: string): Promise<string>;
  /** Waits until a job is as wanted, two minutes at most. */
  until(id: string, status: string): Promise<Answer["body"]>;
}

export async function aPanel(options: PanelOptions = {}): Promise<TestPanel> {
  const folder = options.folder ?? await Deno.makeTempDir();
  const reports = options.reports ?? `${folder}/reports`;
  await Deno.mkdir(reports, { recursive: true });
  const panel = await openPanel({
    spawn: spawnFake,
    tracking: { root: `${folder}/tracking`, variables: {} },
    grace: 3000,
    ...options,
    folder: `${folder}/jobs`,
    reports,
  });
  const base = `http://127.0.0.1:${panel.port}`;
  const ask: TestPanel["ask"] = async (path, body, init = {}) => {
    const response = await fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      ...init,
      headers: {
        authorization: `Bearer ${panel.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...init.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.includes("json") && text !== "";
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
  return {
    panel,
    folder,
    base,
    ask,
    async start(does, stage = "backtest") {
      const { status, body } = await ask("/api/jobs", {
        stage,
        options: stage === "paper" ? { replay: "BTC/USD" } : {},
        set: { "run.experiment": does, "data.exchange": reports },
      });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return body.id;
    },
    async until(id, wanted) {
      for (const begun = performance.now(); performance.now() - begun < 120_000;) {
        const { body } = await ask(`/api/jobs/${id}`);
        if (body.job?.status === wanted) return body;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`The job ${id} is not ${wanted}: ${JSON.stringify((await ask(`/api/jobs/${id}`)).body)}`);
    },
    async [Symbol.asyncDispose]() {
      await panel[Symbol.asyncDispose]();
      if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}
