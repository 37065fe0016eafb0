import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { evaluateStage } from "../../../lib/pipeline/evaluate.ts";
import { headlineStage } from "../../../lib/pipeline/risk/headline.ts";
import { choiceTable, headlineTable } from "../../../lib/pipeline/risk/tables.ts";
import { policiesOf, trainStage } from "../../../lib/pipeline/train.ts";
import { tiny, withFolder, writeTiny } from "../tiny.ts";

Deno.test("agents and baselines under rules that validation chose, as recorded and under stress, beside the earlier headline", async (t) => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder, { bars: 1500 });
    const { config } = tiny(path, ["run.seeds=2", "evaluate.resamples=200"]);
    const policies = policiesOf(await trainStage(config, {}, { checkpoints: null }));
    const rules = ["limit_exposure(0.1)", "limit_exposure(0.4)", "limit_exposure(0.4), limit_drawdown(0.3)"];
    const options = { rules, draws: 2, budget: 0.05 };
    const report = await headlineStage(config, policies, options);

    await t.step("every condition has every account, with rules and without", () => {
      assertEquals(report.rows.length, 3 * 3 * 2);
      assertEquals(
        report.rows.slice(0, 3).map(({ condition, strategy, guarded, seeds, draws }) => ({
          ...{ condition, strategy, guarded, seeds, draws },
        })),
        [
          { condition: "as recorded", strategy: "PPO agent", guarded: true, seeds: 2, draws: 1 },
          { condition: "as recorded", strategy: "PPO agent", guarded: false, seeds: 2, draws: 1 },
          { condition: "as recorded", strategy: "buy and hold", guarded: true, seeds: 1, draws: 1 },
        ],
      );
      assertEquals(new Set(report.rows.map(({ condition }) => condition)).size, 3);
      for (const { maxDrawdown, seeds } of report.rows) {
        assert(maxDrawdown.low <= maxDrawdown.point && maxDrawdown.point <= maxDrawdown.high);
        assert(seeds > 1 || maxDrawdown.low === maxDrawdown.high);
      }
    });

    await t.step("as recorded it is what an evaluation gives, with rules and without", async () => {
      const plain = await evaluateStage(config, policies);
      const risk = { ...config.risk, rules: report.rules };
      const guarded = await evaluateStage({ ...config, risk }, policies);
      assertEquals(report.rows[1].totalReturn, plain.rows[0].returns);
      assertEquals(report.rows[0].totalReturn, guarded.rows[0].returns);
      assertEquals(report.rows[2].maxDrawdown.point, guarded.rows[2].maxDrawdown);
      assertEquals(report.rows[3].maxDrawdown.point, plain.rows[1].maxDrawdown);
    });

    await t.step("rules are chosen by the validation part alone", async () => {
      assertEquals(report.choices.filter(({ chosen }) => chosen).map(({ rules }) => rules), [report.rules]);
      const strict = await headlineStage(config, policies, { ...options, budget: 1e-9 });
      assertEquals(strict.rules, rules[0], "none is within: the smallest drawdown");
      const other = await writeTiny(folder, { name: "other", bars: 1500, from: 1210 }); // another test part
      const elsewhere = await headlineStage({ ...config, data: { ...config.data, input: [other] } }, policies, options);
      assertEquals(elsewhere.choices, report.choices);
      assert(elsewhere.rows[3].totalReturn.point !== report.rows[3].totalReturn.point);
    });

    await t.step("again the same numbers; tables without holes, the earlier headline first", async () => {
      const again = await headlineStage(config, policies, options);
      assertEquals(again.numbers, report.numbers);
      const { text } = headlineTable(report);
      assertStringIncludes(text, "+1.4");
      assertStringIncludes(text, "PPO agent × 2");
      assert(!/NaN|undefined/.test(text + choiceTable(report).text), text);
    });

    await t.step("what cannot be compared is refused", async () => {
      const refused = (given: typeof options, text: string, files = policies) =>
        assertRejects(() => headlineStage(config, files, given), Error, text);
      await refused(options, "there are 0 and 3", []);
      await refused({ ...options, rules: [] }, "there are 2 and 0");
      await refused({ ...options, rules: ["stop_los"] }, 'nearest is "stop_loss"');
    });
  });
});
