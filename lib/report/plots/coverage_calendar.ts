import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { date, number, span } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, keyRow, round, svgOf, textSvg } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Which bars of a symbol there are. */
export interface CoverageInput {
  readonly symbol: string;
  readonly time: ArrayLike<number>; // [T] ms UTC, as cleaned
  readonly step: number; // bar length, ms
  readonly filled?: ArrayLike<number>; // [T] 1 where the bar was made to close a gap
  readonly repaired?: ArrayLike<number>; // [T] 1 where a value was changed
  readonly silent?: ArrayLike<number>; // [T] 1 where nothing traded (zero volume)
}

const DAY = 864e5;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * A calendar of the data, a square a day, weeks from left to right: whole days, and with a sign of their own those with
 * bars that are missing, filled in, repaired or without trade.
 */
export function coverageCalendar(input: CoverageInput, text: OwnText = {}): Figure {
  const { symbol, time, step } = input;
  if (time.length === 0) {
    throw new RangeError(`Cannot draw coverage of ${symbol} as there must be at least one bar: current value is 0`);
  }
  const days = daysOf(input);
  const count = (key: "missing" | "filled" | "repaired" | "silent") => days.reduce((sum, day) => sum + day[key], 0);
  const found = [
    `${number(count("missing"))} missing`,
    `${number(count("filled"))} filled in`,
    input.repaired && `${number(count("repaired"))} repaired`,
    input.silent && `${number(count("silent"))} without trade`,
  ].filter(Boolean).join(", ");
  const whole = `${number(time.length)} bars of ${span(step)}, ${date(time[0])} to ${date(time[time.length - 1])}`;
  return figure((width) => stackSvg([keyRow(width, keyOf(input)), calendar(days, width)], 4), {
    title: `${symbol}: what there is, day by day`,
    caption: `${whole}: ${found}.`,
    alt: `Calendar of ${whole}: ${found}.`,
    wide: true,
    ...text,
  });
}

/** A day of the calendar: how many of its bars are how. */
interface Day {
  readonly at: number; // ms UTC of its midnight
  readonly missing: number;
  readonly filled: number;
  readonly repaired: number;
  readonly silent: number;
}

function daysOf({ time, step, filled, repaired, silent }: CoverageInput): Day[] {
  const first = Math.floor(time[0] / DAY);
  const last = Math.floor(time[time.length - 1] / DAY);
  const days = Array.from({ length: last - first + 1 }, (_, i) => ({
    at: (first + i) * DAY,
    missing: 0,
    filled: 0,
    repaired: 0,
    silent: 0,
  }));
  const dayOf = (at: number) => days[Math.floor(at / DAY) - first];
  for (let t = 0; t < time.length; t++) {
    const day = dayOf(time[t]);
    day.filled += filled?.[t] ? 1 : 0;
    day.repaired += repaired?.[t] ? 1 : 0;
    day.silent += silent?.[t] && !filled?.[t] ? 1 : 0;
    for (let at = time[t] + step; t + 1 < time.length && at < time[t + 1]; at += step) dayOf(at).missing++;
  }
  return days;
}

const STATES = ["missing", "filled", "repaired", "silent"] as const;
const look = {
  missing: { colour: color("loss"), sign: "×", text: "bars missing" },
  filled: { colour: color("short"), sign: "–", text: "filled in" },
  repaired: { colour: color("long"), sign: "•", text: "repaired" },
  silent: { colour: color("hold"), sign: "∘", text: "bars without trade" },
};

function keyOf(input: CoverageInput) {
  const states = STATES.filter((state) => state === "missing" || input[state] !== undefined);
  return [
    { text: "whole day", fill: "var(--seq-3)" },
    ...states.map((state) => ({ text: `${look[state].sign} ${look[state].text}`, fill: look[state].colour })),
  ];
}

/** Week columns of whole days as one rectangle each, cut into days by lines of paper; single squares for the others. */
function calendar(days: readonly Day[], width: number): string {
  const left = isNarrow(width) ? 32 : 44;
  const cell = (width - left) / 53.2;
  const years = [...new Set(days.map((day) => new Date(day.at).getUTCFullYear()))];
  const rows = Math.min(cell, years.length > 4 ? 9.5 : 14);
  const band = 7 * rows + 24;
  const parts: string[] = [];
  for (const [row, year] of years.entries()) {
    const top = row * band + 16;
    const start = Date.UTC(year, 0, 1);
    const offset = (new Date(start).getUTCDay() + 6) % 7; // Monday first
    const place = (at: number) => {
      const n = Math.round((at - start) / DAY) + offset;
      return { x: left + Math.floor(n / 7) * cell, y: top + (n % 7) * rows };
    };
    const own = days.filter((day) => new Date(day.at).getUTCFullYear() === year);
    const columns = new Map<number, { from: number; to: number }>();
    for (const { at } of own) {
      const { x, y } = place(at);
      const column = columns.get(x);
      columns.set(x, { from: Math.min(column?.from ?? y, y), to: Math.max(column?.to ?? y, y) });
    }
    const bars = [...columns].map(([x, { from, to }]) =>
      `M${round(x)},${round(from)}h${round(cell - 1)}v${round(to - from + rows)}h${round(1 - cell)}z`
    );
    parts.push(`<path d="${bars.join("")}" fill="var(--seq-3)"/>`);
    const cuts = Array.from({ length: 6 }, (_, i) => `M${left},${round(top + (i + 1) * rows)}H${width}`);
    parts.push(`<path d="${cuts.join("")}" stroke="var(--paper)" stroke-width="1"/>`);
    parts.push(textSvg(left - 6, top + 4 * rows, String(year), { anchor: "end", size: isNarrow(width) ? 10 : 11.5 }));
    for (let month = 0; month < 12; month++) {
      const { x } = place(Date.UTC(year, month, 1));
      const name = isNarrow(width) ? MONTHS[month].slice(0, 1) : MONTHS[month];
      parts.push(
        textSvg(x + (month > 0 && place(Date.UTC(year, month, 1)).y > top ? cell : 0), top - 4, name, {
          anchor: "start",
          size: 10,
        }),
      );
    }
    for (const day of own) {
      const state = STATES.find((one) => day[one] > 0);
      if (!state) continue;
      const { x, y } = place(day.at);
      const size = { width: round(cell - 1), height: round(rows - 1) };
      const facts = STATES.filter((one) => day[one] > 0).map((one) => `${day[one]} ${look[one].text}`).join("\n");
      parts.push(
        `<g><rect x="${round(x)}" y="${round(y)}" width="${size.width}" height="${size.height}" fill="${
          look[state].colour
        }"><title>${escapeHtml(`${date(day.at)}\n${facts}`)}</title></rect>${
          rows < 9 ? "" : textSvg(x + (cell - 1) / 2, y + rows / 2 + 3.5, look[state].sign, {
            fill: color("paper"),
            size: 11,
            weight: "700",
          }).replace("<text", '<text pointer-events="none"')
        }</g>`,
      );
    }
  }
  return tidySvg(svgOf(width, years.length * band, parts.join("")));
}
