import { didYouMean } from "../../base/suggest.ts";
import type { Definition, Params } from "./indicator.ts";
import type { Step } from "./step.ts";
import { averageTypes } from "./average_types.ts";

/**
 * The parameters of a call, those left out at their defaults.
 *
 * Periods are whole numbers from 1 to 100,000 as in TA-Lib, average types those of `averageTypes`, all else 0 or more,
 * unless the indicator's `limits` say otherwise.
 *
 * @throws {RangeError} if a parameter is not known to the indicator or out of its range
 */
export function checkParams({ name, params: defaults, limits = {} }: Definition, given: Params = {}): Params {
  for (const parameter of Object.keys(given)) {
    if (Object.hasOwn(defaults, parameter)) continue;
    const known = Object.keys(defaults);
    throw new RangeError(
      `Cannot compute ${name} with "${parameter}" as ${
        known.length ? `it is not one of its parameters: ${didYouMean(parameter, known)}` : "it has no parameters"
      }`,
    );
  }
  const params = { ...defaults, ...given };
  for (const [parameter, value] of Object.entries(params)) {
    const wanted = outside(parameter, value, limits[parameter]);
    if (wanted) {
      throw new RangeError(`Cannot compute ${name} as ${parameter} must be ${wanted}: current value is ${value}`);
    }
  }
  return params;
}

/** What the parameter should have been, when it is not. */
function outside(parameter: string, value: number, limits?: readonly [number, number]): string | undefined {
  if (parameter.endsWith("matype")) {
    const known = averageTypes.flatMap((name, type) => (name ? [`${type} (${name})`] : []));
    return averageTypes[value] ? undefined : `one of ${known.join(", ")}`;
  }
  if (/period\d?$/.test(parameter)) {
    const [least, most] = limits ?? [1, 100_000];
    return Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `a whole number from ${least} to ${most}`;
  }
  const [least, most] = limits ?? [0, Infinity];
  if (Number.isFinite(value) && value >= least && value <= most) return undefined;
  if (least === -Infinity) return "a finite number";
  return most === Infinity ? `a number of ${least} or more` : `a number from ${least} to ${most}`;
}

/** Index of a column's first known value, its length if there is none. NaN at the start is an unknown past. */
export function firstKnown(column: Float64Array): number {
  let first = 0;
  while (first < column.length && Number.isNaN(column[first])) first++;
  return first;
}

/**
 * A step that throws where a column is not finite. What a NaN in the middle should mean is for the cleaning of the data
 * to say, and not for each indicator in its own way.
 *
 * @param first index of the first known value: indicators begin after a start of NaN, as TA-Lib's wrapper does
 */
export function finiteStep(column: Float64Array, first: number, name: string, reader: string): Step {
  return (from, to) => {
    const start = Math.max(first, from);
    if (allFinite(column, start, to)) return;
    const at = column.findIndex((value, t) => t >= start && !Number.isFinite(value));
    const since = first > 0 ? ` from the first known one (bar ${first}) on` : "";
    throw new RangeError(
      `Cannot compute ${reader} of ${name} as its values must be finite${since}: current value at bar ${at} is ${
        column[at]
      }`,
    );
  };
}

function allFinite(column: Float64Array, from: number, to: number): boolean {
  let sum = 0;
  for (let t = from; t < to; t++) sum += column[t] - column[t]; // NaN of one that is not finite, else 0
  return sum === 0;
}
