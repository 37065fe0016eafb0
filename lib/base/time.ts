const units: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/**
 * Length of a bar in ms: `"1m"`, `"4h"`, `"1d"`, `"1w"`. A month has no fixed length and is refused.
 *
 * @throws {RangeError} if `timeframe` is not a whole number of s, m, h, d or w
 */
export function parseTimeframe(timeframe: string): number {
  const [, count, unit] = timeframe.match(/^([1-9]\d*)([smhdw])$/) ?? [];
  if (!count || !unit) {
    throw new RangeError(
      `Cannot read the timeframe "${timeframe}" as it must be a whole number of s, m, h, d or w, such as 15m, 1h or 1d`,
    );
  }
  return Number(count) * units[unit];
}

/** The shortest name of a bar length: 3 600 000 → `"1h"`. */
export function formatTimeframe(step: number): string {
  for (const unit of ["w", "d", "h", "m", "s"]) {
    if (step % units[unit] === 0) return `${step / units[unit]}${unit}`;
  }
  return `${step}ms`;
}

const iso = /^(\d{4}-\d\d(?:-\d\d)?)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * ms since 1970 UTC of an ISO date (`2023-01-01`, `2023-01-01T12:00Z`), a compact one (`20230101`) or an epoch in
 * seconds or ms. A date without a zone is UTC.
 *
 * @throws {RangeError} if it is none of these
 */
export function parseDate(text: string): number {
  if (/^\d{8}$/.test(text)) return parseDate(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`);
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,13}$/.test(text)) return Number(text);
  const [, day, clock, zone] = text.trim().match(iso) ?? [];
  const time = day === undefined
    ? NaN
    : Date.parse(clock === undefined ? day : `${day}T${clock}${zone?.toUpperCase() ?? "Z"}`);
  // The engine takes 30 February for 2 March, which nobody means.
  const real = !Number.isNaN(time) && new Date(Date.parse(day)).toISOString().startsWith(day);
  if (!real) {
    throw new RangeError(
      `Cannot read the date "${text}" as it must be like 2023-01-31, 20230131, 2023-01-31T12:00Z or an epoch in s or ms`,
    );
  }
  return time;
}

/** A span of time: `from` inclusive, `to` exclusive, ms UTC; ±Infinity where open. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads freqtrade's `--timerange`: `20180131-20180301`, `20180131-`, `-20180131`, or epochs in s or ms.
 *
 * @throws {RangeError} if it is not of that form, or ends before it starts
 */
export function parseTimerange(text: string): TimeRange {
  const [, start, end] = text.match(/^(\d*)-(\d*)$/) ?? [];
  if (start === undefined || end === undefined || start + end === "") {
    throw new RangeError(
      `Cannot read the time range "${text}" as it must be like 20180131-20180301, 20180131- or -20180301`,
    );
  }
  const range = { from: start ? parseDate(start) : -Infinity, to: end ? parseDate(end) : Infinity };
  if (range.from >= range.to) throw new RangeError(`Cannot use the time range "${text}" as it ends before it starts`);
  return range;
}

/** `2018-01-31 13:00`, UTC; the time of day left out at midnight. */
export function formatDate(time: number): string {
  const text = new Date(time).toISOString();
  return time % 864e5 === 0 ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}
