/** A worker of `stress`: is told the plan, then runs trials of it as they come. */
import { runTrials, type TrialRange } from "./run_trials.ts";
import { planRuns, planScenarios, type TrialPlan } from "./trial.ts";

type Told = { readonly plan: TrialPlan } | { readonly at: number; readonly range: TrialRange };

const port = globalThis as unknown as {
  onmessage: (event: MessageEvent<Told>) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};
let told: { plan: TrialPlan; scenarios: ReturnType<typeof planScenarios>; runs: ReturnType<typeof planRuns> };

port.onmessage = async ({ data }) => {
  try {
    if ("plan" in data) {
      told = { plan: data.plan, scenarios: planScenarios(data.plan), runs: planRuns(data.plan) };
      return;
    }
    const columns = await runTrials(told.plan, told.scenarios[data.range.scenario], told.runs, data.range);
    port.postMessage({ at: data.at, columns }, [columns.outcomes.buffer, columns.paths.buffer]);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    port.postMessage({ error: { name, message } });
  }
};
