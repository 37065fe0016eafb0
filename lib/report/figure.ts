import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";
import { resolveColors, theme } from "./theme.ts";

/** What a figure says of itself in words. */
export interface FigureText {
  readonly title: string; // what it shows: "Equity on the test period, fees included"
  readonly caption?: string; // what to see in it
  readonly alt: string; // the same for someone who cannot see it
  readonly wide?: boolean; // the page's whole width, not only the column of prose
}

/** A figure as a notebook's output and the report carry it. */
export interface FigureContent {
  readonly title: string;
  readonly caption: string;
  readonly alt: string;
  readonly wide: boolean;
  /** Drawn for the page. Its colours are the custom properties of `themeCss()`. */
  readonly svg: string;
  /** Drawn for a phone, 358 px wide; without it the other one scrolls sideways. */
  readonly narrow?: string;
  /** A compiled Vega spec that the page may bring to life, see `vegaScript()`; without a script `svg` says it all. */
  readonly vega?: unknown;
}

/** The representation that the report renderer looks for: a `FigureContent`, to be shown by `figureHtml`. */
export const FIGURE_MIME = "application/vnd.candelabra.figure+json";

/** A figure that shows itself. */
export type Figure = FigureContent & Displayable;

/** Draws at a width in px: once for the page, once for a phone (`width` ≤ 400). */
export type Draw = (width: number) => string;

/**
 * A displayable figure: in JupyterLab an image, which an untrusted notebook keeps (it strips inline SVG) and which has
 * concrete colours on paper of its own; in the report inline SVG that follows the page's light or dark.
 */
export function figure(drawing: Draw | string, text: FigureText): Figure {
  const draw = typeof drawing === "string" ? undefined : drawing;
  const svg = draw ? draw(text.wide ? theme.width.wide : theme.width.column) : drawing as string;
  const content: FigureContent = {
    title: text.title,
    caption: text.caption ?? "",
    alt: text.alt,
    wide: text.wide ?? false,
    svg,
    ...(draw && { narrow: draw(theme.width.narrow) }),
  };
  return displayed(content, () => ({
    [FIGURE_MIME]: content,
    "text/html": imageHtml(content),
    "text/plain": plainText(content),
  }));
}

/** The figure for our own page: inline, in the page's colours, drawn for the desk and for the phone. */
export function figureHtml(content: FigureContent): string {
  const label = escapeHtml(content.alt);
  const inline = (svg: string, kind: string) =>
    `<div class="figure-${kind}">${svg.replace(/^<svg/, `<svg role="img" aria-label="${label}"`)}</div>`;
  const caption = content.caption ? `<figcaption>${escapeHtml(content.caption)}</figcaption>` : "";
  const vega = content.vega
    ? `<script type="application/json" class="figure-vega">${
      JSON.stringify(content.vega).replace(/</g, "\\u003c")
    }</script>`
    : "";
  return `<figure class="figure${content.wide ? " wide" : ""}${content.narrow ? " folds" : ""}">` +
    `<p class="figure-title">${escapeHtml(content.title)}</p>${inline(content.svg, "desk")}` +
    `${content.narrow ? inline(content.narrow, "phone") : ""}${vega}${caption}</figure>`;
}

/** Style of what `figureHtml` writes; goes after `themeCss()`. */
export function figureCss(): string {
  const { column, wide } = theme.width;
  return `.figure{margin:1.75rem 0;max-width:${column}px;color:var(--ink)}
.figure.wide{max-width:${wide}px}
.figure-title{margin:0 0 .4rem;font-weight:600;font-size:.95rem;line-height:1.35}
.figure figcaption{margin-top:.4rem;color:var(--muted);font-size:.85rem;line-height:1.5;max-width:${column}px}
.figure svg{display:block;width:100%;height:auto;overflow:visible}
.figure-desk{overflow-x:auto}
.figure-desk>svg{min-width:560px}
.figure-phone{display:none}
.figure .hover *{fill:transparent}
.figure .hover *:hover{fill:var(--ink);fill-opacity:.09}
@media screen and (max-width:620px){.figure.folds .figure-desk{display:none}.figure-phone{display:block}}
.figure-live{position:relative;overflow-x:auto}
.figure-live svg{width:auto;max-width:none}
.figure-live text{font-family:var(--font)}
.figure-tip{position:absolute;z-index:2;pointer-events:none;white-space:pre;padding:.35rem .55rem;border:1px solid var(--grid);border-radius:3px;background:var(--paper);color:var(--ink);font-size:.78rem;line-height:1.4;box-shadow:0 2px 8px #0003}
@media screen{.figure.live .figure-desk,.figure.live .figure-phone{display:none}}
@media print{.figure{break-inside:avoid}.figure-live{display:none}}
`;
}

/** The drawing as an image that needs nothing around it: light colours, on paper. */
export function imageSource(svg: string): string {
  const sheet = svg
    .replace(/<g class="hover"[\s\S]*?<\/g>|<title>[\s\S]*?<\/title>/g, "") // nothing to point at in an image
    .replace(/^(<svg[^>]*>)/, '$1<rect width="100%" height="100%" fill="var(--paper)"/>');
  const bytes = new TextEncoder().encode(resolveColors(sheet));
  return `data:image/svg+xml;base64,${base64(bytes)}`;
}

function imageHtml({ title, caption, alt, svg }: FigureContent): string {
  return `<figure><strong>${escapeHtml(title)}</strong><br><img alt="${escapeHtml(alt)}" src="${imageSource(svg)}">` +
    `${caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : ""}</figure>`;
}

function plainText({ title, caption, alt }: FigureContent): string {
  return `[figure] ${title}\n${alt}${caption ? `\n${caption}` : ""}`;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
