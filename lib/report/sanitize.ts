import { parseHTML } from "linkedom";

const dropped = new Set([
  ...[
    "script",
    "noscript",
    "template",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "link",
    "meta",
    "base",
  ],
  ...["form", "portal", "audio", "video", "source", "track", "foreignobject", "animate", "set"],
]);
const urls = new Set([
  "href",
  "src",
  "xlink:href",
  "srcset",
  "poster",
  "background",
  "data",
  "action",
  "formaction",
  "ping",
]);

/**
 * HTML of an output made fit for a page that refers to nothing outside: scripts, frames and handlers go, images stay
 * if they are in the page, links stay if they are for a person to click. What was left open is closed.
 */
export function sanitizeHtml(html: string): string {
  const { document } = parseHTML(
    `<!doctype html><html><body>${html.replace(/<\/?(?:html|head|body)\b[^>]*>/gi, "")}</body></html>`,
  );
  clean(document.body);
  return document.body.innerHTML;
}

function clean(parent: Element): void {
  for (const element of [...parent.children]) {
    const name = element.tagName.toLowerCase();
    if (dropped.has(name)) {
      element.remove();
      continue;
    }
    for (const { name: attribute, value } of [...element.attributes]) {
      const key = attribute.toLowerCase();
      if (key.startsWith("on") || key === "srcdoc" || (urls.has(key) && !allowed(name, key, value))) {
        element.removeAttribute(attribute);
      } else if (key === "style") element.setAttribute(attribute, cleanCss(value));
    }
    if (name === "img" && !element.hasAttribute("src")) {
      element.replaceWith(element.ownerDocument.createTextNode(element.getAttribute("alt") ?? ""));
      continue;
    }
    if (name === "style") element.textContent = cleanCss(element.textContent ?? "");
    if (name === "a" && /^https?:/i.test(element.getAttribute("href") ?? "")) element.setAttribute("rel", "noopener");
    clean(element);
  }
}

function allowed(element: string, attribute: string, value: string): boolean {
  const url = value.replace(/[\s\p{Cc}]/gu, "").toLowerCase();
  if (url.startsWith("#")) return true;
  if (element === "a" && attribute === "href") {
    return /^(https?:|mailto:)/.test(url) || !/^[a-z][a-z0-9+.-]*:|^\/\/|^\//.test(url);
  }
  return /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/.test(url);
}

function cleanCss(css: string): string {
  return css
    .replace(/@import[^;]*;?/gi, "")
    .replace(/url\(\s*(["']?)(?!#|data:image\/)[^)]*\)/gi, "none")
    .replace(/position\s*:\s*(fixed|sticky)/gi, "position:static");
}

/** Gives tables without a style of their own the page's: in a box that scrolls, numbers to the right. */
export function plainTables(html: string): string {
  return html.replace(/<table\b([^>]*)>([\s\S]*?)<\/table>/gi, (whole, attributes: string, inner: string) => {
    if (/class="[^"]*\btable\b/.test(attributes)) return whole;
    const numeric = inner.replace(
      /<t([dh])\b([^>]*)>((?:(?!<\/?t[dh]\b)[\s\S])*)<\/t\1>/gi,
      (cell, kind, rest, text) => {
        const plain = text.replace(/<[^>]*>/g, "").trim();
        const isNumber = kind === "d" && /^[-+−]?[\d,]*\.?\d+(?:e[-+]?\d+)?(?:\s?(?:%|[A-Za-z]{1,5}))?$/.test(plain);
        return isNumber ? `<td class="number"${rest.replace(/ class="[^"]*"/, "")}>${text}</td>` : cell;
      },
    );
    return `<div class="table-scroll"><table class="table plain">${numeric}</table></div>`;
  });
}
