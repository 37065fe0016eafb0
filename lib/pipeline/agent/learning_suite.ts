import { projectPath } from "../../base/project.ts";
import type { Badge } from "../../report/summary.ts";

/** One row of the learning suite, as `tests/bench/learn.ts --json` prints it. */
interface LearningRow {
  readonly task: string;
  readonly met: boolean;
}

/**
 * What the learning suite last said of this code: whether the agent learns what there is to learn (a planted oracle, a
 * noisy signal, a cue long ago), and refuses to where there is nothing (a random walk, a shuffled signal). Nothing where
 * it has not been run:
 * `deno run -A tests/bench/learn.ts --json > tests/bench/learn.jsonl`.
 */
export async function learningVerdict(
  path: string = projectPath("tests", "bench", "learn.jsonl"),
): Promise<Badge | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const rows = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as LearningRow);
  const missed = rows.filter(({ met }) => !met).map(({ task }) => task);
  return {
    label: "learning suite",
    verdict: missed.length === 0
      ? `all ${rows.length} bars met: it learns what can be learnt, and finds nothing where there is nothing`
      : `${rows.length - missed.length} of ${rows.length} bars met; missed: ${missed.join(", ")}`,
    passed: rows.length > 0 && missed.length === 0,
  };
}
