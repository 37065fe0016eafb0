import { rng } from "../base/random.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Env } from "../env/env.ts";
import type { LossOptions } from "./learn_step.ts";
import { trunks } from "./trunks.ts";
import { newModel } from "./model.ts";
import type { Net } from "./net.ts";
import { onnxNet } from "./onnx_net.ts";
import { tfNet } from "./tf_net.ts";
import type { TrunkOptions } from "./trunk.ts";

/** Which network, and what runs it. */
export interface NetOptions {
  readonly trunk: keyof typeof trunks;
  /** `onnx`: compiled, run by ONNX Runtime. `tfjs`: step by step, by TensorFlow.js. */
  readonly engine: "onnx" | "tfjs";
  /** Of `onnx`: cpu (unless given) or cuda. Of `tfjs`: node-gpu, node, webgpu, wasm or cpu; the best present unless given. */
  readonly backend: string | undefined;
  /** Of `onnx` on the cpu: how many one operation may use. */
  readonly threads: number | undefined;
}

/**
 * Makes the network that an env needs, with weights drawn from the seed.
 *
 * @throws {RangeError} if there is no such trunk, engine or backend
 */
export async function openNet(
  env: Pick<Env, "window" | "features" | "stateSize" | "actions">,
  options: NetOptions & TrunkOptions & LossOptions & { readonly batch_size: number; readonly seed: number },
): Promise<Net> {
  const { trunk, engine, backend, threads, batch_size, seed } = options;
  if (!Object.hasOwn(trunks, trunk)) {
    throw new RangeError(`Cannot make a net as "${trunk}" is not a trunk: ${didYouMean(trunk, Object.keys(trunks))}`);
  }
  const model = newModel(env, env.actions, trunks[trunk], options, rng(seed));
  if (engine === "onnx") return await onnxNet(model, options, batch_size, { ...(backend && { backend }), threads });
  if (engine === "tfjs") return await tfNet(model, options, batch_size, backend);
  throw new RangeError(`Cannot make a net as "${engine}" is not an engine: ${didYouMean(engine, ["onnx", "tfjs"])}`);
}
