import type { TrunkOf } from "./trunk.ts";
import { lstm } from "./trunk_lstm.ts";
import { mlp } from "./trunk_mlp.ts";
import { transformer } from "./trunk_transformer.ts";

/** Every trunk, by the name that settings use. To add one: write a file like `trunk_mlp.ts`, and a line here. */
export const trunks = { mlp, lstm, transformer } satisfies Record<string, TrunkOf>;
