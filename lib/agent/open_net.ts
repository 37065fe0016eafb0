import { rng } from "../base/random.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Env } from "../env/env.ts";
import type { LossOptions } from "./learn_step.ts";
import { trunks } from "./trunks.ts";
import { type Model, newModel } from "./model.ts";
import type { Net } from "./net.ts";
import { onnxNet } from "./onnx_net.ts";
import { providers } from "./onnx_session.ts";
import { tfNet } from "./tf_net.ts";
import { backends } from "./tfjs.ts";
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

/** What each engine can run on. */
const engines = { onnx: providers, tfjs: backends } as const;

/** What a model is made for, as an env says it. */
type Place = Pick<Env, "window" | "features" | "stateSize" | "actions">;

/**
 * The model that an env needs, with weights drawn from the seed. Cheap: finds what cannot be run before anything is.
 *
 * @throws {RangeError} if there is no such trunk, engine or backend, or the trunk cannot be made so
 */
export function modelFor(env: Place, options: NetOptions & TrunkOptions & { readonly seed: number }): Model {
  const { trunk, engine, backend, seed } = options;
  if (!Object.hasOwn(trunks, trunk)) {
    throw new RangeError(`Cannot make a net as "${trunk}" is not a trunk: ${didYouMean(trunk, Object.keys(trunks))}`);
  }
  if (!Object.hasOwn(engines, engine)) {
    throw new RangeError(
      `Cannot make a net as "${engine}" is not an engine: ${didYouMean(engine, Object.keys(engines))}`,
    );
  }
  const known: readonly string[] = engines[engine];
  if (backend !== undefined && !known.includes(backend)) {
    const other = Object.entries(engines).find(([, of]) => (of as readonly string[]).includes(backend));
    throw new RangeError(
      `Cannot run ${engine} on "${backend}" as it is ${other ? `a backend of ${other[0]}` : "not a backend"}: ${
        didYouMean(backend, known)
      }`,
    );
  }
  return newModel(env, env.actions, trunks[trunk], options, rng(seed));
}

/**
 * Makes the network that an env needs.
 *
 * @throws {RangeError} as `modelFor`
 * @throws {Error} if the backend cannot be had here
 */
export async function openNet(
  env: Place,
  options: NetOptions & TrunkOptions & LossOptions & { readonly batch_size: number; readonly seed: number },
): Promise<Net> {
  const { engine, backend, threads, batch_size } = options;
  const model = modelFor(env, options);
  if (engine === "tfjs") return await tfNet(model, options, batch_size, backend);
  return await onnxNet(model, options, batch_size, { ...(backend && { backend }), threads });
}
