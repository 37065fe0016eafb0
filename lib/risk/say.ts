/** `12.3 %` of 0.123, for reasons. */
export function percent(share: number): string {
  const size = 100 * share;
  return `${size.toFixed(Math.abs(size) < 1 ? 2 : 1).replace("-", "−")} %`;
}

/** Four significant digits. */
export function number(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** @throws {RangeError} that says whose setting is out of which range */
export function within(what: string, name: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw new RangeError(
    `Cannot make ${what} as "${name}" must be a number from ${low} to ${high}: current value is ${value}`,
  );
}
