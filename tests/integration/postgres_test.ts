import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { mlflow } from "../../lib/track/mlflow.ts";
import { openRun } from "../../lib/track/open_run.ts";
import { getRun } from "../../lib/track/runs.ts";
import { stopServer, trackingServer } from "../../lib/track/server.ts";
import { postgresPrograms, withPostgres } from "../postgres.ts";

const ignore = postgresPrograms() === undefined; // Debian: apt install postgresql

Deno.test({
  name: "with POSTGRES_URL runs are kept in that database, and a server of another is not mixed up with it",
  ignore,
}, async () => {
  await withPostgres(async (url) => {
    const root = await Deno.makeTempDir({ prefix: "candelabra-runs-" });
    const variables = { POSTGRES_URL: url };
    try {
      const run = await openRun({ root, variables, name: "shared" });
      run.params({ fee: 7.5 });
      run.metrics({ equity: 101.5 }, 3);
      await run[Symbol.asyncDispose]();

      const { uri } = await trackingServer({ root, variables });
      assertEquals((await getRun(mlflow(uri), run.id)).params["fee"], "7.5");
      assertEquals([...Deno.readDirSync(root)].some(({ name }) => name === "mlflow.db"), false);
      await assertRejects(() => trackingServer({ root, variables: {} }), RangeError, "keeps them elsewhere");

      await stopServer(root); // another server of the same database has the same runs
      const other = await Deno.makeTempDir({ prefix: "candelabra-runs-" });
      try {
        const again = await trackingServer({ root: other, variables });
        assertEquals((await getRun(mlflow(again.uri), run.id)).params["fee"], "7.5");
      } finally {
        await stopServer(other);
        await Deno.remove(other, { recursive: true });
      }
      const state = await Deno.readTextFile(join(root, "server.json"));
      assertEquals(state.includes("secret"), false, "the password must not be in a file");
    } finally {
      await stopServer(root);
      await Deno.remove(root, { recursive: true });
    }
  });
});

Deno.test("a POSTGRES_URL that is none is refused without telling it", async () => {
  const root = await Deno.makeTempDir();
  try {
    const error = await assertRejects(
      () => trackingServer({ root, variables: { POSTGRES_URL: "mysql://me:secret@host/db" } }),
      RangeError,
    );
    assertStringIncludes(
      error.message,
      'must be like postgresql://user:password@host:5432/name: it starts with "mysql"',
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
