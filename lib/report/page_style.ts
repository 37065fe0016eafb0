import { figureCss } from "./figure.ts";
import { tableCss } from "./table.ts";
import { theme, themeCss } from "./theme.ts";

/** The style sheet of reports and their index: for a desk, a phone, paper; light and dark by the reader's preference. */
export function pageCss(): string {
  return [themeCss(), base, head, body, code, figureCss(), tableCss(), index, narrow, print].join("\n");
}

const { size, width } = theme;

const base = `*,*::before,*::after{box-sizing:border-box}
html{font:${size.text}px/1.6 var(--font);color:var(--ink);background:var(--paper);-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:${width.wide + 64}px;padding:2.5rem 32px 4rem}
h1,h2,h3,h4{line-height:1.25;font-weight:650;text-wrap:balance;letter-spacing:-.006em}
h1{font-size:${size.title}px;margin:0 0 .6rem;letter-spacing:-.015em}
h2{font-size:1.35rem;margin:3.2rem 0 .7rem}
h3{font-size:1.08rem;margin:2.2rem 0 .5rem}
p,ul,ol,dl,blockquote{margin:0 0 .9rem}
p,li{text-wrap:pretty}
ul,ol{padding-left:1.4rem}
li+li{margin-top:.25rem}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
hr{border:0;border-top:1px solid var(--grid);margin:2rem 0}
img,svg{max-width:100%}
time,.number,dd,.tile{font-variant-numeric:tabular-nums}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.3rem .6rem}
.small{font-size:${size.small}px;color:var(--muted)}`;

const head = `.kicker{margin:0 0 .5rem;color:var(--muted);font-size:${size.small}px}
.finding{font-size:1.18rem;line-height:1.5;margin:0 0 1.6rem;max-width:46em;text-wrap:pretty}
.tiles{display:flex;flex-wrap:wrap;gap:1px;margin:0 0 1.1rem;padding:0;list-style:none;background:var(--grid);border:1px solid var(--grid);border-radius:6px;overflow:hidden}
.tile{flex:1 1 150px;background:var(--panel);padding:.75rem .95rem .7rem;margin:0}
.tile+.tile{margin:0}
.tile-label{display:block;color:var(--muted);font-size:.8rem}
.tile-value{display:block;font-size:1.6rem;line-height:1.25;font-weight:600;letter-spacing:-.015em}
.tile-beside{display:block;color:var(--muted);font-size:.8rem;line-height:1.35}
.tile.good .tile-value{color:var(--gain)}
.tile.bad .tile-value{color:var(--loss)}
.tile.warn .tile-value{color:var(--warn)}
.badges{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:0 0 1.3rem;padding:0;list-style:none;font-size:.88rem;line-height:1.45}
.badges li{margin:0;padding-left:1.35rem;position:relative}
.badges li::before{position:absolute;left:0;font-weight:700}
.badges .passed::before{content:"✓";color:var(--gain)}
.badges .failed::before{content:"!";left:.25rem;color:var(--warn)}
.badges b{font-weight:600}
.provenance{display:grid;grid-template-columns:1fr 1fr;gap:.1rem 2.5rem;margin:0;padding:.9rem 0 .2rem;border-top:1px solid var(--grid);font-size:${size.small}px;line-height:1.5}
.provenance div{display:flex;gap:.7rem;min-width:0}
.provenance .wide{grid-column:1/-1}
.provenance dt{flex:0 0 7.2rem;color:var(--muted)}
.provenance dd{margin:0;min-width:0;overflow-wrap:anywhere}
.hash{font-family:var(--mono);font-size:.92em}
.this-run{margin:0;padding:.1rem 0 .8rem;border-bottom:1px solid var(--grid);font-size:${size.small}px;display:flex;gap:.7rem}
.this-run .name{flex:0 0 7.2rem;color:var(--muted)}
.this-run .value{display:flex;flex-wrap:wrap;gap:0 1.2rem}
.contents{margin:1.1rem 0 0;font-size:${size.small}px;line-height:1.5;display:flex;gap:.7rem}
.contents strong{flex:0 0 7.2rem;font-weight:400;color:var(--muted)}
.contents ol{display:flex;flex-wrap:wrap;gap:.1rem 1.4rem;list-style:none;margin:0;padding:0}
.contents li{margin:0}
.contents a{text-decoration-color:transparent}
.contents a:hover{text-decoration-color:currentColor}
.banner{margin:1.1rem 0 1.5rem;padding:.85rem 1.1rem;border:1px solid var(--loss);border-left-width:6px;border-radius:4px;background:var(--panel)}
.banner strong{color:var(--loss)}
.banner p{margin:0}
.banner p+p{margin-top:.3rem}
.banner .message{font-family:var(--mono);font-size:.88rem;overflow-wrap:anywhere}
.stamp{float:right;margin:.2rem 0 .5rem 1rem;padding:.2rem .7rem;border:1.5px solid var(--warn);border-radius:4px;color:var(--warn);font-size:.8rem;font-weight:600;text-transform:uppercase;letter-spacing:.05em}
.watermark{position:fixed;inset:0;z-index:9;pointer-events:none;display:grid;place-items:center;overflow:hidden}
.watermark span{transform:rotate(-28deg);font-size:min(11vw,120px);font-weight:700;letter-spacing:.04em;white-space:nowrap;text-transform:uppercase;color:var(--ink);opacity:.06}`;

