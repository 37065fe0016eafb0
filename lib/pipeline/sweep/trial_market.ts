import { join } from "node:path";
import { readCheckpoint, type SavedArray, writeCheckpoint } from "../../agent/checkpoint.ts";
import { writeAtomic } from "../../base/files.ts";
import { hashOf } from "../../base/hash.ts";
import { type Candles, columns, hashCandles, newCandles, slice } from "../../market/candles.ts";
import type { Costs, Market } from "../../market/market.ts";
import type { Split } from "../../market/split.ts";

/** The market that trials see. */
export interface TrialMarket {
  readonly market: Market;
  readonly hash: string; // of its candles and costs
}

interface Description {
  readonly hash: string;
  readonly costs: Readonly<Record<string, string>>; // as text: JSON has no infinity
  readonly assets: readonly { readonly symbol: string; readonly step: number }[];
}

/**
 * Writes what trials may see of a market: the bars before the test part and before the embargo in front of it, and what
 * trading costs. The rest is not in the file, so no setting, no mistake and no feature of a trial can reach it.
 *
 * @returns the hash of what was written: equal for equal bars before the test part, whatever comes after
 * @throws {RangeError} if the split has no test part
 */
export async function writeTrialMarket(
  folder: string,
  { market, split: { train, validation, test } }: { readonly market: Market; readonly split: Split },
): Promise<string> {
  if (test.to <= test.from) {
    throw new RangeError(
      "Cannot sweep without a test part as it must stay for the end: split.train and split.validation must add up to " +
        "less than 1",
    );
  }
  const seen = Math.max(train.to, validation.to);
  const assets = market.assets.map((candles) => slice(candles, 0, seen));
  const hash = hashOfMarket({ ...market, assets, length: seen });
  const arrays = Object.fromEntries(
    assets.flatMap((candles, k) => arraysOf(candles).map(([name, array]) => [`${k} ${name}`, array])),
  );
  await writeAtomic(join(folder, "candles.bin"), writeCheckpoint({ numbers: {}, arrays }));
  const description: Description = {
    hash,
    costs: Object.fromEntries(Object.entries(market.costs).map(([name, value]) => [name, String(value)])),
    assets: assets.map(({ symbol, step }) => ({ symbol, step })),
  };
  await writeAtomic(join(folder, "market.json"), JSON.stringify(description, null, 2) + "\n");
  return hash;
}

/** Bar length of the candles that trials see, ms. */
export async function trialStep(folder: string): Promise<number> {
  const { assets: [{ step }] }: Description = JSON.parse(await Deno.readTextFile(join(folder, "market.json")));
  return step;
}

/**
 * Reads it back.
 *
 * @throws {SyntaxError} if the files are not whole, or not of each other
 */
export async function readTrialMarket(folder: string): Promise<TrialMarket> {
  const { hash, costs: written, assets: described } = JSON.parse(
    await Deno.readTextFile(join(folder, "market.json")),
  ) as Description;
  const { arrays } = readCheckpoint(await Deno.readFile(join(folder, "candles.bin")));
  const assets = described.map(({ symbol, step }, k) => {
    const own = Object.entries(arrays).filter(([name]) => name.startsWith(`${k} `))
      .map(([name, array]) => [name.slice(`${k} `.length), array] as const);
    const extra = own.filter(([name]) => name.startsWith("extra ")).map(([name, array]) => [name.slice(6), array]);
    const rest = Object.fromEntries(own.filter(([name]) => !name.startsWith("extra ")));
    return newCandles({ symbol, step, ...rest, extra: Object.fromEntries(extra) } as Parameters<typeof newCandles>[0]);
  });
  const costs = Object.fromEntries(Object.entries(written).map(([name, value]) => [name, Number(value)]));
  const market = { assets, length: assets[0].length, costs: costs as unknown as Costs };
  if (hashOfMarket(market) !== hash) {
    throw new SyntaxError("Cannot read the sweep's candles as they must be those that its market.json is of");
  }
  return { market, hash };
}

const hashOfMarket = ({ assets, costs }: Market) =>
  hashOf(...assets.map(hashCandles), ...Object.entries(costs).sort().map(String));

function arraysOf(candles: Candles): [string, SavedArray][] {
  return [
    ["time", candles.time],
    ...columns.map((name): [string, SavedArray] => [name, candles[name]]),
    ["filled", candles.filled],
    ...(candles.$spread ? [["$spread", candles.$spread] as [string, SavedArray]] : []),
    ...Object.entries(candles.extra).map(([name, column]): [string, SavedArray] => [`extra ${name}`, column]),
  ];
}
