import { type Context, Hono } from "hono";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { redact, Secret } from "../base/secret.ts";
import { EVENTS, LEASH } from "../config/environment.ts";
import { denoArguments } from "../launch.ts";
import { kill } from "../live/session.ts";
import type { ServerOptions } from "../track/server.ts";
import { apiRoutes } from "./api.ts";
import { checkOrigin, checkToken, commonHeaders, newToken, pagePolicy, reportPolicy } from "./guard.ts";
import { openHub } from "./hub.ts";
import { openJobs, type Spawn } from "./jobs.ts";
import { webFiles } from "./page.ts";
import { Problem } from "./problem.ts";
import { openReports } from "./reports.ts";
import { mount } from "./route.ts";
import { openTracking } from "./tracking.ts";

/** A panel that answers. Disposing ends its jobs, then itself. */
export interface Panel extends AsyncDisposable {
  readonly port: number;
  readonly token: string;
  /** What a person opens: the token is behind the #, which browsers keep to themselves. */
  readonly url: string;
}

/** What a panel may be given; a person's needs none of it. */
export interface PanelOptions {
  readonly port?: number; // 0: any that is free
  readonly folder?: string; // of what is kept about jobs
  readonly reports?: string; // folder of the pages
  readonly tracking?: ServerOptions;
  readonly spawn?: Spawn;
  readonly running?: number; // most jobs at once
  readonly grace?: number; // ms
  /** Presses the kill switch of a paper session. */
  readonly pressKill?: (name: string) => Promise<void>;
}

/**
 * Serves the panel on loopback, to whoever has its token. Stages are started as processes of their own, with their own
 * permissions; what they tell goes to every browser that watches.
 *
 * Permissions: net 127.0.0.1; read; write `folder`; run deno; what tracking needs.
 *
 * @throws {Deno.errors.AddrInUse} if the port is taken
 */
export async function openPanel(options: PanelOptions = {}): Promise<Panel> {
  const { folder = projectPath("mlflow_runs", ".panel"), reports: pages = projectPath("reports"), port: wanted = 0 } =
    options;
  const token = newToken();
  new Secret(token); // from here on it prints as ***
  const hub = openHub();
  const jobs = await openJobs({
    folder,
    hub,
    spawn: options.spawn ?? startStage,
    ...(options.running === undefined ? {} : { running: options.running }),
    ...(options.grace === undefined ? {} : { grace: options.grace }),
  });
  const reports = openReports(pages);
  const parts = {
    jobs,
    hub,
    reports,
    pressKill: options.pressKill ?? pressKill,
    tracking: openTracking(options.tracking),
    version: "1",
  };
  const app = new Hono();
  let port = 0;

  app.use(async (context, next) => {
    checkOrigin(context.req.raw, port);
    if (context.req.path.startsWith("/api/")) checkToken(context.req.raw, token);
    await next();
  });
  mount(app, apiRoutes(parts));
  for (const [path, { type, body }] of Object.entries(await webFiles())) {
    app.get(
      path,
      () =>
        new Response(body, {
          headers: { "content-type": type, "content-security-policy": pagePolicy, "cache-control": "no-cache" },
        }),
    );
  }
  app.get("/reports/:ticket/:file", async (context) => {
    const body = await reports.open(context.req.param("ticket"), context.req.param("file"));
    const headers = {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": reportPolicy,
      "cache-control": "no-store",
    };
    return new Response(body, { headers });
  });
  app.notFound(() => new Problem(404, "There is nothing at this address").response());
  app.onError(answerOf);

  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: wanted,
    onListen: () => {},
    onError: (error) => answerOf(error as Error),
  }, async (request) => {
    const response = await app.fetch(request);
    for (const [name, value] of Object.entries(commonHeaders)) response.headers.set(name, value);
    return response;
  });
  port = server.addr.port;
  return {
    port,
    token,
    url: `http://127.0.0.1:${port}/#token=${token}`,
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose](); // browsers see how they end
      hub[Symbol.dispose]();
      await server.shutdown();
    },
  };
}

/** The file that a trader looks for after each bar. */
async function pressKill(name: string): Promise<void> {
  try {
    await kill(projectPath("data", "paper", name), "pressed in the panel");
  } catch (error) {
    throw new Problem(409, `The kill switch cannot be pressed: ${(error as Error).message}. Stop ends the trader`);
  }
}

function answerOf(error: Error, _context?: Context): Response {
  if (error instanceof Problem) return error.response();
  if (error instanceof URIError) return new Problem(400, "The address is not well formed").response();
  log("error", redact(error.stack ?? error.message));
  return new Problem(500, "The panel has a fault; its log says more").response();
}

/** A stage as a process: its own permissions, no shell, and an end with this process even if that is killed. */
export const startStage: Spawn = (words, events) =>
  new Deno.Command(Deno.execPath(), {
    args: denoArguments(words, projectPath(), events),
    cwd: projectPath(),
    env: { [EVENTS]: events, [LEASH]: "1", NO_COLOR: "1", LOG_FORMAT: "" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