const body = `main{display:block}
.prose{max-width:${width.column}px}
main>.prose:first-child{margin-top:2rem}
.prose>:last-child,.output>:last-child{margin-bottom:0}
.prose :where(h2,h3,h4):first-child{margin-top:0}
main>.prose:has(>h2:first-child){margin-top:3.2rem;padding-top:0}
main>.prose:has(>h3:first-child){margin-top:2.2rem}
main>.prose+.cell>.figure:first-child,main>.prose+.cell>.output:first-child{margin-top:1.1rem}
.cell{position:relative;margin:0 0 1rem}
.row{display:grid;grid-template-columns:1fr 1fr;gap:0 2.5rem;align-items:start}
.row .cell{min-width:0}
.row .figure.folds{max-width:460px}
.row .folds .figure-desk{display:none}
.row .folds .figure-phone{display:block}
.output{margin:1.1rem 0;overflow-x:auto}
.drawing svg{color:var(--ink);fill:currentColor}
.sheet img{background:#fff;border-radius:3px;display:block}
blockquote{margin-left:0;padding-left:1rem;border-left:3px solid var(--grid);color:var(--muted)}
.formula{overflow-x:auto;overflow-y:hidden;margin:1.1rem 0;padding-left:1.5rem}
.formula math{width:fit-content}
math{font-size:1.08em}
.table.plain th,.table.plain td{text-align:left;white-space:normal}
.table.plain .number,.table.plain [align=right]{text-align:right;white-space:nowrap}
.table.plain [align=center]{text-align:center}
.table button.sort{all:unset;cursor:pointer}
.table button.sort:hover{color:var(--ink)}
.table button.sort:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.table th[aria-sort] button.sort{color:var(--ink);font-weight:600}
.table th[aria-sort=ascending] button.sort::after{content:" ↑"}
.table th[aria-sort=descending] button.sort::after{content:" ↓"}
.error{margin:1.25rem 0;border:1px solid var(--loss);border-left-width:6px;border-radius:4px;overflow:hidden}
.error p{margin:0;padding:.6rem .9rem;overflow-wrap:anywhere}
.error p strong{color:var(--loss)}
.error pre{margin:0;border-radius:0;background:var(--panel)}
#tip{position:fixed;z-index:10;max-width:320px;padding:.4rem .6rem;border-radius:4px;background:var(--ink);color:var(--paper);font-size:.8rem;line-height:1.4;white-space:pre-line;pointer-events:none;font-variant-numeric:tabular-nums}
#tip[hidden]{display:none}
footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--grid)}`;

