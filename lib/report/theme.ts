/** Colours of one mode by name. Each is a CSS custom property of the page: `agent` is `--agent`. */
export interface Palette {
  readonly ink: string; // text and the lines that matter most
  readonly paper: string; // what everything lies on
  readonly panel: string; // tiles, code, table heads
  readonly muted: string; // axis labels, captions, second thoughts
  readonly grid: string; // rules and grid lines
  readonly accent: string; // links and focus
  readonly agent: string; // the one strong colour
  readonly hold: string; // buy and hold
  readonly momentum: string;
  readonly reversion: string;
  readonly random: string;
  readonly gain: string; // never alone: a sign, a shape or a place says it too
  readonly loss: string;
  readonly long: string; // exposure: above the line
  readonly short: string; // below it
  readonly warn: string;
  readonly train: string; // shading of the periods behind a time axis
  readonly validation: string;
  readonly test: string;
  /** Up to eight things without a fixed meaning (assets, features): `--cat-0` … */
  readonly cat: readonly string[];
  /** Little to much: `--seq-0` … `--seq-8`. */
  readonly seq: readonly string[];
  /** Far below zero (`--div-0`, loss), zero (`--div-10`), far above (`--div-20`, gain). */
  readonly div: readonly string[];
}

/** A name of a single colour: `color("agent")`. */
export type ColorName = Exclude<keyof Palette, "cat" | "seq" | "div">;

const light: Palette = {
  ink: "#16191d",
  paper: "#ffffff",
  panel: "#f5f6f8",
  muted: "#5d6570",
  grid: "#dfe2e6",
  accent: "#1a56c4",
  agent: "#1733ab",
  hold: "#7f838a",
  momentum: "#cb5300",
  reversion: "#007157",
  random: "#b34cc6",
  gain: "#00766c",
  loss: "#c2321f",
  long: "#3d7dca",
  short: "#c2690c",
  warn: "#8f5f00",
  train: "#f4f5f6",
  validation: "#fbefd5",
  test: "#e2ebfb",
  cat: ["#0d40a4", "#e77701", "#007755", "#8c1879", "#3a3d43", "#a0974e", "#910002", "#349dda"],
  seq: ramp(["#f3f6fb", "#a9c6ea", "#3f7fc9", "#0a2f73"], 9),
  div: ramp(["#8f1d10", "#d9614a", "#f3b7a6", "#f7f7f6", "#9fd3cb", "#2f9a8e", "#00514a"], 21),
};

const dark: Palette = {
  ink: "#e7e9ec",
  paper: "#14161a",
  panel: "#1d2026",
  muted: "#a0a7b2",
  grid: "#30343c",
  accent: "#82b1ff",
  agent: "#5ba6ff",
  hold: "#858a92",
  momentum: "#e98a12",
  reversion: "#71f3ca",
  random: "#ee91d1",
  gain: "#45c7b8",
  loss: "#ff8371",
  long: "#69a7f5",
  short: "#e0994a",
  warn: "#e3b341",
  train: "#1b1e22",
  validation: "#2e2716",
  test: "#18263f",
  cat: ["#5b8ff0", "#f89600", "#a7f9d5", "#d062bc", "#858a92", "#f4ea68", "#ee5a44", "#40baef"],
  seq: ramp(["#1d232d", "#274a7d", "#4f8fdc", "#d3e6ff"], 9),
  div: ramp(["#ff9c8c", "#c9503c", "#6b3028", "#24272c", "#1b4f4a", "#2a9184", "#7ce0d3"], 21),
};

/** Everything that looks: two palettes, type, widths (px) and line styles. */
export const theme = {
  light,
  dark,
  /** A sans-serif of the reader's system; figures in tables get `font-variant-numeric: tabular-nums`. */
  font: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif',
  mono: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  size: { text: 16, small: 13.5, figure: 12, title: 30 }, // px
  /** The page, a column of prose, and a phone. Figures are drawn for each that they are shown at. */
  width: { wide: 1000, column: 680, narrow: 358 },
  /** Second key to the strategies beside colour, for print in grey: SVG `stroke-dasharray` and px. */
  stroke: {
    agent: { width: 2.2, dash: "none" },
    hold: { width: 1.6, dash: "none" },
    momentum: { width: 1.3, dash: "7 3" },
    reversion: { width: 1.3, dash: "2 2" },
    random: { width: 1.1, dash: "1 3" },
  },
} as const;

/** A strategy with a colour of its own. */
export type Role = keyof typeof theme.stroke;

/** The colour as figures and pages write it: `var(--agent)`. */
export function color(name: ColorName): string {
  return `var(--${name})`;
}

/** Colour `i` of the eight without a meaning; starts again after the eighth. */
export function category(i: number): string {
  return `var(--cat-${i % light.cat.length})`;
}

/** The sequential colour of `share` in 0..1, in nine steps. */
export function sequential(share: number): string {
  return `var(--seq-${step(share, light.seq.length)})`;
}

/** The diverging colour of `share` in −1..1, in 21 steps: negative towards loss, positive towards gain. */
export function diverging(share: number): string {
  return `var(--div-${step((share + 1) / 2, light.div.length)})`;
}

/** The style sheet that gives the custom properties their colours: by the reader's preference, by `data-theme`, in print. */
export function themeCss(): string {
  return `:root{color-scheme:light dark;--font:${theme.font};--mono:${theme.mono};${declarations(light)}}
@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){${declarations(dark)}}}
:root[data-theme="light"]{color-scheme:light}
:root[data-theme="dark"]{color-scheme:dark;${declarations(dark)}}
@media print{:root,:root:not([data-theme="light"]),:root[data-theme="dark"]{color-scheme:light;${declarations(light)}}}
`;
}

/** Replaces `var(--agent)` and the like by the palette's colours: for where no style sheet reaches. */
export function resolveColors(text: string, palette: Palette = light): string {
  const colours = new Map(entries(palette));
  return text.replace(/var\(--([a-z]+(?:-\d+)?)\)/g, (found, name: string) => colours.get(name) ?? found);
}

function declarations(palette: Palette): string {
  return entries(palette).map(([name, colour]) => `--${name}:${colour}`).join(";");
}

function entries(palette: Palette): [string, string][] {
  return Object.entries(palette).flatMap(([name, value]: [string, string | readonly string[]]) =>
    typeof value === "string"
      ? [[name, value] as [string, string]]
      : value.map((colour, i) => [`${name}-${i}`, colour] as [string, string])
  );
}

function step(share: number, steps: number): number {
  return Math.max(0, Math.min(steps - 1, Math.round(share * (steps - 1))));
}

/** `steps` colours along the line through `stops`, mixed in sRGB. */
function ramp(stops: readonly string[], steps: number): string[] {
  const channels = stops.map((stop) => [1, 3, 5].map((at) => parseInt(stop.slice(at, at + 2), 16)));
  return Array.from({ length: steps }, (_, i) => {
    const at = (i / (steps - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const mixed = channels[low].map((c, k) => Math.round(c + (channels[low + 1][k] - c) * (at - low)));
    return `#${mixed.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
  });
}
