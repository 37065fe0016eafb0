import { quantile } from "../base/stats.ts";
import type { Report, Scheduler } from "./scheduler.ts";

/**
 * Stops a trial whose best value so far is under the median of the others' running means at the same rung (Golovin et
 * al. 2017, "Google Vizier", sec. 3.2.2). Says nothing while fewer than `least` others have come there.
 */
export function scheduleMedian({ rungs, least = 5 }: { rungs: readonly number[]; least?: number }): Scheduler {
  return (past, { trial, rung, value }) => {
    if (rung >= rungs.length - 1) return { do: "go" };
    const there = new Set(
      past.filter((report) => report.rung === rung && report.trial !== trial).map(({ trial }) => trial),
    );
    if (there.size < least) return { do: "go" };
    const means = [...there].map((other) =>
      meanOf(past.filter((report) => report.trial === other && report.rung <= rung))
    );
    const best = past.reduce((most, report) => report.trial === trial ? Math.max(most, report.value) : most, value);
    const middle = quantile(means, 0.5);
    if (best >= middle) return { do: "go" };
    const why = `its best ${best.toPrecision(3)} is under the median ${middle.toPrecision(3)} of ${there.size} others`;
    return { do: "stop", why: `${why} at ${rungs[rung]} steps` };
  };
}

function meanOf(reports: readonly Report[]): number {
  return reports.reduce((sum, { value }) => sum + value, 0) / reports.length;
}
