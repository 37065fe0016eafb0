import type { InferenceSession, Tensor } from "onnxruntime-node";
import { didYouMean } from "../base/suggest.ts";
import { type Graph, writeModel } from "./onnx_graph.ts";

type Runtime = typeof import("onnxruntime-node");

/** What a graph can run on: an execution provider of ONNX Runtime. */
export const providers = ["cpu", "cuda"] as const;
export type Provider = typeof providers[number];

/** ONNX Runtime, on a provider. */
export interface OnnxRuntime {
  readonly about: string;
  open(graph: Graph, threads?: number): Promise<InferenceSession>;
  openBytes(model: Uint8Array, threads?: number): Promise<InferenceSession>;
  tensor(values: Float32Array | Int32Array | BigInt64Array, shape: readonly number[]): Tensor;
}

/**
 * Opens ONNX Runtime.
 *
 * @param threads that one operation may use
 * @throws {RangeError} if there is no such provider
 * @throws {Error} if the provider is not installed
 */
export async function openOnnx(provider = "cpu", threads = defaultThreads()): Promise<OnnxRuntime> {
  if (!(providers as readonly string[]).includes(provider)) {
    throw new RangeError(`Cannot run ONNX on "${provider}" as it is not a backend: ${didYouMean(provider, providers)}`);
  }
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(
      `Cannot run ONNX as threads must be a whole number of at least 1: current value is ${threads}`,
    );
  }
  const runtime: Runtime = await import("onnxruntime-node");
  runtime.env.logLevel = "fatal"; // what fails is thrown
  const version = (runtime.env.versions as { node?: string } | undefined)?.node ?? "";
  const openBytes = async (model: Uint8Array, most = threads) => {
    try {
      return await runtime.InferenceSession.create(model, {
        executionProviders: [provider],
        intraOpNumThreads: most,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
        // Threads wait actively for the next operation, but not for long: on a busy machine that costs far more than it
        // saves.
        extra: { session: { intra_op: { spin_duration_us: "50" } } },
      });
    } catch (error) {
      if (provider === "cpu") throw error;
      throw new Error(
        `Cannot run ONNX on ${provider} as its provider does not load: \`deno task setup --gpu\` installs what it needs (${
          error instanceof Error ? error.message.split("\n")[0] : error
        })`,
        { cause: error },
      );
    }
  };
  return {
    about: `ONNX Runtime ${version} on ${provider}, ${threads} thread${threads === 1 ? "" : "s"}`,
    openBytes,
    open: (graph, most) => openBytes(writeModel(graph), most),
    tensor: (values, shape) => {
      if (values instanceof Float32Array) return new runtime.Tensor("float32", values, shape);
      return values instanceof Int32Array
        ? new runtime.Tensor("int32", values, shape)
        : new runtime.Tensor("int64", values, shape);
    },
  };
}

/** Small matrices gain nothing from more. */
function defaultThreads(): number {
  return Math.min(8, navigator.hardwareConcurrency);
}
