import { percent, within } from "./say.ts";
import { gross } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { sizedBy } from "./sizing.ts";

/** Puts the same share of equity (0.5: half) behind every wish, split over assets as the wish is. */
export function fixedFraction({ fraction = 0.5, band = 0.1 } = {}): RiskRule {
  within("fixed_fraction", "fraction", fraction, 0.001, 100);
  return sizedBy(band, () => (_t, wishes, into) => {
    const total = gross(wishes);
    for (let k = 0; k < into.length; k++) into[k] = wishes[k] * fraction / total;
    return () => `Sized to the fixed ${percent(fraction)} of equity`;
  });
}
