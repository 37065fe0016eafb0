/**
 * Writes a shell script that can be started at once. Another process writes it: a program that another thread of this one
 * starts meanwhile has what is open for writing here for a moment, too, and Linux starts no file that somebody may still
 * change ("Text file busy").
 */
export async function writeShellScript(path: string, script: string): Promise<void> {
  const args = ["-c", 'printf %s "$1" >"$2" && chmod 755 "$2"', "sh", script, path];
  const { success, stderr } = await new Deno.Command("sh", { args }).output();
  if (!success) throw new Error(`Cannot write ${path}: ${new TextDecoder().decode(stderr)}`);
}
