/**
 * What the agent can run on here, and with `--gpu` or `--node` an attempt to add what is missing:
 *
 *     deno task setup [--gpu] [--node]
 *
 * Two things use an NVIDIA GPU: ONNX Runtime's CUDA provider (`--engine onnx --backend cuda`) and TensorFlow.js over
 * TensorFlow (`--engine tfjs --backend node-gpu`). `--node` is the latter without a GPU (`--backend node`). All are
 * downloaded by their packages' own installers, from their publishers; they go to node_modules and to `.gpu`.
 */
import { fileURLToPath } from "node:url";
import { exists } from "../base/files.ts";
import { projectPath } from "../base/project.ts";
import { openOnnx, providers } from "./onnx_session.ts";
import { backends, gpuFolder, hasAddon, openTf } from "./tfjs.ts";

/** Whether something can be used here, and if not, why. */
export interface Found {
  readonly name: string; // "onnx on cuda"
  readonly here: boolean;
  readonly note: string;
}

/** Tries every engine on every backend. */
export async function findEngines(): Promise<Found[]> {
  const found: Found[] = [];
  const attempt = async (name: string, open: () => Promise<string>) => {
    try {
      found.push({ name, here: true, note: await open() });
    } catch (error) {
      found.push({ name, here: false, note: error instanceof Error ? error.message : String(error) });
    }
  };
  for (const provider of providers) {
    await attempt(`onnx on ${provider}`, async () => {
      const onnx = await openOnnx(provider);
      const number = { type: "float32" as const, shape: [1] };
      const session = await onnx.open({
        nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }],
        constants: [],
        inputs: [{ name: "x", ...number }],
        outputs: [{ name: "y", ...number }],
      });
      await session.release();
      return onnx.about;
    });
  }
  for (const backend of backends) {
    await attempt(`tfjs on ${backend}`, async () => {
      const { tf, about } = await openTf(backend);
      await tf.square(tf.scalar(3)).data();
      return about;
    });
  }
  return found;
}

/** Runs the installers of what an NVIDIA GPU needs and says how each went, one line each. */
export async function installGpu(): Promise<string[]> {
  const onnx = fileURLToPath(import.meta.resolve("onnxruntime-node").replace(/dist\/.*$/, "script/install.js"));
  return [
    await run("ONNX Runtime's CUDA provider", ["run", "-A", onnx, "--onnxruntime-node-install=cuda12"], projectPath()),
    await installAddon("@tensorflow/tfjs-node-gpu"),
  ];
}

/** Installs a package of TensorFlow.js over TensorFlow into `.gpu` and says in one line how it went. */
export async function installAddon(name: string): Promise<string> {
  await Deno.mkdir(gpuFolder, { recursive: true });
  const settings = `${gpuFolder}/deno.json`;
  if (!await exists(settings)) await Deno.writeTextFile(settings, '{ "nodeModulesDir": "auto" }\n');
  const line = await run(name, ["install", `--allow-scripts=npm:${name}`, `npm:${name}@4.22.0`], gpuFolder);
  if (await hasAddon(name)) return line;
  // Its installer is happy without the addon.
  return line.replace(/: installed$/, ": its package is here, but not the addon that its installer downloads");
}

async function run(what: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code === 0) return `${what}: installed`;
  const lines = new TextDecoder().decode(new Uint8Array([...stdout, ...stderr])).split("\n");
  const cause = lines.find((line) => /\berror:/i.test(line)) ?? `its installer ended with code ${code}`;
  return `${what}: not installed. ${cause.replace(/^.*?\berror:\s*/i, "").trim()}`;
}

/** What a GPU needs of the machine, as far as it can be seen from here. */
async function gpuParts(): Promise<string[]> {
  if (Deno.build.os !== "linux") return [`these libraries are for Linux: this is ${Deno.build.os}`];
  const { stdout } = await new Deno.Command("ldconfig", { args: ["-p"], stdout: "piped", stderr: "null" }).output()
    .catch(() => ({ stdout: new Uint8Array() }));
  const libraries = new TextDecoder().decode(stdout);
  const driver = await exists("/proc/driver/nvidia/version");
  const has = (name: string) => libraries.includes(name) ? "found" : "missing";
  return [
    `NVIDIA driver: ${driver ? "found" : "missing"}`,
    `for onnx on cuda: CUDA 12 (libcudart.so.12) ${has("libcudart.so.12")}, cuDNN 9 (libcudnn.so.9) ${
      has("libcudnn.so.9")
    }`,
    `for tfjs on node-gpu: CUDA 11 (libcudart.so.11.0) ${has("libcudart.so.11.0")}, cuDNN 8 (libcudnn.so.8) ${
      has("libcudnn.so.8")
    }`,
  ];
}

if (import.meta.main) {
  const wanted = Deno.args.includes("--gpu");
  if (wanted) { for (const line of await installGpu()) console.log(line); }
  if (Deno.args.includes("--node")) console.log(await installAddon("@tensorflow/tfjs-node"));
  for (const { name, here, note } of await findEngines()) console.log(`${here ? "✔" : "✘"} ${name.padEnd(17)} ${note}`);
  if (wanted) console.log((await gpuParts()).join("\n"));
}
