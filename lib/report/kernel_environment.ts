/** Variables that a kernel may see: where things are, how to print, how many cores to use. */
const allowed = new Set([
  ...["PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "DENO_DIR", "XDG_CACHE_HOME"],
  ...["ENV", "LOG_LEVEL", "LOG_FORMAT", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"],
  ...["OMP_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS"],
  ...["SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"],
]);
const allowedPrefixes = ["LC_", "CANDELABRA_"];
const telling = /KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|AUTH/i;

/** Whether a variable's name says that its value is not for showing. */
export function looksSecret(name: string): boolean {
  return telling.test(name);
}

/**
 * The environment of a notebook's kernel: an allow-list of this process's variables, so that no key of an exchange, a
 * cloud or a registry is in it, and `extra`.
 *
 * @throws {RangeError} if a name in `extra` looks like a secret's: a notebook's outputs are shown to others
 */
export function kernelEnvironment(
  extra: Readonly<Record<string, string>> = {},
  own: Readonly<Record<string, string>> = Deno.env.toObject(),
): Record<string, string> {
  for (const name of Object.keys(extra)) {
    if (looksSecret(name)) throw new RangeError(`Cannot give ${name} to a notebook as notebooks get no secrets`);
  }
  const kept = Object.entries(own).filter(([name]) =>
    (allowed.has(name.toUpperCase()) || allowedPrefixes.some((prefix) => name.startsWith(prefix))) && !looksSecret(name)
  );
  return { ...Object.fromEntries(kept), DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1", ...extra };
}
