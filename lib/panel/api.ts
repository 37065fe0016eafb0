import { z } from "zod";
import { checkOrder } from "./check.ts";
import { presetNames, settingsOf, stageForms } from "./form.ts";
import type { Hub } from "./hub.ts";
import type { Jobs } from "./jobs.ts";
import { openApi } from "./openapi.ts";
import { Problem } from "./problem.ts";
import type { Reports } from "./reports.ts";
import { type Route, route } from "./route.ts";
import { commandLine, completed, stageOf, stages, unavailable } from "./stages.ts";
import type { Tracking } from "./tracking.ts";

/** What the API stands on. */
export interface Parts {
  readonly jobs: Jobs;
  readonly hub: Hub;
  readonly tracking: Tracking;
  readonly reports: Reports;
  /** Presses the kill switch of a paper session. @throws {Problem} 409 */
  readonly pressKill: (name: string) => Promise<void>;
  readonly version: string;
}

const id = z.strictObject({ id: z.string().regex(/^[0-9]{8}-[0-9]{6}-[a-z]{1,20}-[0-9a-f]{4}$/) });
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_ .-]{0,99}$/);
const values = z.record(z.string().min(1).max(100), z.string().max(4000)).describe("text by name").refine(
  (found) => Object.keys(found).length <= 300,
  "must be at most 300",
);
const order = z.strictObject({
  stage: z.enum(stages.map(({ name }) => name)).describe("as /api/stages lists it"),
  preset: z.enum(presetNames()).default("quick"),
  set: values.default({}).describe("settings that differ from the preset's: ppo.gamma, 0.9"),
  options: values.default({}).describe("options of the stage: model, candelabra@champion"),
});
const job = z.object({
  id: z.string(),
  stage: z.string(),
  title: z.string(),
  command: z.array(z.string()),
  status: z.enum(["running", "stopping", "finished", "failed", "stopped", "lost"]),
  started: z.number(),
  ended: z.number().nullable(),
  code: z.number().nullable(),
  message: z.string(),
  result: z.string(),
  order: z.object({
    stage: z.string(),
    preset: z.string(),
    set: z.record(z.string(), z.string()),
    options: z.record(z.string(), z.string()),
  }),
});
const cursor = z.string().describe("where the event stream stood: its Last-Event-ID");
const tracking = z.object({
  state: z.enum(["off", "starting", "on", "failed"]),
  uri: z.string().nullable(),
  note: z.string(),
});
const anything = z.record(z.string(), z.unknown());
const errors = z.array(z.object({ field: z.string(), message: z.string() }));

