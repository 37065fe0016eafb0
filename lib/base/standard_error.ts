const encoder = new TextEncoder();

/**
 * Writes to standard error, and goes on where nobody reads it any more: its terminal or the program behind its pipe was
 * closed. Work that is told of must not end, half done, because telling it fails.
 */
export function writeStandardError(text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // A closed pipe (EPIPE), a terminal that hung up (EIO): there is nobody to tell.
  }
}
