import { redact } from "../base/secret.ts";
import { paramsText } from "../pipeline/sweep/tables.ts";
import type { SweepStatus } from "../pipeline/tune.ts";
import { duration, number } from "../report/format.ts";

/** Shows trials as they come. Disposing wipes what is redrawn. */
export interface TrialLines extends Disposable {
  update(status: SweepStatus): void;
}

const widths = { trial: 5, state: 8, value: 9, best: 9, steps: 11, time: 8 };

/**
 * A table of trials that grows by a line whenever one ends, on standard error. On a terminal a last line, redrawn, tells what
 * runs, how far all is, and what time is left; elsewhere there are the lines alone.
 *
 * @param columns of the terminal; 0 where it is none
 */
export function trialLines(write: (text: string) => void, columns: number): TrialLines {
  const wipe = columns > 0 ? "\r\x1b[K" : "";
  const cut = (line: string) => (columns > 0 && line.length >= columns ? `${line.slice(0, columns - 2)}…` : line);
  const say = (line: string) => write(`${wipe}${cut(redact(line))}\n`);
  let headed = false;
  let last: SweepStatus | undefined;
  const draw = () => {
    if (columns === 0 || !last) return;
    write(`${wipe}${cut(statusLine(last))}`);
  };
  const timer = columns > 0 ? setInterval(draw, 1000) : undefined;
  return {
    update(status) {
      last = status;
      const { changed: row, what, best } = status;
      if (what === "ended") {
        if (!headed) say(line("trial", "state", "value", "best", "steps", "time", "parameters"));
        headed = true;
        const value = row.value === null ? "" : number(row.value, { digits: 3 });
        const record = best?.trial === row.trial ? " ★" : "";
        say(line(
          ...[String(row.trial), row.state, value, (best ? number(best.value!, { digits: 3 }) : "") + record] as const,
          ...[number(row.reports.at(-1)?.step ?? 0), duration(1000 * row.seconds)] as const,
          row.state === "failed" ? row.note ?? "" : paramsText(row.params),
        ));
      }
      draw();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      if (columns > 0) write(wipe);
    },
  };
}

function line(trial: string, state: string, value: string, best: string, steps: string, time: string, rest: string) {
  const cells = [
    ...[trial.padStart(widths.trial), state.padEnd(widths.state), value.padStart(widths.value)],
    ...[best.padEnd(widths.best), steps.padStart(widths.steps), time.padStart(widths.time), rest],
  ];
  return cells.join("  ").trimEnd();
}

function statusLine({ rows, trials, rungs, slots, left, best }: SweepStatus): string {
  const running = rows.filter(({ state }) => state === "running").slice(0, 8).map(({ trial, reports }) =>
    `${trial} at ${Math.floor(100 * (reports.at(-1)?.step ?? 0) / rungs[rungs.length - 1])} %`
  );
  const done = rows.filter(({ state }) => state !== "running").length;
  const filled = Math.round(16 * Math.min(1, done / Math.max(1, trials)));
  return [
    `${"━".repeat(filled)}${"┄".repeat(16 - filled)} ${done} of ${trials} trials`,
    ...(running.length > 0 ? [`running ${running.join(", ")}`] : []),
    ...(best ? [`best ${number(best.value!, { digits: 3 })} of trial ${best.trial}`] : []),
    `${slots} at once`,
    ...(Number.isNaN(left) || done >= trials ? [] : [`${duration(1000 * left)} left`]),
  ].join("  ");
}
