import { assert, assertEquals } from "@std/assert";
import { trialLines } from "../../lib/cli/trial_lines.ts";
import type { TrialRow } from "../../lib/hyperopt/study_rows.ts";
import type { SweepStatus } from "../../lib/pipeline/tune.ts";
import { permissions } from "../../lib/launch.ts";

const row = (trial: number, change: Partial<TrialRow> = {}): TrialRow => ({
  ...{ trial, state: "running", params: { "ppo.gamma": 0.987654, "agent.net_arch.width": 1024 }, value: null },
  ...{ reports: [], metrics: {}, seconds: 0, lives: [] },
  ...change,
});

function status(changed: TrialRow, what: SweepStatus["what"], change: Partial<SweepStatus> = {}): SweepStatus {
  const best = changed.state === "finished" ? changed : undefined;
  return {
    name: "x",
    rows: [changed],
    changed,
    what,
    best,
    trials: 4,
    rungs: [50, 100],
    slots: 2,
    seconds: 1,
    left: NaN,
    ...change,
  };
}

const point = { rung: 1, step: 100, value: 1.23456, decision: "go" } as const;
const finished = row(3, { state: "finished", value: 1.23456, reports: [point], seconds: 12 });

Deno.test("elsewhere than on a terminal a sweep is a line for each trial that ended, under one heading", () => {
  let text = "";
  using lines = trialLines((more) => void (text += more), 0);
  lines.update(status(row(3), "begun"));
  assertEquals(text, "");
  lines.update(status(finished, "ended"));
  lines.update(status(row(4, { state: "failed", note: "the loss is not a number" }), "ended"));
  const [heading, first, second, end] = text.split("\n");
  assert(heading.trim().startsWith("trial") && heading.includes("parameters"));
  for (const part of ["3", "finished", "1.235", "★", "100", "12 s", "gamma 0.988, width 1024"]) {
    assert(first.replaceAll(/\s/g, " ").includes(part), first);
  }
  assert(second.includes("failed") && second.includes("the loss is not a number"));
  assertEquals(end, "");
});

Deno.test("on a terminal the last line tells what runs and what is left, no wider than the terminal, and is wiped", () => {
  let text = "";
  {
    using lines = trialLines((more) => void (text += more), 60);
    lines.update(status(row(3, { reports: [{ ...point, step: 50 }] }), "report", { left: 75 }));
    assert(text.includes("0 of 4 trials  running 3 at 50 %"));
    lines.update(status(finished, "ended"));
    const told = text.length;
    lines.update(status(finished, "ended", { trials: 1, left: 0 }));
    assert(!text.slice(told).includes("left"), "nothing is left when all trials have ended");
    for (const line of text.replaceAll("\r\x1b[K", "\n").split("\n")) assert(line.length < 60, line);
  }
  assert(text.endsWith("\r\x1b[K"));
});

Deno.test("a sweep may write where its storage is", () => {
  const write = (line: string) =>
    permissions(line.split(" "), "/project", "/here").find((flag) => flag.startsWith("--allow-write="))!;
  assert(write("tune quick --storage-path shared").includes("/here/shared"));
  assert(write("tune quick --storage-path=/nfs/sweeps").includes("/nfs/sweeps"));
});
