import { loadConfig } from "../config/load.ts";
import type { PartialConfig } from "../config/schema.ts";
import { findModel, type FoundModel, settingsOfModel } from "../pipeline/agent/model_store.ts";

/** The model that a command line puts in the strategy's place, if it does, and the settings that come with it. */
export async function modelOf(
  { model: reference, strategy }: { readonly model?: string; readonly strategy?: string },
): Promise<{ readonly model: FoundModel | undefined; readonly base: PartialConfig }> {
  if (reference === undefined) return { model: undefined, base: {} };
  if (strategy !== undefined) {
    throw new RangeError("Cannot take --strategy beside --model as the model goes in the strategy's place: give one");
  }
  const model = await findModel(reference, loadConfig().settings);
  return { model, base: settingsOfModel(model) };
}
