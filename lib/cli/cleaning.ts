import type { Loaded } from "../data/load.ts";

/** What cleaning changed and left out of each asset, a line each; none where the bars were whole. */
export function cleaningLines(loaded: readonly Loaded[]): string[] {
  return loaded.flatMap(({ name, report: { findings, notes } }) => [
    ...findings.filter(({ changed }) => changed).map(({ what, examples: [first] }) =>
      `~ ${name}: ${what}${first === undefined ? "" : ` (first: ${first})`}`
    ),
    ...notes.map((note) => `~ ${name}: ${note}`),
  ]);
}

/** The same for programs. */
export function cleaningFacts(loaded: readonly Loaded[]) {
  return loaded.map(({ name, report: { barsIn, barsOut, policy, findings, notes } }) => ({
    name,
    gaps: policy,
    bars_in: barsIn,
    bars_out: barsOut,
    findings: findings.map(({ kind, bars, changed, what }) => ({ kind, bars, changed, what })),
    notes,
  }));
}
