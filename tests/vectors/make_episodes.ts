/**
 * Writes `lib/scenarios/episodes.ts`: stretches of the bundled hourly bitcoin candles as steps of the log price in
 * hundred-thousandths and volume in hundredths of the usual. Run: `deno run -A tests/vectors/make_episodes.ts`
 */
import { projectPath } from "../../lib/base/project.ts";
import { quantile } from "../../lib/base/stats.ts";
import { readSample, sampleCatalogue } from "../../lib/data/sample.ts";
import { firstBarAt } from "../../lib/market/candles.ts";
import { toShape } from "../../lib/scenarios/shape.ts";

const spans = {
  september_2017: ["2017-09-08", "2017-09-15T18:00Z", "China closes its exchanges"],
  january_2018: ["2018-01-06T18:00Z", "2018-01-17T18:00Z", "the end of the 2017 bubble"],
  november_2018: ["2018-11-14", "2018-11-25T18:00Z", "after the Bitcoin Cash split"],
  june_2019: ["2019-06-26T12:00Z", "2019-06-28", "a peak and its fall within a day"],
} as const;

const sample = sampleCatalogue().find(({ name }) => name === "coinbase_BTC-USD_1h")!;
const candles = await readSample(sample);
const shape = toShape(candles, 0);
const entries = Object.entries(spans).map(([name, [start, end, help]]) => {
  const [from, to] = [start, end].map((text) => firstBarAt(candles, Date.parse(text)));
  const usual = quantile(candles.$volume.subarray(from - 24 * 28, from), 0.5);
  const rows = Array.from({ length: to - from }, (_, i) => {
    const steps = [shape.gap, shape.body, shape.up, shape.down].map((column) => Math.round(1e5 * column[from + i]));
    return [...steps, Math.round(100 * candles.$volume[from + i] / usual)].join(" ");
  });
  const move = candles.$close[to - 1] / candles.$open[from] - 1;
  const text = `${help}: ${start.slice(0, 10)} to ${end.slice(0, 10)}, ${to - from} hours, ${
    (100 * move).toFixed(0)
  } %`;
  console.log(name, text);
  return `  ${name}: {\n    help: "${text}",\n    bars:\n      "${rows.join(",")}",\n  },`;
});
await Deno.writeTextFile(
  projectPath("lib", "scenarios", "episodes.ts"),
  `// Made by tests/vectors/make_episodes.ts from the bundled candles; not to be edited.

/** Hours of BTC/USD on Coinbase that are remembered. Each bar: gap, body, up, down (1e-5 of log price), volume (%). */
export const episodes = {
${entries.join("\n")}
} as const;
`,
);
