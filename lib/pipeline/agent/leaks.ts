import type { Displayable } from "../../base/display.ts";
import { openPolicy, type SavedPolicy } from "../../agent/policy_file.ts";
import { draw, newDrawn } from "../../agent/distributions.ts";
import { rng } from "../../base/random.ts";
import { spaceOf } from "../../env/actions.ts";
import { featureBuilder } from "../../features/build.ts";
import { checkLeaksAsync, type Columns, type LeakVerdict } from "../../features/leaks.ts";
import { columnOf, newMatrix } from "../../features/matrix.ts";
import { slice } from "../../market/candles.ts";
import type { Market } from "../../market/market.ts";
import { barOf, type Deps } from "../deps.ts";
import type { LoadedMarket } from "../market.ts";

/**
 * Holds the decisions of a policy to the prefix law: what it does at a bar, from raw candles through features, scaling
 * and network to the action, must not change when later bars are hidden or replaced. Its account is flat throughout.
 *
 * @param bars how many of the latest are looked at
 * @param effort as `checkLeaks` takes it
 */
export async function checkAgentLeaks(
  { market }: LoadedMarket,
  file: Uint8Array,
  deps: Deps = {},
  { bars = 1500, effort = 400_000 } = {},
): Promise<LeakVerdict & Displayable> {
  await using policy = await openPolicy(file);
  const specs: string[] = JSON.parse(policy.notes.about.specs);
  const build = featureBuilder(specs, Object.keys(market.assets[0].extra));
  const from = Math.max(0, market.length - bars - build(market.assets[0]).warmup);
  const assets = market.assets.map((candles) => slice(candles, from, candles.length));
  using bar = barOf(deps, "Looking for look-ahead");
  return await checkLeaksAsync(
    { ...market, assets, length: assets[0].length } as Market,
    (part: Market) => decisionsOf(part, policy, build),
    { effort, onProgress: bar.update },
  );
}

/** What the policy does at each bar with a flat account; NaN where it cannot decide. */
async function decisionsOf(
  { assets, length }: Market,
  { policy, notes }: SavedPolicy,
  build: ReturnType<typeof featureBuilder>,
): Promise<Columns> {
  const each = assets.map(build);
  const columns = each.flatMap((matrix) => matrix.names.map((_, f) => columnOf(matrix, f)));
  const matrix = newMatrix(notes.features, assets[0].time, columns);
  const first = matrix.warmup + notes.window - 1;
  const space = spaceOf(notes.actions);
  const width = space.kind === "discrete" ? 1 : space.size;
  const values = new Float64Array(length * width).fill(NaN);
  const count = Math.max(0, length - first);
  if (count > 0) {
    const bars = Int32Array.from({ length: count }, (_, i) => first + i);
    const look = await policy(matrix).look(bars, new Float32Array(count * notes.stateSize));
    const drawn = newDrawn(space, count);
    draw(space, look.policy, rng(0), drawn, true);
    // A box's numbers are rounded: how many rows a matrix has may move their last digits.
    values.set(Float64Array.from(drawn.actions, (action) => Math.round(1e4 * action) / 1e4), first * width);
  }
  const names = width === 1
    ? ["the agent's decision"]
    : assets.map(({ symbol }) => `the agent's decision on ${symbol}`);
  return { names, values };
}
