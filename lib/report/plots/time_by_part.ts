import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { number, percent } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { category, color } from "../theme.ts";
import { isNarrow, round, svgOf, textSvg, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Where the time of some work went. */
export interface TimeByPartInput {
  readonly parts: readonly { readonly part: string; readonly seconds: number; readonly about?: string }[];
}

/** A bar for each part of the work, the longest first as given, with its share of all. */
export function timeByPart({ parts }: TimeByPartInput, text: OwnText = {}): Figure {
  const total = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  if (!(total > 0)) throw new RangeError(`Cannot draw time by part as it must be above 0 s: current value is ${total}`);
  const rows = parts.map(({ part, seconds, about }) => ({
    name: about ?? part,
    seconds,
    words: `${percent(seconds / total, { digits: 0 })}, ${number(seconds, { digits: 2 })} s`,
  }));
  const facts = rows.map(({ name, words }) => `${name} ${words}`).join("; ");
  return figure((width) => bars(rows, total, width), {
    title: `${percent(parts[0].seconds / total, { digits: 0 })} of the time goes to ${rows[0].name}`,
    caption: `${number(total, { digits: 1 })} s of one worker.`,
    alt: `Bars of time by part: ${facts}.`,
    ...text,
  });
}

function bars(
  rows: readonly { readonly name: string; readonly seconds: number; readonly words: string }[],
  total: number,
  width: number,
): string {
  const narrow = isNarrow(width);
  const left = narrow ? 0 : Math.max(...rows.map(({ name }) => textWidth(name, 11.5))) + 10;
  const right = Math.max(...rows.map(({ words }) => textWidth(words, 11.5))) + 14;
  const most = Math.max(...rows.map(({ seconds }) => seconds));
  const h = narrow ? 42 : 30;
  const drawn = rows.map(({ name, seconds, words }, i) => {
    const y = i * h + (narrow ? 18 : 4);
    const length = Math.max(1, seconds / most * (width - left - right));
    return `<g><rect x="${left}" y="${y}" width="${round(length)}" height="18" fill="${category(i)}"><title>${
      escapeHtml(`${name}: ${words}, ${percent(seconds / total)}`)
    }</title></rect>` +
      textSvg(narrow ? 0 : left - 8, narrow ? y - 4 : y + 13, name, {
        anchor: narrow ? "start" : "end",
        fill: color("ink"),
      }) +
      textSvg(left + length + 6, y + 13, words, { anchor: "start", fill: color("ink") }) + "</g>";
  });
  return tidySvg(svgOf(width, rows.length * h + 6, drawn.join("")));
}
