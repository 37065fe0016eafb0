import type { PartialConfig } from "./schema.ts";

/** Starting points, by name; what a preset leaves out is the default. */
export const presets = {
  /** Minutes of patience: hourly bitcoin, few features. */
  quick: {
    features: { spec: "quick" },
  },
  /** What a figure to be trusted takes: all indicators, five seeds. */
  full: {
    run: { seeds: 5 },
    features: { spec: "core44" },
  },
} as const satisfies Record<string, PartialConfig>;

export type PresetName = keyof typeof presets;
