import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import * as Plot from "@observablehq/plot";
import { besideSvg, plotSvg, sizeOf, stackSvg, tidySvg } from "../../lib/report/svg.ts";

const wrap = (inside: string) => `<svg viewBox="0 0 100 50" class="x" font-size="10">${inside}</svg>`;
const inside = (svg: string) => svg.replace(/^<svg[^>]*>/, "").replace(/<\/svg>$/, "");

Deno.test("positions are kept to a tenth of a pixel, texts and ems untouched", () => {
  assertEquals(
    inside(
      tidySvg(
        wrap(
          '<rect x="1.2345" width="2.98" height="3"/><text y="0.32em" transform="translate(1.26,0.04)">1.2345</text>',
        ),
      ),
    ),
    '<rect x="1.2" width="3" height="3"/><text y="0.32em" transform="translate(1.3,0)">1.2345</text>',
  );
});

Deno.test("a long path is written in steps that end where it ended", () => {
  const points = Array.from({ length: 200 }, (_, i) => [i * 1.07, 25 + 20 * Math.sin(i * 1.7)]);
  const path = points.map(([x, y], i) => `${i === 0 || i === 90 ? "M" : "L"}${x},${y}`).join("");
  const [, d] = tidySvg(wrap(`<path d="${path}"/>`)).match(/ d="([^"]+)"/)!;
  let [x, y] = [0, 0];
  const drawn: [number, number][] = [];
  for (const [, , numbers] of d.matchAll(/([ml])([^ml]+)/g)) {
    const steps = numbers.match(/-?(?:\d+\.?\d*|\.\d+)/g)!.map(Number);
    for (let i = 0; i < steps.length; i += 2) drawn.push([x += steps[i], y += steps[i + 1]]);
  }
  assertEquals(drawn.length, points.length);
  for (const [i, [px, py]] of drawn.entries()) {
    assertEquals(
      [Math.abs(px - points[i][0]) < 0.051, Math.abs(py - points[i][1]) < 0.051],
      [true, true],
      `point ${i}`,
    );
  }
});

Deno.test("a closed path goes on from its start", () => {
  const path = "M10,10L30.00001,10.00001L30.00001,30.00001ZM50.00001,10.00001L70.00001,10.00001L70.00001,30.00001Z";
  assertEquals(tidySvg(wrap(`<path d="${path}"/>`)).match(/ d="([^"]+)"/)![1], "m10 10l20 0 0 20zm40 0l20 0 0 20z");
});

Deno.test("two drawings have no id in common unless they are the same, and drawing again gives the same bytes", () => {
  const draw = (to: number) =>
    plotSvg({ width: 100, height: 50, marks: [Plot.line([[0, 0], [to, 1], [1, 0]], { clip: true })] });
  const idOf = (svg: string) => svg.match(/ id="([^"]+)"/)![1];
  assertEquals(draw(0.2), draw(0.2));
  assertNotEquals(idOf(draw(0.2)), idOf(draw(0.5)));
  assertMatch(draw(0.2), new RegExp(`clip-path="url\\(#${idOf(draw(0.2))}\\)"`));
});

Deno.test("stacked and placed side by side, drawings take the room of all", () => {
  const part = tidySvg(wrap('<path d="M0,0h1"/>'));
  assertEquals(sizeOf(stackSvg([part, part], 5)), { width: 100, height: 105 });
  assertEquals(sizeOf(besideSvg([part, part], 5)), { width: 205, height: 50 });
  assertMatch(stackSvg([part, part], 5), /translate\(0,0\).*translate\(0,55\)/);
});

Deno.test("a drawing without a view box is an error", () => {
  assertThrows(() => sizeOf("<svg>"), SyntaxError, "without a view box");
});
