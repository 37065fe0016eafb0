import { rng } from "../../lib/base/random.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

/** Bars that a trader and the one who judges it make alike. */
export const madeUp = () => synthetic(900, rng(21), { volatility: 0.02, symbol: "A/USD" });

export const rules = "trailing_stop(atr=3)";
export const settings = {
  values: { paper: { history: 60 }, risk: { rules }, strategy: { name: "momentum", fast: 5, slow: 20 } },
  set: ["run.track=false"],
};
