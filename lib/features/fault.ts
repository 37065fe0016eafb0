/** Where in a spec's text something is wrong. */
export interface Place {
  readonly at: number; // index of the first character
  readonly length: number;
}

/**
 * An error that shows the text and points at the fault:
 *
 * ```text
 * Cannot read the feature "sma(20)/$clse" as "$clse" is not a column: nearest is "$close"
 *   sma(20)/$clse
 *           ^^^^^
 * ```
 *
 * Its `cause` holds `text`, `at` and `length`, for editors.
 */
export function fault(text: string, { at, length }: Place, reason: string): SyntaxError {
  const line = text.replace(/\s/g, " ");
  const caret = `${" ".repeat(at)}${"^".repeat(Math.max(1, length))}`;
  return new SyntaxError(`Cannot read the feature "${line.trim()}" as ${reason}\n  ${line}\n  ${caret}`, {
    cause: { text, at, length },
  });
}

/** A word of a spec. `value` is a name without its backticks, or the mark itself. */
export interface Token extends Place {
  readonly kind: "number" | "name" | "quoted" | "mark" | "end";
  readonly value: string;
}

// A name may hold dots (`ti.ichimoku.conversion`); a dot alone picks an output after a bracket.
const words =
  /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([$\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)|`([^`]+)`|([-+*/(),.=]))/uiy;

/** Cuts a spec into words; the last is `end`. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  const end = text.trimEnd().length;
  for (words.lastIndex = 0; words.lastIndex < end;) {
    const start = words.lastIndex;
    const match = words.exec(text);
    if (!match) {
      const at = start + (text.slice(start).match(/^\s*/)?.[0].length ?? 0);
      const char = String.fromCodePoint(text.codePointAt(at) ?? 32);
      const reason = char === "`" ? "the backtick is not closed" : `"${char}" does not belong in a feature`;
      throw fault(text, { at, length: char.length }, reason);
    }
    const [whole, number, name, quoted, mark] = match;
    const length = whole.trimStart().length;
    const place = { at: match.index + whole.length - length, length };
    if (number !== undefined) found.push({ ...place, kind: "number", value: number });
    else if (name !== undefined) found.push({ ...place, kind: "name", value: name });
    else if (quoted !== undefined) found.push({ ...place, kind: "quoted", value: quoted });
    else found.push({ ...place, kind: "mark", value: mark });
  }
  found.push({ at: end, length: 1, kind: "end", value: "" });
  return found;
}
