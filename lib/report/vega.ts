import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as vega from "vega";
import { compile, type Config, type TopLevelSpec } from "vega-lite";
import { displayed } from "../base/display.ts";
import { type Figure, FIGURE_MIME, type FigureContent, type FigureText } from "./figure.ts";
import { tidySvg } from "./svg.ts";
import { color, resolveColors, theme } from "./theme.ts";

/** The type by which JupyterLab 4 finds its own Vega-Lite; it knows no later one. */
const VEGALITE_MIME = "application/vnd.vegalite.v5+json";

/**
 * A Vega-Lite spec for a width in px; colours as `color("agent")`. `still` for the drawing that stays as it is: marks
 * that only answer a pointer may be left out.
 */
export type VegaDraw = (width: number, still: boolean) => TopLevelSpec;

/**
 * A figure by Vega-Lite: drawn here once for every reader, brought to life (selections, tooltips) by JupyterLab, and by
 * the report's page when it carries `vegaScript()`. Without a script the drawing says it all.
 */
export async function vegaFigure(draw: VegaDraw, text: FigureText): Promise<Figure> {
  const width = text.wide ? theme.width.wide : theme.width.column;
  const spec = draw(width, false);
  const still = (at: number) => drawn(compiled(draw(at, true)));
  const content: FigureContent = {
    title: text.title,
    caption: text.caption ?? "",
    alt: text.alt,
    wide: text.wide ?? false,
    svg: await still(width),
    narrow: await still(theme.width.narrow),
    vega: compiled(spec),
  };
  // JupyterLab prefers HTML to Vega and Vega to SVG: a bundle with text/html would never come to life there.
  return displayed(content, () => ({
    [FIGURE_MIME]: content,
    [VEGALITE_MIME]: resolved({
      ...spec,
      title: { text: text.title, fontSize: 14, fontWeight: 600, color: color("ink") },
      background: color("paper"),
      config: lookOf(),
    }),
    "image/svg+xml": resolveColors(content.svg),
    "text/plain": `[figure] ${text.title}\n${text.alt}`,
  }));
}

/**
 * What a page needs once, at its end, to bring its Vega figures to life: Vega itself (520 KB) and a few lines that show
 * each figure's spec in place of its drawing, where there is room for it.
 */
export async function vegaScript(): Promise<string> {
  const module = createRequire(import.meta.url).resolve("vega");
  const library = await Deno.readTextFile(join(dirname(module), "vega.min.js"));
  const safe = library.replace(/\/\/# sourceMappingURL=.*/g, "").replace(/<\/script/gi, "<\\/script");
  return `${safe};\n${BOOT}`;
}

const BOOT = `for (const source of document.querySelectorAll("script.figure-vega")) {
  const figure = source.closest("figure"), still = figure.querySelector(".figure-desk");
  const room = still.clientWidth, needed = still.querySelector("svg").viewBox.baseVal.width;
  if (room < needed - 24) continue;
  const live = document.createElement("div"), tip = document.createElement("div");
  live.className = "figure-live";
  tip.className = "figure-tip";
  tip.hidden = true;
  const show = (_handler, event, _item, value) => {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    tip.textContent = typeof value === "object" ? Object.entries(value).map(([k, v]) => k + ": " + v).join("\\n") : value;
    const box = live.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX - box.left + 14, box.width - tip.offsetWidth) + "px";
    tip.style.top = event.clientY - box.top + 14 + "px";
  };
  const view = new vega.View(vega.parse(JSON.parse(source.textContent)), { renderer: "svg", container: live, hover: true, tooltip: show });
  live.append(tip); // after the view, which empties its container
  view.runAsync().then(() => { const said = still.querySelector("svg").getAttribute("aria-label"); live.querySelector("svg").setAttribute("role", "img"); live.querySelector("svg").setAttribute("aria-label", said); for (const mark of live.querySelectorAll("svg [role]")) for (const name of ["role", "aria-label", "aria-roledescription"]) mark.removeAttribute(name); still.before(live); figure.classList.add("live"); }, (error) => { live.remove(); console.warn(error); });
}`;

function compiled(spec: TopLevelSpec): vega.Spec {
  return compile(spec, { config: lookOf() }).spec;
}

async function drawn(spec: vega.Spec): Promise<string> {
  const view = new vega.View(vega.parse(spec), { renderer: "none", logLevel: vega.Error });
  try {
    return tidySvg(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Type, ink and quiet axes as the other figures have them. */
function lookOf(): Config {
  const words = { labelColor: color("muted"), labelFontSize: 11.5, titleColor: color("muted"), titleFontSize: 11.5 };
  return {
    background: "transparent",
    font: theme.font.replaceAll('"', ""),
    view: { stroke: null as never },
    axis: {
      ...words,
      titleFontWeight: "normal",
      gridColor: color("grid"),
      domainColor: color("muted"),
      tickColor: color("muted"),
      tickSize: 4,
      labelPadding: 5,
    },
    axisY: {
      domain: false,
      ticks: false,
      titleAngle: 0,
      titleAlign: "left",
      titleAnchor: "end",
      titleBaseline: "bottom",
      titleY: -8,
      titleX: 0,
    },
    axisX: { grid: false, titleAnchor: "end" },
    legend: { ...words, titleFontWeight: "normal" },
    mark: { color: color("muted") },
    title: { color: color("muted"), fontSize: 11.5, fontWeight: "normal", anchor: "start" },
  } as Config;
}

/** The spec with light colours in place of custom properties. */
function resolved(spec: object): unknown {
  return JSON.parse(resolveColors(JSON.stringify(spec)));
}
