import { limitDrawdown } from "./limit_drawdown.ts";
import type { RiskRule } from "./rule.ts";

export { limitDrawdown } from "./limit_drawdown.ts";
export type { Check, RiskRule } from "./rule.ts";

/** All risk rules by name, with their usual limits. */
export const riskRules: Readonly<Record<string, () => RiskRule>> = {
  limit_drawdown: limitDrawdown,
};
