/** What to put before a command so that its network is loopback alone; nothing where that can't be had. */
export async function networkApart(): Promise<readonly string[]> {
  if (Deno.build.os !== "linux") return [];
  const shell = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  for (const user of [[], ["--map-root-user"]]) {
    const apart = ["unshare", ...user, "--net", ...shell];
    try {
      const [command, ...args] = [...apart, "true"];
      const { success } = await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output();
      if (success) return apart;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // no unshare here
    }
  }
  return [];
}
