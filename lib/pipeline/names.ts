/** `totalReturn` → `total_return`: names of numbers as users' files, MLflow and other languages have them. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A record of ours with its keys in snake_case, those of records in it too. Not for records whose keys are a user's. */
export function snakeKeys(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [snakeCase(key), snakeIn(value)]));
}

function snakeIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeIn);
  const plain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return plain ? snakeKeys(value) : value;
}
