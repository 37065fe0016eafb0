import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { color, diverging, type Palette, resolveColors, sequential, theme, themeCss } from "../../lib/report/theme.ts";

const modes = ["light", "dark"] as const;
const strategies = ["agent", "hold", "momentum", "reversion", "random"] as const;

for (const mode of modes) {
  const palette: Palette = theme[mode];

  Deno.test(`${mode}: text can be read on paper (WCAG contrast of 4.5)`, () => {
    for (const name of ["ink", "muted", "accent", "agent", "gain", "loss", "warn"] as const) {
      assert(contrast(palette[name], palette.paper) >= 4.5, `${name} ${contrast(palette[name], palette.paper)}`);
    }
  });

  Deno.test(`${mode}: every line can be seen on paper and on each period's shade (WCAG contrast of 3)`, () => {
    const lines = [...strategies.map((name) => palette[name]), palette.long, palette.short];
    for (const shade of [palette.paper, palette.train, palette.validation, palette.test]) {
      for (const line of lines) assert(contrast(line, shade) >= 2.9, `${line} on ${shade}: ${contrast(line, shade)}`);
    }
    for (const line of palette.cat) {
      assert(contrast(line, palette.paper) >= 2.9, `${line}: ${contrast(line, palette.paper)}`);
    }
  });

  for (const [eye, matrix] of Object.entries(eyes())) {
    Deno.test(`${mode}: strategies, categories, gain and loss stay apart for ${eye}`, () => {
      const apart = (colours: readonly string[], least: number) => {
        for (const [i, a] of colours.entries()) {
          for (const b of colours.slice(0, i)) {
            assert(distance(a, b, matrix) > least, `${a} and ${b} are ${distance(a, b, matrix)} apart`);
          }
        }
      };
      apart(strategies.map((name) => palette[name]), 16);
      apart(palette.cat, 15);
      apart([palette.gain, palette.loss], 20);
      apart([palette.long, palette.short], 20);
    });
  }

  Deno.test(`${mode}: sequential colours go from paper to ink, diverging ones from both ends to the middle`, () => {
    const far = (colour: string) => contrast(colour, palette.paper);
    assertEquals(palette.seq.map(far), palette.seq.map(far).toSorted((a, b) => a - b));
    const div = palette.div.map(far);
    assertEquals(div.slice(10), div.slice(10).toSorted((a, b) => a - b));
    assertEquals(div.slice(0, 11), div.slice(0, 11).toSorted((a, b) => b - a));
  });
}

Deno.test("the style sheet declares every colour for light and dark, and light again for print", () => {
  const css = themeCss();
  for (const [mode, times] of [["light", 2], ["dark", 2]] as const) {
    const wanted = `--agent:${theme[mode].agent}`;
    assertEquals(css.split(wanted).length - 1, times, mode);
  }
  for (const name of ["--cat-7:", "--seq-8:", "--div-20:", "--validation:"]) assertStringIncludes(css, name);
  assertStringIncludes(css, "prefers-color-scheme:dark");
});

Deno.test("a scale's ends are its first and last colour, and what lies outside stays at the end", () => {
  assertEquals([sequential(0), sequential(1), sequential(7)], ["var(--seq-0)", "var(--seq-8)", "var(--seq-8)"]);
  assertEquals([diverging(-1), diverging(0), diverging(1)], ["var(--div-0)", "var(--div-10)", "var(--div-20)"]);
});

Deno.test("resolving colours leaves no custom property of the theme and touches nothing else", () => {
  const text = `<path fill="${color("agent")}" stroke="var(--div-3)" d="M0,0"/><text fill="var(--unknown)"/>`;
  assertEquals(
    resolveColors(text),
    `<path fill="${theme.light.agent}" stroke="${theme.light.div[3]}" d="M0,0"/><text fill="var(--unknown)"/>`,
  );
});

function linear(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
}

function contrast(a: string, b: string): number {
  const [high, low] = [a, b].map(linear).map(([r, g, blue]) => 0.2126 * r + 0.7152 * g + 0.0722 * blue).sort((p, q) =>
    q - p
  );
  return (high + 0.05) / (low + 0.05);
}

/** Distance in CIELAB (1976) as seen through `matrix`. */
function distance(a: string, b: string, matrix: number[][]): number {
  const [p, q] = [a, b].map((hex) =>
    lab(matrix.map((row) => clamp(row.reduce((sum, m, i) => sum + m * linear(hex)[i], 0))))
  );
  return Math.hypot(...p.map((value, i) => value - q[i]));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function lab([r, g, b]: number[]): number[] {
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Full dichromacy in linear RGB. Source: Machado, Oliveira & Fernandes 2009, table 1 (severity 1.0). */
function eyes(): Record<string, number[][]> {
  return {
    "all three cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
  };
}
