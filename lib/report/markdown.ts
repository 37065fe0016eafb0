import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import katex from "katex";
import { Marked, type TokenizerAndRendererExtension, type Tokens } from "marked";
import { escapeHtml } from "../base/progress.ts";
import { plainTables, sanitizeHtml } from "./sanitize.ts";

for (const [name, language] of Object.entries({ bash, json, python, typescript })) {
  hljs.registerLanguage(name, language);
}
const aliases: Readonly<Record<string, string>> = {
  ts: "typescript",
  js: "typescript",
  javascript: "typescript",
  sh: "bash",
  py: "python",
};

/** A heading of the page. */
export interface Heading {
  readonly level: number; // 1..6
  readonly id: string;
  readonly html: string; // inline, without links
}

/** Code with its words in `<span class="hljs-…">`; text of an unknown language is only escaped. */
export function highlight(code: string, language = "typescript"): string {
  const known = aliases[language] ?? language;
  return hljs.getLanguage(known) ? hljs.highlight(code, { language: known }).value : escapeHtml(code);
}

/** A formula as MathML, which browsers show without a script or a font. Bad TeX is shown as it is, in red. */
export function formula(tex: string, displayMode = false): string {
  return katex.renderToString(tex, { displayMode, output: "mathml", throwOnError: false, strict: "ignore" });
}

/**
 * Markdown as a notebook's text cells have it: GitHub's, with formulas between `$` and `$$`, code in colour, tables as
 * the page's. Headings get an id that is in none of `headings` yet, and are added to it.
 */
export function markdownHtml(text: string, headings: Heading[] = []): string {
  const marked = new Marked({ gfm: true, async: false });
  marked.use({
    extensions: [blockFormula, inlineFormula],
    renderer: {
      heading({ tokens, depth }: Tokens.Heading) {
        const html = sanitizeHtml(this.parser.parseInline(tokens));
        const id = freeId(html, headings);
        headings.push({ level: depth, id, html: html.replace(/<\/?a\b[^>]*>/g, "") });
        return `<h${depth} id="${id}">${html}</h${depth}>\n`;
      },
      code({ text, lang }: Tokens.Code) {
        return `<pre class="listing"><code>${highlight(text, lang || "text")}</code></pre>\n`;
      },
    },
  });
  return plainTables(sanitizeHtml(marked.parse(text) as string));
}

const blockFormula: TokenizerAndRendererExtension = {
  name: "blockFormula",
  level: "block",
  start: (source) => source.indexOf("$$"),
  tokenizer(source) {
    const found = source.match(/^\$\$\s*([\s\S]+?)\s*\$\$(?:\n|$)/);
    return found ? { type: "blockFormula", raw: found[0], tex: found[1] } : undefined;
  },
  renderer: ({ tex }) => `<div class="formula">${formula(tex, true)}</div>\n`,
};

/** `$x$` but not `$5 to $10`, nor the columns `$open` and `$close`: pandoc's rule. */
const inlineFormula: TokenizerAndRendererExtension = {
  name: "inlineFormula",
  level: "inline",
  start: (source) => source.indexOf("$"),
  tokenizer(source) {
    const found = source.match(/^\$(?![\s$])((?:\\.|[^$\\\n])*?)(?<![\s\\])\$(?![\d\p{L}$])/u);
    return found ? { type: "inlineFormula", raw: found[0], tex: found[1] } : undefined;
  },
  renderer: ({ tex }) => formula(tex),
};

function freeId(html: string, headings: readonly Heading[]): string {
  const words = html.replace(/<[^>]*>|&[^;]+;/g, " ").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["section"];
  const base = words.slice(0, 8).join("-");
  const taken = new Set(headings.map(({ id }) => id));
  if (!taken.has(base)) return base;
  for (let i = 2;; i++) if (!taken.has(`${base}-${i}`)) return `${base}-${i}`;
}
