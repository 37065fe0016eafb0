// The names of @std/assert over Node's assert, until JSR is in reach: then this is one line in deno.json.
import { deepStrictEqual, match, notDeepStrictEqual, ok, rejects, throws } from "node:assert/strict";

// deno-lint-ignore no-explicit-any
type ErrorClass = abstract new (...args: any[]) => Error;

export function assert(value: unknown, message?: string): asserts value {
  ok(value, message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  deepStrictEqual(actual, expected, message);
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  notDeepStrictEqual(actual, expected, message);
}

export function assertAlmostEquals(actual: number, expected: number, tolerance = 1e-7, message = ""): void {
  if (Object.is(actual, expected)) return;
  ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected} ${message}`);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  ok(actual.includes(expected), message ?? `${JSON.stringify(actual)} does not include ${JSON.stringify(expected)}`);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  match(actual, expected, message);
}

export function assertInstanceOf<T>(value: unknown, kind: abstract new (...args: never[]) => T): asserts value is T {
  ok(value instanceof kind, `value is not a ${kind.name}`);
}

export function assertThrows(run: () => unknown, kind: ErrorClass = Error, text = ""): Error {
  let caught: unknown;
  throws(run, (error) => (caught = error, check(error, kind, text)));
  return caught as Error;
}

export async function assertRejects(run: () => Promise<unknown>, kind: ErrorClass = Error, text = ""): Promise<Error> {
  let caught: unknown;
  await rejects(run, (error) => (caught = error, check(error, kind, text)));
  return caught as Error;
}

function check(error: unknown, kind: ErrorClass, text: string): true {
  ok(error instanceof kind, `${String(error)} is not a ${kind.name}`);
  ok(error.message.includes(text), `${JSON.stringify(error.message)} does not include ${JSON.stringify(text)}`);
  return true;
}
