import type { Config } from "../config/schema.ts";
import { featureSpecs } from "../features/sets.ts";
import { parseSpec } from "../features/spec.ts";
import type { LoadedMarket } from "./market.ts";

/**
 * Specs of the features that settings name, of each asset.
 *
 * @throws {SyntaxError | RangeError} if one cannot be read; of a column that loading left out it says why
 */
export function specsOf({ features: { spec } }: Config, { market, loaded }: LoadedMarket): string[] {
  const columns = Object.keys(market.assets[0].extra);
  try {
    const specs = featureSpecs(spec, { columns });
    for (const one of specs) parseSpec(one, { columns });
    return specs;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const left = loaded.flatMap(({ report: { notes } }) => notes)
      .filter((note) => spec.includes(note.match(/^column "(.+)" is .*left out$/)?.[1] ?? "\0"));
    if (left.length > 0) error.message += left.map((note) => `\n  ${note}`).join("");
    throw error;
  }
}
