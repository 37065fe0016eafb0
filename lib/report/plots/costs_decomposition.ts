import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { money, percent } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, round, svgOf, textSvg, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** From what the decisions earned to what was left. */
export interface CostsInput {
  readonly gross: number; // profit before costs, quote currency
  /** What was paid, each as a positive amount: fees, spread, impact, funding. */
  readonly costs: readonly { readonly name: string; readonly amount: number }[];
  readonly currency: string; // "USD"
  readonly name?: string; // of the strategy
}

/** Waterfall from gross profit through each cost to what is left. */
export function costsDecomposition(
  { gross, costs, currency, name = "the strategy" }: CostsInput,
  text: OwnText = {},
): Figure {
  const total = costs.reduce((sum, { amount }) => sum + amount, 0);
  const net = gross - total;
  const share = gross > 0 ? `, ${percent(total / gross)} of what it earned before them` : "";
  const digits = Math.max(Math.abs(gross), total) >= 10_000 ? 0 : 2;
  const amount = (value: number, sign = false) => money(value, currency, { digits, sign });
  const each = costs.map((cost) => `${cost.name} ${amount(cost.amount)}`).join(", ");
  return figure((width) => waterfall(gross, costs, net, amount, width), {
    title: `Costs took ${amount(total)} from ${name}`,
    caption: `Paid: ${each}; together ${amount(total)}${share}.`,
    alt: `Waterfall: gross profit ${amount(gross)}, less ${each}, leaves ${amount(net)}.`,
    ...text,
  });
}

function waterfall(
  gross: number,
  costs: CostsInput["costs"],
  net: number,
  amount: (value: number, sign?: boolean) => string,
  width: number,
): string {
  const narrow = isNarrow(width);
  const steps: { name: string; from: number; to: number; fill: string; text: string; bold: boolean }[] = [];
  steps.push({
    name: "before costs",
    from: 0,
    to: gross,
    fill: color("hold"),
    text: amount(gross, true),
    bold: false,
  });
  let at = gross;
  for (const { name, amount: paid } of costs) {
    steps.push({ name, from: at, to: at - paid, fill: color("loss"), text: amount(-paid), bold: false });
    at -= paid;
  }
  steps.push({
    name: "left",
    from: 0,
    to: net,
    fill: color(net < 0 ? "loss" : "gain"),
    text: amount(net, true),
    bold: true,
  });
  const left = Math.max(...steps.map(({ name }) => textWidth(name, 11.5))) + 10;
  const right = Math.max(...steps.map(({ text }) => 1.12 * textWidth(text, 11.5))) + 10;
  const low = Math.min(0, ...steps.map(({ to }) => to));
  const high = Math.max(0, ...steps.map(({ from, to }) => Math.max(from, to)));
  const x = (value: number) => left + ((value - low) / (high - low || 1)) * (width - left - right);
  const h = narrow ? 26 : 28;
  const rows = steps.map(({ name, from, to, fill, text, bold }, i) => {
    const [a, b] = [Math.min(x(from), x(to)), Math.max(x(from), x(to))];
    const y = 6 + i * h;
    const weight = bold ? "600" : "";
    const link = i + 1 < steps.length &&
      `<path d="M${round(x(to))},${y + h - 8}v${h - (h - 8) + 2}" stroke="${color("muted")}" stroke-width="0.8"/>`;
    return `<g><rect x="${round(a)}" y="${y}" width="${round(Math.max(1, b - a))}" height="${
      h - 8
    }" fill="${fill}"><title>${escapeHtml(`${name}: ${text}`)}</title></rect>` +
      textSvg(left - 8, y + h / 2, name, { anchor: "end", fill: color("ink"), weight }) +
      textSvg(b + 6, y + h / 2, text, { anchor: "start", fill: color(text.startsWith("−") ? "loss" : "ink"), weight }) +
      (link || "") + "</g>";
  });
  const height = steps.length * h + 8;
  const zero = `<path d="M${round(x(0))},0V${height}" stroke="${color("muted")}"/>`;
  return tidySvg(svgOf(width, height, rows.join("") + zero));
}
