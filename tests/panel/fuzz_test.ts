import { assert, assertEquals } from "@std/assert";
import { aPanel } from "./a_panel.ts";

/** Where schemathesis is: `pip install schemathesis` into an environment of its own, and name its program. */
const program = Deno.env.get("SCHEMATHESIS");

Deno.test({
  name: "no request that schemathesis makes up is answered with a 5xx, or otherwise than documented",
  ignore: program === undefined, // SCHEMATHESIS=path/to/schemathesis deno test -A tests/panel/fuzz_test.ts
  async fn() {
    await using test = await aPanel({ running: 1000, pressKill: () => Promise.resolve() });
    await Deno.writeTextFile(`${test.folder}/reports/a-1.html`, "<h1>a report</h1>");
    // 413 is a refusal as well.
    const statuses = "[400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 429]";
    const settings = `[checks]\nnegative_data_rejection.expected-statuses = ${statuses}\n`;
    await Deno.writeTextFile(`${test.folder}/schemathesis.toml`, settings);
    const { success, stdout, stderr } = await new Deno.Command(program!, {
      args: [
        ...["run", `${test.base}/api/openapi.json`, "--header", `Authorization: Bearer ${test.panel.token}`],
        ...["--exclude-path", "/api/events", "--exclude-path", "/api/tracking/start"], // endless; would install MLflow
        ...["--checks", "all", "--exclude-checks", "positive_data_acceptance,missing_required_header"],
        ...["--max-examples", Deno.env.get("SCHEMATHESIS_EXAMPLES") ?? "40", "--seed", "7", "--no-color"],
        ...["--generation-database", "none"],
      ],
      cwd: test.folder,
      env: { HYPOTHESIS_STORAGE_DIRECTORY: `${test.folder}/hypothesis` },
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    console.log(said.slice(-3000));
    assert(success, said.slice(-20_000));
    assertEquals((await test.ask("/api/status")).status, 200); // still there
  },
});
