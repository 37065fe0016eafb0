/**
 * Writes the tables of lib/features/indicators/README.md: what is in the table of indicators, and how far each is from
 * TA-Lib's numbers on the vectors at most.
 *
 *     deno run -A tests/vectors/make_indicator_tables.ts
 */
import { projectPath } from "../../lib/base/project.ts";
import { readSample, sampleCatalogue } from "../../lib/data/sample.ts";
import { computeIndicators, type Indicator, indicators, talibIndicators } from "../../lib/features/indicators/mod.ts";
import { largestError, talibLong, talibVectors } from "../features/indicators/talib_vectors.ts";

const path = projectPath("lib", "features", "indicators", "README.md");

/** The page with its tables as they should be: each stands between a pair of comments that name it. */
export async function indicatorPage(): Promise<{ readonly stands: string; readonly wanted: string }> {
  const stands = await Deno.readTextFile(path);
  let wanted = stands;
  for (const [name, lines] of Object.entries({ talib: await talibTable(), ti: tiTable() })) {
    wanted = wanted.replace(
      new RegExp(`(<!-- ${name}:[^]*?-->\n)[^]*?(<!-- end of ${name} -->)`),
      (_, opening, closing) => `${opening}\n${lines}\n\n${closing}`,
    );
  }
  return { stands, wanted };
}

async function talibTable(): Promise<string> {
  const errors = await largestErrors();
  const rows = Object.values(talibIndicators).map((entry) => [...described(entry), rounded(errors[entry.name])]);
  return aligned([["name", "reads", "parameters", "outputs", "first value at", "largest error"], ...rows]);
}

function tiTable(): string {
  const others = Object.entries(indicators).filter(([name]) => !Object.hasOwn(talibIndicators, name));
  return aligned([
    ["name", "reads", "parameters", "outputs", "first value at"],
    ...others.map(([, entry]) => described(entry)),
  ]);
}

function described({ name, inputs, params, outputs, warmup }: Indicator): string[] {
  return [
    `\`${name}\``,
    prices(inputs),
    Object.entries(params).map(([key, value]) => `${key} ${value}`).join(", ") || "–",
    outputs.length === 1 ? "itself" : outputs.join(", "),
    String(warmup(params)),
  ];
}

function prices(inputs: readonly string[]): string {
  const all = ["$open", "$high", "$low", "$close"];
  return inputs.join() === all.join() ? "the four prices" : inputs.map((name) => name.slice(1)).join(", ");
}

async function largestErrors(): Promise<Record<string, number>> {
  const errors: Record<string, number> = {};
  const add = (name: string, error: number) => errors[name] = Math.max(errors[name] ?? 0, error);
  for (const { name, params, candles, expected } of talibVectors) {
    add(name, largestError(indicators[name].run(candles, params), expected));
  }
  const names = Object.keys(talibIndicators);
  for (const { sample, every, expected } of talibLong) {
    const candles = await readSample(sampleCatalogue().find(({ name }) => name === sample)!);
    computeIndicators(candles, names.map((name) => ({ name }))).forEach((outputs, i) =>
      add(names[i], largestError(outputs.map((output) => output.filter((_, t) => t % every === 0)), expected[names[i]]))
    );
  }
  return errors;
}

/** One digit, rounded up: 4e-12. */
function rounded(error: number): string {
  if (error === 0) return "0";
  const power = Math.floor(Math.log10(error));
  return (Math.ceil(error / 10 ** power) * 10 ** power).toExponential(0);
}

/** A Markdown table as `deno fmt` lays it out. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, k) => Math.max(3, ...rows.map((row) => row[k].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, k) => cell.padEnd(widths[k])).join(" | ")} |`;
  return [line(rows[0]), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)].join("\n");
}

if (import.meta.main) {
  const { stands, wanted } = await indicatorPage();
  if (wanted !== stands) await Deno.writeTextFile(path, wanted);
  console.log(wanted === stands ? "The tables are up to date" : `Wrote the tables of ${path}`);
}
