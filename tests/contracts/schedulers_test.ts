/** Every scheduler in the table keeps these laws. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import type { Decision, Report, Scheduler } from "../../lib/hyperopt/scheduler.ts";
import { schedulerOf, schedulers } from "../../lib/hyperopt/schedulers.ts";
import { changesWhileTraining } from "../../lib/hyperopt/spaces.ts";
import { choice, log, logInt, paramsFault, type Space, when } from "../../lib/hyperopt/space.ts";

const space: Space = {
  "ppo.learning_rate": log(1e-5, 1e-1),
  "agent.trunk": choice("mlp", "lstm"),
  "agent.lstm_hidden_size": when("agent.trunk", "lstm", logInt(8, 64)),
};

for (const [name, entry] of Object.entries(schedulers)) {
  const rungs = entry.rungs(2700);
  const make = (): Scheduler => entry.make({ space, seed: 4, rungs });

  Deno.test(`${name}: rungs rise to the whole budget, also of a few steps`, () => {
    for (const steps of [1, 2, 7, 100, 131_072]) {
      const found = entry.rungs(steps);
      assertEquals(found.at(-1), steps);
      assert(found.every((step, i) => Number.isInteger(step) && step > (found[i - 1] ?? 0)), `${found}`);
    }
  });

  Deno.test(`${name}: the one that is best at every rung is never stopped, whenever it comes`, () => {
    for (const place of [0, 1, 7, 19]) {
      const { decisions } = run(make(), rungs, 20, (trial, rung) => trial === place ? 100 + rung : noise(trial, rung));
      assert(decisions.filter(({ report }) => report.trial === place).every(({ decision }) => decision.do === "go"));
    }
  });

  Deno.test(`${name}: whoever comes to the last rung has used its budget, and goes`, () => {
    const { decisions } = run(make(), rungs, 20, noise);
    const last = decisions.filter(({ report }) => report.rung === rungs.length - 1);
    assert(last.length > 0 && last.every(({ decision }) => decision.do === "go"));
  });

  Deno.test(`${name}: the same reports give the same decisions, from a new scheduler and again from the same`, () => {
    const scheduler = make();
    const { decisions, reports } = run(scheduler, rungs, 24, noise);
    for (const [i, { decision, report }] of decisions.entries()) {
      assertEquals(scheduler(reports.slice(0, i), report), decision);
      assertEquals(make()(reports.slice(0, i), report), decision);
    }
  });

  Deno.test(`${name}: only the order of values counts, not their size`, () => {
    const plain = run(make(), rungs, 20, (trial, rung) => order(trial, rung));
    const stretched = run(make(), rungs, 20, (trial, rung) => 1000 * order(trial, rung) - 5e5);
    const told = ({ decisions }: Run) => decisions.map(({ decision }) => [decision.do]);
    assertEquals(told(plain), told(stretched));
  });

  Deno.test(`${name}: a value that is not a number does not pass for a good one`, () => {
    const { decisions } = run(make(), rungs, 24, (trial, rung) => trial === 20 ? NaN : noise(trial, rung));
    const [first] = decisions.filter(({ report }) => report.trial === 20);
    assertEquals(first.decision.do === "go", name === "none");
  });
}

Deno.test("asha: of trials that come one after the other, about a third passes each rung", () => {
  const rungs = schedulers.asha.rungs(2700);
  const { reports } = run(schedulers.asha.make({ rungs }), rungs, 243, (trial) => normal(rng(trial)));
  const at = rungs.map((_, rung) => reports.filter((report) => report.rung === rung).length);
  assertEquals(at[0], 243);
  for (const [rung, count] of at.entries()) {
    if (rung > 0) assert(count > at[rung - 1] * 0.2 && count < at[rung - 1] * 0.55, `${at}`);
  }
});

Deno.test("asha: a case by hand: the third of three goes on only as the best", () => {
  const scheduler = schedulers.asha.make({ rungs: [1, 3, 9] });
  const report = (trial: number, value: number): Report => ({ trial, rung: 0, step: 1, value, params: {} });
  const past = [report(0, 0.5), report(1, 0.7)];
  assertEquals(scheduler([], report(0, 0.5)), { do: "go" });
  assertEquals(scheduler(past, report(2, 0.8)), { do: "go" });
  const stop = { do: "stop", why: "1 of 2 were better at 1 steps, and 1 may go on" } as const;
  assertEquals(scheduler(past, report(2, 0.6)), stop);
});

Deno.test("median: says nothing to the first five, then stops what is under the middle of their means", () => {
  const scheduler = schedulers.median.make({ rungs: [1, 2, 3] });
  const reports = [1, 2, 3, 4, 5].flatMap((value, trial): Report[] => [
    { trial, rung: 0, step: 1, value: value - 1, params: {} },
    { trial, rung: 1, step: 2, value: value + 1, params: {} },
  ]); // means: 1, 2, 3, 4, 5
  const told = (value: number, past = reports) => scheduler(past, { trial: 9, rung: 1, step: 2, value, params: {} }).do;
  assertEquals([told(2.9), told(3)], ["stop", "go"]);
  assertEquals(told(-100, reports.slice(0, 8)), "go");
  assertEquals(told(0, [...reports, { trial: 9, rung: 0, step: 1, value: 3.5, params: {} }]), "go", "its best counts");
});

Deno.test("pbt: the worst goes on from one of the best: what shapes the network is copied, the rest moves", () => {
  const rungs = schedulers.pbt.rungs(800);
  const { decisions, params } = run(schedulers.pbt.make({ space, seed: 4, rungs }), rungs, 24, noise);
  const exploits = decisions.flatMap(({ decision, report }) => decision.do === "exploit" ? [{ decision, report }] : []);
  assert(exploits.length > 10);
  let moved = 0;
  for (const { decision, report } of exploits) {
    assert(decision.from !== report.trial);
    assertEquals(paramsFault(space, decision.params), undefined);
    const copied = decisions.find((other) =>
      other.report.trial === decision.from && other.report.rung === report.rung
    )!;
    assert(copied.report.value > report.value, "from a better one at the same rung");
    for (const [name, value] of Object.entries(decision.params)) {
      if (!changesWhileTraining(name)) assertEquals(value, copied.report.params[name]);
      else if (value !== copied.report.params[name]) moved++;
    }
  }
  assertEquals(moved, exploits.length);
  assert(params.size === 24);
});

Deno.test("a scheduler nobody knows is answered with those there are", () => {
  assertThrows(() => schedulerOf("ash"), RangeError, 'nearest is "asha"');
});

interface Run {
  readonly reports: Report[];
  readonly decisions: { readonly report: Report; readonly decision: Decision }[];
  readonly params: Map<number, Report["params"]>;
}

/** A study of `trials`, four at once, whose values are `valueOf`. */
function run(
  scheduler: Scheduler,
  rungs: readonly number[],
  trials: number,
  valueOf: (trial: number, rung: number) => number,
): Run {
  const [reports, decisions]: [Report[], Run["decisions"]] = [[], []];
  const params = new Map(Array.from({ length: trials }, (_, trial) => {
    const lstm = trial % 2 === 1
      ? { "agent.trunk": "lstm", "agent.lstm_hidden_size": 8 + trial }
      : { "agent.trunk": "mlp" };
    return [trial, { "ppo.learning_rate": 10 ** (-5 + trial / 8), ...lstm } as Report["params"]];
  }));
  let next = 0;
  const running: { trial: number; rung: number }[] = [];
  for (;;) {
    while (running.length < 4 && next < trials) running.push({ trial: next++, rung: 0 });
    const one = running.shift();
    if (!one) return { reports, decisions, params };
    const { trial, rung } = one;
    const report = { trial, rung, step: rungs[rung], value: valueOf(trial, rung), params: params.get(trial)! };
    const decision = scheduler([...reports], report);
    reports.push(report);
    decisions.push({ report, decision });
    if (decision.do === "exploit") params.set(trial, decision.params);
    if (decision.do !== "stop" && rung < rungs.length - 1) running.push({ trial, rung: rung + 1 });
  }
}

function noise(trial: number, rung: number): number {
  return normal(rng(trial * 100 + rung)) + 2 * normal(rng(trial));
}

function order(trial: number, rung: number): number {
  return (trial * 7 + rung * 3) % 23;
}
