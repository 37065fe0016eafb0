/** Longest that MLflow keeps, in characters: it cuts longer ones without a word. */
export const longest = { key: 250, param: 6000, tag: 8000 };

/**
 * A name that MLflow takes for a metric, param or tag: letters, digits, `_ - . / :` and spaces, no empty or dotted path
 * parts, at most 250 characters. Others become `_`.
 */
export function safeKey(key: string): string {
  const parts = key.replace(/[^\p{L}\p{N}_\-./: ]/gu, "_").split("/").map((part) => /^\.*$/.test(part) ? "_" : part);
  return parts.join("/").slice(0, longest.key);
}

/** A number as MLflow's JSON wants it: what JSON cannot say is text. Infinity is stored as ±1.8e308. */
export function metricValue(value: number): number | string {
  return Number.isFinite(value) ? value : Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** The same back. MLflow's largest finite number was an infinity. */
export function numberOf(value: number | string): number {
  const number = Number(value);
  return Math.abs(number) === Number.MAX_VALUE ? Math.sign(number) * Infinity : number;
}

/**
 * An artifact's path inside a run: `report.html`, `tables/trades.parquet`.
 *
 * @throws {RangeError} if it is empty, absolute, leaves the run's folder, or holds what MLflow refuses
 */
export function checkArtifactPath(path: string): string {
  const fault = path === ""
    ? "not be empty"
    : /^[/\\]|^[A-Za-z]:/.test(path)
    ? "be relative"
    : path.split("/").some((part) => part === "" || part === "." || part === "..")
    ? "not hold empty, . or .. parts"
    // deno-lint-ignore no-control-regex
    : /[#\\%?*"<>|:\x00-\x1f]/.test(path)
    ? 'not hold any of # \\ % ? * " < > | :'
    : undefined;
  if (fault) throw new RangeError(`Cannot keep the artifact "${path}" as its path must ${fault}`);
  return path;
}

/**
 * @throws {RangeError} if a param has another value than it had
 */
export function saidOnce(said: Map<string, string>, news: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(news)) {
    const before = said.get(key) ?? value;
    if (before !== value) {
      throw new RangeError(`Cannot set the param "${key}" to ${value} as it was ${before}: a param is said once`);
    }
    said.set(key, value);
  }
}

/**
 * @throws {RangeError} if the step is not a whole number
 * @throws {TypeError} if a value is not a number
 */
export function checkMetrics(values: Readonly<Record<string, number>>, step: number): void {
  if (!Number.isSafeInteger(step)) {
    throw new RangeError(`Cannot log metrics as their step must be a whole number: current value is ${step}`);
  }
  for (const key in values) {
    if (typeof values[key] !== "number") {
      throw new TypeError(`Cannot log the metric "${key}" as it must be a number: current value is ${values[key]}`);
    }
  }
}
