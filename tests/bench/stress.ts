/**
 * A stress run of 200 seeds × 4 scenarios × 2,000 bars: `deno run -A tests/bench/stress.ts [--json]`. Wall time with two
 * workers, their start included, and in this process alone; rounds interleaved, the best of three each.
 */
import { rng } from "../../lib/base/random.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { stress } from "../../lib/scenarios/stress.ts";

const length = 2000;
const market = {
  assets: [synthetic(length, rng(1))],
  length,
  costs: { transactionFee: 10, makerFee: 5, spread: 2, participation: 0.1 },
};
const names = ["flash_crash", "low_liquidity", "extreme_volatility", "gap"];
const scenarios = Object.fromEntries(names.map((name) => [name, name]));

const best: Record<string, number> = {};
for (let round = 0; round < 3; round++) {
  for (const workers of [0, 2]) {
    const started = performance.now();
    await stress(market, scenarios, { momentum: { name: "momentum" } }, { seeds: 200, workers });
    const seconds = (performance.now() - started) / 1000;
    const name = workers === 0 ? "alone" : "two_workers";
    best[name] = Math.min(best[name] ?? Infinity, seconds);
  }
}
if (Deno.args.includes("--json")) {
  console.log(JSON.stringify({ seeds: 200, scenarios: 4, bars: length, seconds: best }));
} else for (const [name, seconds] of Object.entries(best)) console.log(`${name.padEnd(12)} ${seconds.toFixed(2)} s`);
