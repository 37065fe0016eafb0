import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { capital, count, percent } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { color, diverging, sequential } from "../theme.ts";
import { isNarrow, svgOf, textSvg, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** One measure of every strategy in every scenario. */
export interface ScenarioHeatmapInput {
  readonly what: string; // "Share of draws that survive"
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly values: ArrayLike<number>; // [scenarios, strategies] shares; NaN where there is none
  /** Whether the measure is a share 0..1, or a change around 0 whose sign matters. */
  readonly kind?: "share" | "change";
}

/** Scenarios down, strategies across, one shaded number each: what breaks whom. */
export function scenarioHeatmap(input: ScenarioHeatmapInput, text: OwnText = {}): Figure {
  const { what, scenarios, strategies, values } = input;
  if (scenarios.length === 0 || strategies.length === 0 || values.length !== scenarios.length * strategies.length) {
    throw new RangeError(
      `Cannot draw ${what} as there must be a value for each of ${scenarios.length} scenarios and ${strategies.length} ` +
        `strategies: current value is ${values.length}`,
    );
  }
  const known = Array.from(values, (value, i) => ({ value, i })).filter(({ value }) => Number.isFinite(value));
  const shown = (value: number) => percent(value, { digits: 0, sign: input.kind === "change" });
  /** The first at this end, and how many others show the same. */
  const named = ({ value, i }: { value: number; i: number }) => {
    const others = known.filter((one) => shown(one.value) === shown(value)).length - 1;
    const who = `${strategies[i % strategies.length]} in ${scenarios[Math.floor(i / strategies.length)]}`;
    return `${shown(value)}: ${who}${others === 0 ? "" : ` and ${count(others, "other")}`}`;
  };
  const end = (better: (a: number, b: number) => boolean) =>
    known.reduce((a, b) => better(b.value, a.value) ? b : a, known[0]);
  const fact = known.length === 0
    ? "there are no values"
    : `lowest ${named(end((a, b) => a < b))}; highest ${named(end((a, b) => a > b))}`;
  return figure((width) => draw(input, width), {
    title: `${what}, by scenario and strategy`,
    caption: `${capital(fact)}.`,
    alt: `Heat map of ${what.toLowerCase()}: ${fact}.`,
    wide: true,
    ...text,
  });
}

function draw({ scenarios, strategies, values, kind = "share" }: ScenarioHeatmapInput, width: number): string {
  const narrow = isNarrow(width);
  const size = narrow ? 10.5 : 12;
  const longest = Math.max(...scenarios.map((name) => 1.05 * textWidth(name, size)));
  const left = narrow ? 0 : Math.min(longest + 12, width * 0.4);
  const [cellWidth, row] = [(width - left) / strategies.length, narrow ? 48 : 38];
  const cell = narrow ? 26 : row; // on a phone a scenario's name stands above its cells
  const letters = Math.max(3, Math.floor(cellWidth / (0.62 * (narrow ? 10 : 11.5))) - 1);
  const cut = (name: string) => (name.length > letters ? `${name.slice(0, letters - 1)}…` : name);
  const most = Math.max(0.01, ...Array.from(values, (value) => (Number.isFinite(value) ? Math.abs(value) : 0)));
  const lines = strategies.map((name) => wrapped(name, letters));
  const head = 8 + 14 * Math.max(...lines.map(({ length }) => length)); // names end just above the cells
  const heads = strategies.flatMap((_, s) =>
    lines[s].map((line, i) =>
      textSvg(left + (s + 0.5) * cellWidth, head - 8 - 14 * (lines[s].length - 1 - i), cut(line), {
        size: narrow ? 10 : 11.5,
      })
    )
  );
  const rows = scenarios.map((scenario, i) => {
    const top = head + i * row;
    const label = narrow
      ? textSvg(0, top + 14, scenario.slice(0, 52), { anchor: "start", size, fill: color("ink") })
      : textSvg(left - 10, top + row / 2 + 4, scenario.slice(0, Math.floor((left - 12) / (0.58 * size))), {
        anchor: "end",
        size,
        fill: color("ink"),
      });
    const cells = strategies.map((strategy, s) => {
      const value = values[i * strategies.length + s];
      const x = left + s * cellWidth;
      const y = top + (narrow ? row - cell - 2 : 0);
      const share = kind === "share" ? value : value / most;
      const fill = !Number.isFinite(value) ? color("panel") : kind === "share" ? sequential(share) : diverging(share);
      const dark = kind === "share" ? share > 0.55 : Math.abs(share) > 0.62;
      const shown = Number.isFinite(value) ? percent(value, { digits: 0, sign: kind === "change" }) : "–";
      return `<g><rect x="${x}" y="${y}" width="${cellWidth - 2}" height="${cell - 2}" fill="${fill}"><title>${
        escapeHtml(`${strategy} in ${scenario}: ${shown}`)
      }</title></rect>${
        textSvg(x + cellWidth / 2 - 1, y + cell / 2 + size / 2 - 2, shown, {
          fill: color(Number.isFinite(value) && dark ? "paper" : "ink"),
          size,
        }).replace("<text", '<text pointer-events="none"')
      }</g>`;
    });
    return label + cells.join("");
  });
  return tidySvg(svgOf(width, head + 2 + scenarios.length * row, heads.join("") + rows.join("")));
}

/** Words in lines of no more than `letters`, where words allow it. */
function wrapped(text: string, letters: number): string[] {
  return text.split(" ").reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > letters) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}
