import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadConfig } from "../../../lib/config/load.ts";
import { paperFigures } from "../../../lib/pipeline/paper/figures.ts";
import { paperStudy } from "../../../lib/pipeline/paper/study.ts";
import { alertTable, equalityTable, paperSummary } from "../../../lib/pipeline/paper/summary.ts";

Deno.test("a study of paper trading says what is equal, draws, and leaves nothing behind", async () => {
  const set = ["run.track=false", "data.timerange=20180101-20180301", "risk.rules=trailing_stop(atr=3)"];
  const loaded = loadConfig({ environment: {}, set });
  const study = await paperStudy(loaded);
  assertEquals(study.equal.map(({ equal }) => equal), study.equal.map(() => true));
  assert(study.equal.every(({ compared }) => compared > 0));
  assertMatch(paperSummary(study, loaded.config).finding, /every decision, fill and equity is that of the backtest/);
  const figures = paperFigures(study);
  for (const draw of Object.values(figures)) assert((await draw()).svg.length > 0);
  assert(equalityTable(study).text.includes("yes"));
  assert(alertTable(study).text.length > 0);
  const other = { ...study, equal: [{ what: "equity", compared: 3, equal: false }] };
  assertMatch(paperSummary(other, loaded.config).finding, /NOT the backtest of the same bars: equity differ/);
});
