const known = new Set<string>();

/** A value that prints as `***` wherever it goes: logs, errors, JSON, notebooks. `reveal()` is the one way to it. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
    if (value.length >= 4) known.add(value);
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "***";
  }
  toJSON(): string {
    return "***";
  }
  [Symbol.for("Deno.customInspect")](): string {
    return "***";
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "***";
  }
}

/** Replaces every known secret in `text`, also as it looks inside URLs and base64, and passwords inside any URL. */
export function redact(text: string): string {
  for (const value of known) {
    for (const form of [value, encodeURIComponent(value), base64(value)]) text = text.replaceAll(form, "***");
  }
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, "$1***@");
}

const base64 = (value: string) => btoa(String.fromCharCode(...new TextEncoder().encode(value)));
