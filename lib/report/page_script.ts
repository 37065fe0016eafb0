/**
 * What the page does where it may run a script: tables sort, marks tell their values. Without it the page says
 * everything too. It keeps nothing, asks nothing of the network, and works in a sandboxed frame.
 */
export function pageScript(): string {
  return `(${enhance.toString()})();`;
}

/** Runs in the reader's browser: everything it uses is in here. */
function enhance(): void {
  const collator = new Intl.Collator(undefined, { numeric: true });
  for (const table of document.querySelectorAll<HTMLTableElement>("table.table:not(.pairs)")) {
    const body = table.tBodies[0];
    const headings = [...table.tHead?.rows[0]?.cells ?? []];
    if (!body || body.rows.length < 3 || headings.some(({ colSpan }) => colSpan > 1)) continue;
    const original = [...body.rows];
    const valueOf = (row: HTMLTableRowElement, column: number) => {
      const cell = row.cells[column];
      const text = cell?.dataset.sort ?? cell?.textContent?.trim() ?? "";
      const number = Number(text.replace(/[,\s%]/g, "").replace("−", "-"));
      return text === "" || text === "–" ? undefined : Number.isNaN(number) ? text : number;
    };
    headings.forEach((heading, column) => {
      if (heading.textContent?.trim() === "") return; // a button without a name
      const button = document.createElement("button");
      button.className = "sort";
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const values = new Map(original.map((row) => [row, valueOf(row, column)]));
        const numbers = [...values.values()].some((value) => typeof value === "number");
        const order = numbers ? ["descending", "ascending"] : ["ascending", "descending"];
        const next = order[order.indexOf(heading.ariaSort ?? "") + 1];
        for (const other of headings) other.ariaSort = null;
        if (!next) return body.append(...original); // the third click: as it was
        heading.ariaSort = next;
        const sign = next === "ascending" ? 1 : -1;
        body.append(...original.toSorted((a, b) => {
          const [x, y] = [values.get(a), values.get(b)];
          if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
          const both = typeof x === "number" && typeof y === "number";
          return sign * (both ? x - y : collator.compare(String(x), String(y)));
        }));
      });
    });
  }

  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);
  const texts = new WeakMap<Element, string>();
  const hide = () => void (tip.hidden = true);
  const show = (event: PointerEvent) => {
    const mark = event.target instanceof Element ? event.target.closest("svg *") : null;
    const title = mark?.querySelector(":scope > title");
    if (mark && title) {
      texts.set(mark, title.textContent ?? "");
      mark.setAttribute("aria-label", title.textContent ?? "");
      title.remove(); // the browser's own, late and small, would come on top
    }
    const text = mark && texts.get(mark);
    if (!text) return hide();
    tip.textContent = text;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const left = event.clientX + 14 + width > innerWidth - 8 ? event.clientX - 14 - width : event.clientX + 14;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${Math.max(8, Math.min(event.clientY - height - 10, innerHeight - height - 8))}px`;
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("pointerleave", hide);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());

  // A link inside the page also works where the page is a frame without an address, and opens the fold it points into.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    const target = link && document.getElementById(decodeURIComponent(link.getAttribute("href")!.slice(1)));
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) {
      fold.open = true;
    }
    if (!/^(about|blob|data):$/.test(location.protocol)) return;
    event.preventDefault();
    target.scrollIntoView();
  });
}
