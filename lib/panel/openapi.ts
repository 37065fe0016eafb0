import { z } from "zod";
import { titles } from "./problem.ts";
import type { Route } from "./route.ts";

/** The API's documentation, OpenAPI 3.1, out of the table that requests are checked by. */
export function openApi(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of routes) (paths[one.path] ??= {})[one.method] = operation(one, routes);
  return {
    openapi: "3.1.0",
    info: {
      title: "Candelabra panel",
      version: "1",
      description: "Starts, watches and stops stages; models, runs and reports. On loopback, with a token.",
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Problem: problem },
    },
  };
}

const problem = {
  type: "object",
  required: ["type", "title", "status", "detail", "errors"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "message"],
        properties: { field: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

function operation(one: Route, routes: readonly Route[]) {
  const { summary, params, query, body, answer, refuses = [] } = one;
  const statuses = [400, 401, 403, 421, ...(params ? [404] : []), ...(body ? [413, 415, 422] : []), ...refuses];
  const refusals = [...new Set(statuses)].sort().map((status) => [String(status), {
    description: titles[status],
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  }]);
  const good = answer.schema || answer.type
    ? {
      content: { [answer.type ?? "application/json"]: { schema: answer.schema ? json(answer.schema, "output") : {} } },
    }
    : {};
  return {
    operationId: idOf(one),
    summary,
    parameters: [...parametersOf(params, "path"), ...parametersOf(query, "query")],
    ...(body
      ? { requestBody: { required: true, content: { "application/json": { schema: json(body, "input") } } } }
      : {}),
    responses: {
      [String(answer.status)]: { description: summary, ...good, ...linksOf(one, routes) },
      ...Object.fromEntries(refusals),
    },
  };
}

const idOf = ({ method, path }: Route): string =>
  `${method} ${path.replace("/api/", "")}`.replaceAll(/[^a-z]+/gi, "_").replace(/_$/, "");

/** What can be done with that which was made: its id goes into their addresses. */
function linksOf({ path, answer }: Route, routes: readonly Route[]) {
  const next = answer.status === 201 ? routes.filter((other) => other.path.startsWith(`${path}/{id}`)) : [];
  if (next.length === 0) return {};
  const link = (other: Route) => ({ operationId: idOf(other), parameters: { id: "$response.body#/id" } });
  return { links: Object.fromEntries(next.map((other) => [idOf(other), link(other)])) };
}

function parametersOf(schema: z.ZodType | undefined, place: "path" | "query") {
  if (!schema) return [];
  const { properties = {}, required = [] } = json(schema, "input") as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...one }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description ? { description } : {}),
    schema: one,
  }));
}

function json(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
