import { join } from "node:path";
import { freePort } from "./free_port.ts";

/** Folder of PostgreSQL's programs, or nothing where it is not installed. */
export function postgresPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = has(debian) ? [...Deno.readDirSync(debian)].map(({ name }) => join(debian, name, "bin")) : [];
  return [...versions.sort().reverse(), "/usr/bin", "/usr/local/bin"].find((folder) => has(join(folder, "initdb")));
}

/** Runs `work` with the address of an empty database of a real PostgreSQL on loopback, which ends afterwards. */
export async function withPostgres(work: (url: string) => Promise<void>): Promise<void> {
  const programs = postgresPrograms()!;
  const folder = await Deno.makeTempDir({ prefix: "candelabra-pg-" });
  const user = Deno.uid() === 0 ? { uid: 65534, gid: 65534 } : {}; // it refuses to run as root
  const env = { PATH: Deno.env.get("PATH")!, LC_ALL: "C" };
  const run = async (name: string, args: string[]) => {
    const options = { args, env, ...user, cwd: folder, stdout: "piped", stderr: "piped" } as const;
    const { success, stderr } = await new Deno.Command(join(programs, name), options).output();
    if (!success) throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
  };
  try {
    if (user.uid) await Deno.chown(folder, user.uid, user.gid);
    const data = join(folder, "data");
    const password = join(folder, "password");
    await Deno.writeTextFile(password, "secret\n");
    if (user.uid) await Deno.chown(password, user.uid, user.gid);
    await run("initdb", [
      "-D",
      data,
      "-U",
      "me",
      "--encoding=UTF8",
      "--auth=scram-sha-256",
      `--pwfile=${password}`,
      "--no-sync",
    ]);
    const port = freePort();
    const server = new Deno.Command(join(programs, "postgres"), {
      args: ["-D", data, "-p", `${port}`, "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"],
      env,
      ...user,
      cwd: folder,
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await ready(join(programs, "pg_isready"), port);
      await work(`postgresql://me:secret@127.0.0.1:${port}/postgres`);
    } finally {
      server.kill("SIGINT"); // at once: clients are cut off
      await server.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function has(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** Waits until the server takes connections: it opens its port a moment before. */
async function ready(program: string, port: number): Promise<void> {
  const args = ["-q", "-h", "127.0.0.1", "-p", `${port}`];
  for (const begun = performance.now(); performance.now() - begun < 120_000;) {
    if ((await new Deno.Command(program, { args }).output()).success) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("PostgreSQL did not start within two minutes");
}
