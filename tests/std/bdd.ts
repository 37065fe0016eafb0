// The names of @std/testing/bdd over Node's test runner's, until JSR is in reach: then this is one line in deno.json.
export { after as afterAll, afterEach, before as beforeAll, beforeEach, describe, it } from "node:test";
