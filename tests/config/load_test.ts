import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { flatten, loadConfig } from "../../lib/config/load.ts";
import { readEnvironment, settingsOf } from "../../lib/config/environment.ts";
import { optionPaths } from "../../lib/config/schema.ts";

const plain = { environment: {} };

Deno.test("later sources win: preset, environment, values, --set", () => {
  const environment = { CANDELABRA_RUN_SEED: "11", CANDELABRA_RUN_SEEDS: "9", CANDELABRA_DATA_GAPS: "drop" };
  const loaded = loadConfig({
    preset: "full",
    environment,
    values: { run: { seed: 12 } },
    set: ["run.seed=13", "strategy.name=mean_reversion", "strategy.window=48"],
  });
  assertEquals(loaded.config.run.seed, 13);
  assertEquals(loaded.config.run.seeds, 9);
  assertEquals(loaded.config.data.gaps, "drop");
  assertEquals(loaded.config.features.spec, "core44");
  assertEquals(loaded.config.strategy, { name: "mean_reversion", window: 48 });
  assertEquals(loaded.origins["run.seed"], "--set");
  assertEquals(loaded.origins["data.gaps"], "environment");
  assertEquals(loaded.origins["features.spec"], "preset full");
});

Deno.test("an unknown setting names the nearest one and where it was written", () => {
  assertThrows(
    () => loadConfig({ ...plain, set: ["costs.transacton_fee=1"] }),
    RangeError,
    'nearest is "costs.transaction_fee"',
  );
  assertThrows(() => loadConfig({ ...plain, set: ["costs.fee=1"] }), RangeError, 'nearest is "costs.transaction_fee"');
  assertThrows(() => loadConfig({ environment: { CANDELABRA_RUN_SED: "1" } }), RangeError, "CANDELABRA_RUN_SEED");
  assertThrows(() => loadConfig({ ...plain, preset: "quik" }), RangeError, 'nearest is "quick"');
});

Deno.test("a value that does not fit says what is wanted and what was found", () => {
  assertThrows(() => loadConfig({ ...plain, set: ["costs.transaction_fee=-1"] }), RangeError, "from 0 to 1000");
  assertThrows(() => loadConfig({ ...plain, set: ["run.seed=1.5"] }), RangeError, "whole number");
  assertThrows(() => loadConfig({ ...plain, set: ["run.seed="] }), RangeError, "run.seed");
  assertThrows(() => loadConfig({ ...plain, set: ["data.gaps=fil"] }), RangeError, 'nearest is "fill"');
  assertThrows(() => loadConfig({ ...plain, set: ["run.seed"] }), RangeError, "must be like");
});

Deno.test("lists split at commas outside brackets", () => {
  const { config } = loadConfig({ ...plain, set: ["data.input=a (1, 2).csv, BTC/USD"] });
  assertEquals(config.data.input, ["a (1, 2).csv", "BTC/USD"]);
});

Deno.test("flatten() writes every setting so that --set reads it back", () => {
  const { config } = loadConfig({ ...plain, set: ["strategy.fast=12", "features.spec=rsi(14), $close/return"] });
  const lines = Object.entries(flatten(config)).map(([path, value]) => `${path}=${value}`);
  assertEquals(lines.length, optionPaths.size + 2);
  assertEquals(loadConfig({ ...plain, set: lines }).config, config);
});

Deno.test("no setting's own default is refused by its reader", () => {
  for (const [path, option] of optionPaths) assertEquals(option.read(option.default), option.default, path);
});

Deno.test(".env.<ENV> stands over .env, the environment over both, and secrets come from files", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(join(folder, ".env"), "ENV=staging\nMLFLOW_TRACKING_URI=http://a\nREDIS_URL=redis://a\n");
    Deno.writeTextFileSync(join(folder, ".env.staging"), "MLFLOW_TRACKING_URI=http://b\nREDIS_URL=redis://b\n");
    Deno.writeTextFileSync(join(folder, "secret"), "from-a-file\n");
    const own = { REDIS_URL: "redis://c", EXCHANGE_API_SECRET_FILE: join(folder, "secret") };
    const settings = settingsOf(readEnvironment(folder, own));
    assertEquals(settings.environment, "staging");
    assertEquals(settings.trackingUri, "http://b");
    assertEquals(settings.redisUrl?.reveal(), "redis://c");
    assertEquals(settings.exchangeApiSecret?.reveal(), "from-a-file");
    assert(!JSON.stringify(settings).includes("from-a-file"));
    assert(!Deno.inspect(settings).includes("from-a-file"));
    const missing = { EXCHANGE_API_KEY_FILE: join(folder, "none") };
    const error = assertThrows(() => readEnvironment(folder, missing), RangeError, "EXCHANGE_API_KEY_FILE");
    assertStringIncludes(error.message, "Cannot read the secret");
    assertThrows(() => readEnvironment(folder, { ENV: "prod" }), RangeError, 'nearest is "production"');
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
