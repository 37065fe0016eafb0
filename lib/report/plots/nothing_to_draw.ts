import { type Figure, figure } from "../figure.ts";
import { svgOf, textSvg } from "./frame.ts";

/** A figure's place where there is too little to draw: the title, and why. */
export function nothingToDraw(title: string, why: string): Figure {
  return figure((width) => svgOf(width, 34, textSvg(0, 20, why, { anchor: "start", size: 13 })), { title, alt: why });
}
