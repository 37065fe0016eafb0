import { mlp } from "./trunk_mlp.ts";
import type { TrunkOf } from "./trunk.ts";

/** Every trunk, by the name that settings use. To add one: write a file like `trunk_mlp.ts`, and a line here. */
export const trunks = { mlp } satisfies Record<string, TrunkOf>;