/** Every line of the API. */
export function apiRoutes({ jobs, hub, tracking: mlflow, reports, pressKill, version }: Parts): Route[] {
  const routes: Route[] = [
    route({
      method: "get",
      path: "/api/openapi.json",
      summary: "This documentation",
      answer: { status: 200, schema: anything },
      handle: () => openApi(routes),
    }),
    route({
      method: "get",
      path: "/api/status",
      summary: "Who answers, and how many jobs run",
      answer: {
        status: 200,
        schema: z.object({ version: z.string(), running: z.number(), watching: z.number(), cursor, tracking }),
      },
      handle: async () => ({
        version,
        running: jobs.list().filter(({ ended }) => ended === null).length,
        watching: hub.clients,
        cursor: hub.cursor,
        tracking: await mlflow.state(),
      }),
    }),
    route({
      method: "get",
      path: "/api/stages",
      summary: "What can be started, each with its form",
      answer: { status: 200, schema: z.object({ presets: z.array(z.string()), stages: z.array(anything) }) },
      handle: async () => ({ presets: presetNames(), stages: await stageForms() }),
    }),
    route({
      method: "get",
      path: "/api/presets/{preset}",
      summary: "Every setting as it is with a preset",
      params: z.strictObject({ preset: z.enum(presetNames()) }),
      answer: { status: 200, schema: z.object({ settings: z.record(z.string(), z.string()) }) },
      handle: ({ params }) => ({ settings: settingsOf(params.preset) }),
    }),
    route({
      method: "post",
      path: "/api/check",
      summary: "Whether values fit, and the command line they make; nothing is started",
      body: order,
      answer: { status: 200, schema: z.object({ errors, command: z.array(z.string()).nullable() }) },
      async handle({ body }) {
        const { errors } = await checkOrder(body);
        return { errors, command: errors.length === 0 ? await commandLine(body) : null };
      },
    }),
    route({
      method: "get",
      path: "/api/jobs",
      summary: "Jobs, newest first",
      answer: { status: 200, schema: z.object({ jobs: z.array(job), cursor }) },
      handle: () => ({ jobs: jobs.list(), cursor: hub.cursor }),
    }),
    route({
      method: "post",
      path: "/api/jobs",
      summary: "Start a stage",
      body: order,
      answer: { status: 201, schema: job },
      refuses: [409, 429],
      async handle({ body }) {
        const { errors } = await checkOrder(body);
        if (errors.length > 0) {
          throw new Problem(422, errors.map(({ field, message }) => `${field}: ${message}`).join("; "), errors);
        }
        const why = unavailable(stageOf(body.stage)!);
        if (why) throw new Problem(409, why);
        return await jobs.start(completed(body));
      },
    }),
    route({
      method: "get",
      path: "/api/jobs/{id}",
      summary: "All that a job has told",
      params: id,
      answer: { status: 200, schema: z.object({ job, state: anything, log: z.array(z.string()), cursor }) },
      handle: ({ params }) => {
        const found = jobs.get(params.id);
        return { ...found, cursor: hub.cursor };
      },
    }),
    route({
      method: "delete",
      path: "/api/jobs/{id}",
      summary: "Take a job that has ended from the list",
      params: id,
      answer: { status: 204 },
      refuses: [409],
      async handle({ params }) {
        await jobs.remove(params.id);
        return new Response(null, { status: 204 });
      },
    }),
    route({
      method: "post",
      path: "/api/jobs/{id}/stop",
      summary: "Ask a job to end cleanly; again, or with now, it is ended at once",
      params: id,
      body: z.strictObject({ now: z.boolean().default(false) }),
      answer: { status: 202, schema: job },
      refuses: [409],
      handle: ({ params, body }) => jobs.stop(params.id, body.now),
    }),
    route({
      method: "post",
      path: "/api/jobs/{id}/kill",
      summary: "Press the kill switch of a paper trader: it sells all at once, stops, and stays stopped",
      params: id,
      body: z.strictObject({}),
      answer: { status: 202, schema: job },
      refuses: [409],
      async handle({ params }) {
        const { job } = jobs.get(params.id);
        const { name } = job.order.options;
        if (job.stage !== "paper" || !name) throw new Problem(409, "Only a paper trader has a kill switch");
        if (job.ended !== null) throw new Problem(409, "The trader has ended already");
        await pressKill(name);
        return job;
      },
    }),
    route({
      method: "get",
      path: "/api/events",
      summary: "What happens, as server-sent events: job, told, gone, reset. Resumes after Last-Event-ID",
      query: z.strictObject({ after: z.string().max(40).optional().describe("in the place of Last-Event-ID") }),
      answer: { status: 200, type: "text/event-stream" },
      refuses: [429],
      handle({ query, request }) {
        const after = request.headers.get("last-event-id") ?? query.after;
        try {
          return new Response(hub.open(after), {
            headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
          });
        } catch (error) {
          if (error instanceof RangeError) throw new Problem(429, error.message);
          throw error;
        }
      },
    }),
    route({
      method: "get",
      path: "/api/tracking",
      summary: "How MLflow stands",
      answer: { status: 200, schema: tracking },
      handle: () => mlflow.state(),
    }),
    route({
      method: "post",
      path: "/api/tracking/start",
      summary: "Start the local MLflow server",
      body: z.strictObject({}),
      answer: { status: 202, schema: tracking },
      async handle() {
        if ((await mlflow.state()).state !== "on") mlflow.start();
        return await mlflow.state();
      },
    }),
    route({
      method: "get",
      path: "/api/runs",
      summary: "Tracked runs, newest first",
      query: z.strictObject({
        most: z.string().regex(/^[1-9][0-9]{0,2}$/).default("100").describe("how many, up to 999"),
      }),
      answer: { status: 200, schema: z.object({ runs: z.array(anything) }) },
      refuses: [409],
      handle: async ({ query }) => ({ runs: await mlflow.runs(Number(query.most)) }),
    }),
    route({
      method: "get",
      path: "/api/models/{name}",
      summary: "Versions of a registered model, newest first",
      params: z.strictObject({ name }),
      answer: { status: 200, schema: z.object({ versions: z.array(anything) }) },
      refuses: [409],
      handle: async ({ params }) => ({ versions: await mlflow.models(params.name) }),
    }),
    route({
      method: "post",
      path: "/api/models/{name}/promote",
      summary: "Make a version the champion; confirm repeats it as name/version",
      params: z.strictObject({ name }),
      body: z.strictObject({ version: z.int().min(1).max(1_000_000), confirm: z.string().max(200) }),
      answer: { status: 200, schema: anything },
      refuses: [409],
      async handle({ params, body }) {
        const wanted = `${params.name}/${body.version}`;
        if (body.confirm !== wanted) {
          const message = `must be ${wanted}`;
          throw new Problem(422, `confirm: ${message}`, [{ field: "confirm", message }]);
        }
        return await mlflow.promote(params.name, body.version);
      },
    }),
    route({
      method: "get",
      path: "/api/reports",
      summary: "Reports, newest first",
      answer: { status: 200, schema: z.object({ reports: z.array(anything) }) },
      handle: async () => ({ reports: await reports.list() }),
    }),
    route({
      method: "post",
      path: "/api/reports/{file}/open",
      summary: "An address at which a report can be opened for a quarter of an hour",
      params: z.strictObject({ file: z.string().min(1).max(200) }),
      body: z.strictObject({}),
      answer: { status: 201, schema: z.object({ url: z.string() }) },
      handle: async ({ params }) => ({ url: await reports.ticket(params.file) }),
    }),
  ];
  return routes;
}
