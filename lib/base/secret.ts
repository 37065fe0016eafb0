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

/**
 * Replaces every known secret of four characters or more in `text`, also as it looks inside URLs, JSON and base64 (with
 * other text before it, as in an `Authorization` header), and passwords inside any URL.
 */
export function redact(text: string): string {
  // Longest first: a secret that begins like a shorter one must not leave its end behind.
  for (const value of [...known].sort((a, b) => b.length - a.length)) {
    for (const form of forms(value)) text = text.replaceAll(form, "***");
  }
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, "$1***@");
}

function forms(value: string): string[] {
  const quoted = JSON.stringify(value).slice(1, -1);
  const inForm = new URLSearchParams({ "": value }).toString().slice(1);
  return [value, quoted, encodeURIComponent(value.toWellFormed()), inForm, ...inBase64(value)];
}

/** Base64 of the value alone, and behind one or two other bytes, where only characters that are all its own count. */
function inBase64(value: string): string[] {
  const bytes = new TextEncoder().encode(value);
  const found = [0, 1, 2].flatMap((before) => {
    const text = base64(Uint8Array.of(...Array(before).fill(0), ...bytes));
    const own = text.slice(Math.ceil(before * 4 / 3), Math.floor((before + bytes.length) * 4 / 3));
    return before === 0 ? [text, own] : [own];
  });
  return [...found, ...found.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))]
    .filter((text, i) => i === 0 || text.length >= 8); // shorter ones would strike harmless text
}

const base64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