const code = `code,pre,kbd{font-family:var(--mono)}
code{font-size:.88em;background:var(--panel);padding:.1em .3em;border-radius:3px}
pre{margin:.9rem 0;padding:.7rem .9rem;font-size:.81rem;line-height:1.5;background:var(--panel);border-radius:4px;overflow-x:auto;tab-size:2}
pre code{font-size:inherit;padding:0;background:none}
pre.stream{background:none;border-left:3px solid var(--grid);border-radius:0;padding:.1rem 0 .1rem .9rem}
pre.stderr{border-color:var(--warn)}
summary{cursor:pointer;color:var(--muted);font-size:${size.small}px;width:fit-content;list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"▸";display:inline-block;width:1.1em;font-size:.85em}
details[open]>summary::before{content:"▾"}
summary:hover{color:var(--ink)}
details.code{margin:.5rem 0 1.2rem}
.cell>.figure+details.code{margin-top:-1.1rem}
.cell>.prose{margin-top:1.1rem}
details.code>summary{font-size:.78rem}
details.code>pre{margin-top:.4rem}
details.long{margin:1rem 0}
.appendix{margin-top:3.5rem;border-top:1px solid var(--grid)}
.appendix>details{border-bottom:1px solid var(--grid);padding:.7rem 0}
.appendix>details>summary{font-size:1rem;color:var(--ink);font-weight:600}
.appendix .mark{color:var(--muted)}
.line-at-fault{display:inline-block;min-width:100%;background:color-mix(in srgb,var(--loss) 16%,transparent);box-shadow:-3px 0 var(--loss)}
.hljs-keyword,.hljs-built_in,.hljs-type{color:var(--accent)}
.hljs-string,.hljs-regexp,.hljs-template-variable{color:var(--gain)}
.hljs-number,.hljs-literal,.hljs-attr{color:var(--momentum)}
.hljs-comment{color:var(--muted);font-style:italic}
.hljs-title{font-weight:600}
.ansi-black-fg,.ansi-bright-black-fg,.ansi-white-fg{color:var(--muted)}
.ansi-red-fg,.ansi-bright-red-fg{color:var(--loss)}
.ansi-green-fg,.ansi-bright-green-fg{color:var(--gain)}
.ansi-yellow-fg,.ansi-bright-yellow-fg{color:var(--warn)}
.ansi-blue-fg,.ansi-bright-blue-fg,.ansi-cyan-fg,.ansi-bright-cyan-fg{color:var(--accent)}
.ansi-magenta-fg,.ansi-bright-magenta-fg{color:var(--random)}`;

const index = `.reports{list-style:none;margin:2rem 0 0;padding:0}
.report{padding:1.3rem 0;border-top:1px solid var(--grid);display:grid;grid-template-columns:11rem 1fr;gap:.2rem 2rem;margin:0}
.report-when{color:var(--muted);font-size:${size.small}px;line-height:1.6;padding-top:.2rem;overflow-wrap:anywhere}
.report-when span,.report-when time{display:block}
.report h2{font-size:1.12rem;margin:0 0 .25rem}
.report h2 a{color:inherit;text-decoration-color:var(--grid)}
.report p{margin:0 0 .5rem;max-width:${width.column}px;font-size:.95rem;line-height:1.5}
.report .numbers{display:flex;flex-wrap:wrap;gap:.15rem 1.6rem;margin:0;padding:0;list-style:none;font-size:.88rem;font-variant-numeric:tabular-nums}
.report .numbers li{margin:0}
.report .numbers span{color:var(--muted)}
.report .badges{margin:.3rem 0 0}
.report .good{color:var(--gain)}
.report .bad,.failed-mark{color:var(--loss)}
.failed-mark{font-weight:600}`;

const narrow = `@media (max-width:700px){
body{padding:1.5rem 16px 3rem}
h1{font-size:1.55rem}
h2{margin-top:2.5rem}
.finding{font-size:1.06rem}
.stamp{float:none;width:fit-content;margin:0 0 .6rem}
.tile{padding:.6rem .75rem;flex-basis:calc(50% - 1px)}
.tile-value{font-size:1.3rem}
.row{grid-template-columns:1fr}
.provenance{grid-template-columns:1fr}
.provenance dt,.this-run .name,.contents strong{flex-basis:5.6rem}
.contents ol{flex-direction:column}
.report{grid-template-columns:1fr}
.report-when{display:flex;flex-wrap:wrap;gap:0 1rem}
}`;

const print = `@media print{
@page{margin:16mm 14mm}
html{font-size:10.5pt}
body{max-width:none;padding:0}
a{color:inherit;text-decoration:none}
.this-run a::after{content:" (" attr(href) ")";overflow-wrap:anywhere}
.contents,.skip,#tip,details.code,footer .small{display:none}
.tiles,.badges,.banner,.error,tr,pre{break-inside:avoid}
h2,h3,.figure-title{break-after:avoid}
p{orphans:3;widows:3}
pre{white-space:pre-wrap}
.table-scroll,.output,.figure-desk{overflow:visible}
.table-scroll{background:none}
.table{font-size:.76rem}
.table th,.table td{padding:.2rem .45rem}
.appendix>details:not([open]){display:none}
.tile{flex-basis:0;min-width:6.5rem;padding:.6rem .7rem}
.tile-value{font-size:1.25rem}
.table-groups .table-scroll{break-inside:avoid}
.prose:has(+.cell){break-after:avoid}
.tile,.banner{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}`;
