import type * as tfjs from "@tensorflow/tfjs";
import { createRequire } from "node:module";
import { exists } from "../base/files.ts";
import { projectPath } from "../base/project.ts";
import { didYouMean } from "../base/suggest.ts";

/** TensorFlow.js, whichever backend runs it. */
export type Tf = typeof tfjs;
export type Tensor = tfjs.Tensor;

/** What TensorFlow.js can run on, best first. */
export const backends = ["node-gpu", "node", "webgpu", "wasm", "cpu"] as const;
export type Backend = typeof backends[number];

/** TensorFlow.js as it is when nothing is to be computed: for recording. */
export async function loadTf(): Promise<Tf> {
  const tf: Tf = await import("@tensorflow/tfjs");
  tf.enableProdMode(); // no banner about other packages
  return tf;
}

/**
 * TensorFlow.js on a backend: the one asked for, or the best one present.
 *
 * @returns the library and one line that says what runs, and what better ones lack
 * @throws {RangeError} if there is no such backend
 * @throws {Error} if the one asked for cannot be had here: says what is missing and how to get it
 */
export async function openTf(wanted?: string): Promise<{ tf: Tf; backend: Backend; about: string }> {
  if (wanted !== undefined && !(backends as readonly string[]).includes(wanted)) {
    throw new RangeError(
      `Cannot run TensorFlow.js on "${wanted}" as it is not a backend: ${didYouMean(wanted, backends)}`,
    );
  }
  const lacking: string[] = [];
  for (const backend of wanted === undefined ? backends : [wanted as Backend]) {
    try {
      const tf = await openers[backend](wanted !== undefined);
      tf.enableProdMode();
      if (!await tf.setBackend(nameOf[backend])) throw new Error("it does not start on this machine");
      await tf.ready();
      const rest = lacking.length > 0 ? ` (${lacking.join("; ")})` : "";
      return { tf, backend, about: `TensorFlow.js ${tf.version_core} on ${backend}${rest}` };
    } catch (error) {
      const why = reason(error);
      if (wanted !== undefined) throw new Error(`Cannot run TensorFlow.js on ${wanted}: ${why}`, { cause: error });
      lacking.push(`no ${backend}: ${why}`);
    }
  }
  throw new Error(`Cannot run TensorFlow.js: ${lacking.join("; ")}`);
}

const nameOf: Readonly<Record<Backend, string>> = {
  "node-gpu": "tensorflow",
  node: "tensorflow",
  webgpu: "webgpu",
  wasm: "wasm",
  cpu: "cpu",
};

/** Loads what a backend needs. `wanted`: it was asked for by name, so it need not be a good choice. */
const openers: Readonly<Record<Backend, (wanted: boolean) => Promise<Tf>>> = {
  "node-gpu": () => native("@tensorflow/tfjs-node-gpu"),
  node: () => native("@tensorflow/tfjs-node"),
  async webgpu(wanted) {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) {
      throw new Error("there is no WebGPU adapter (a GPU's Vulkan driver, or mesa-vulkan-drivers for a slow one)");
    }
    const software = /llvmpipe|swiftshader|software/i.test(adapter.info.description);
    if (software && !wanted) throw new Error(`its adapter is software, slower than wasm: ${adapter.info.description}`);
    await import("@tensorflow/tfjs-backend-webgpu");
    return loadTf();
  },
  async wasm() {
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    setWasmPaths(new URL(".", import.meta.resolve("@tensorflow/tfjs-backend-wasm")).pathname);
    return loadTf();
  },
  cpu: loadTf,
};

/** TensorFlow.js over TensorFlow itself: an addon that its installer downloads or builds. */
async function native(name: string): Promise<Tf> {
  const util = (await import("node:util")).default as unknown as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined; // the addon's loader calls
  util.isArray ??= Array.isArray; // these two, which Node.js no longer has
  return await optional(name) as Tf;
}

/** Where `deno task setup` puts packages that are not part of the project. */
export const gpuFolder = projectPath(".gpu");

const setupOf = (name: string) => `deno task setup ${name.endsWith("-gpu") ? "--gpu" : "--node"}`;

/** A package that is there only if the user installed it. */
async function optional(name: string): Promise<unknown> {
  const folder = `${gpuFolder}/node_modules/${name}`;
  if (!await exists(`${folder}/package.json`)) return await import(name);
  if (!await hasAddon(name)) {
    throw new Error(
      `its addon, lib/napi-v…/tfjs_binding.node, is not there: the package's installer could neither download it ` +
        `from its publisher nor build it; \`${setupOf(name)}\` tries again where that can be reached`,
    );
  }
  return createRequire(`${folder}/package.json`)(name);
}

/** Whether a package that `deno task setup` put into place has what its installer downloads or builds. */
export async function hasAddon(name: string): Promise<boolean> {
  const folder = `${gpuFolder}/node_modules/${name}/lib`;
  if (!await exists(folder)) return false;
  for await (const entry of Deno.readDir(folder)) {
    if (await exists(`${folder}/${entry.name}/tfjs_binding.node`)) return true;
  }
  return false;
}

function reason(error: unknown): string {
  const text = String(error instanceof Error ? error.message : error).split("\n")[0];
  const missing =
    /not in import map|Import "|Could not resolve|not a dependency|Cannot find (?:module|package)|not found/i;
  const name = text.match(/@tensorflow\/tfjs-[a-z-]+/)?.[0];
  return missing.test(text) && name ? `package ${name} is not installed, \`${setupOf(name)}\` tries to` : text;
}
