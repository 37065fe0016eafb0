import { fileURLToPath } from "node:url";
import { redact } from "../base/secret.ts";
import type { Asked, Sampler, SamplerOptions } from "./sampler.ts";
import { checkSpace } from "./space.ts";

/** Optuna's samplers that the bridge knows. */
export type OptunaSampler = "tpe" | "cmaes" | "gp";

type Answer = Readonly<Record<string, unknown>>;

/**
 * One of Optuna's samplers, in a Python process of its own that ends with this one. Trials are kept in Optuna's storage:
 * in memory, in a journal file, or in PostgreSQL (in its schema `optuna`), where `optuna-dashboard` can look at them while
 * they run. After a kill the storage is made to agree with `past`, which is what counts. `cmaes` goes on exactly where it was only with a storage
 * that stays (it keeps its distribution there); the others do with any.
 *
 * Permissions: run Python; env PATH, HOME, …
 *
 * @param python a Python with optuna and cmaes in it; `gp` wants torch too
 * @throws {Error} if Optuna does not start, or says that it cannot
 */
export async function openOptuna(sampler: OptunaSampler, options: SamplerOptions): Promise<Sampler> {
  const { space: given, seed, past = [], startup, study = "candelabra", storage, python } = options;
  const space = checkSpace(given);
  if (python === undefined) {
    throw new TypeError(`Cannot sample by ${sampler} as Python must be given: it runs in Optuna`);
  }
  const child = new Deno.Command(python, {
    args: ["-I", fileURLToPath(import.meta.resolve("./optuna_bridge.py"))],
    env: programEnvironment(),
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = linesOf(child.stdout);
  const said = lastLines(child.stderr);
  let queue: Promise<unknown> = Promise.resolve();
  const call = (request: Answer): Promise<Answer> => {
    const answered = queue.then(async () => {
      await writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n")).catch(() => undefined); // ended: below
      const { value } = await lines.next();
      if (value === undefined) throw new Error(redact(`Cannot ask Optuna as its process has ended: ${await said}`));
      const answer: Answer = JSON.parse(value);
      if (answer.error !== undefined) throw faultOf(sampler, answer);
      return answer;
    });
    queue = answered.catch(() => undefined);
    return answered;
  };
  const end = async () => {
    await queue;
    await writer.close().catch(() => undefined); // it may have ended by itself
    await lines.return(undefined);
    await Promise.all([child.status, said]);
  };
  try {
    const parameters = Object.entries(space);
    await call({ do: "open", sampler, space: parameters, seed, study, storage, startup, past: [...past] });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    ask: async () => await call({ do: "ask" }) as unknown as Asked,
    report: async (trial, step, value) => void await call({ do: "report", trial, step, value }),
    tell: async (trial, outcome) => void await call({ do: "tell", trial, ...outcome }),
    [Symbol.asyncDispose]: end,
  };
}

function faultOf(sampler: string, { error, module }: Answer): Error {
  if (error !== "module") return new Error(redact(`Cannot sample by ${sampler} as Optuna says: ${error}`));
  const install = module === "torch"
    ? "it is large and not among the project's tools: .venv/bin/python -m pip install torch"
    : "the project's .venv has it";
  return new Error(`Cannot sample by ${sampler} as Python must have ${module}: ${install}`);
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function lastLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const lines: string[] = [];
  for await (const line of linesOf(stream)) {
    if (line.trim()) lines.push(line);
    if (lines.length > 5) lines.shift();
  }
  return lines.join(" | ") || "it said nothing";
}

/** Only what a Python program needs: no keys. */
function programEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "USERPROFILE", "APPDATA"];
  const kept = names.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), OMP_NUM_THREADS: "1", PYTHONUTF8: "1" };
}
