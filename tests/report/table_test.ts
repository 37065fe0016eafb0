import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DISPLAY } from "../../lib/base/display.ts";
import { besideEachOther, formatTable, keyValues, table } from "../../lib/report/table.ts";

interface Trade {
  entry: number;
  side: string;
  profit: number;
  maxDrawdown: number;
}

const trades: Trade[] = [
  { entry: Date.UTC(2018, 0, 1), side: "long", profit: -12.5, maxDrawdown: -0.25 },
  { entry: Date.UTC(2018, 0, 2, 5), side: "short", profit: 1234, maxDrawdown: -0.011 },
  { entry: Date.UTC(2018, 0, 3), side: "long", profit: NaN, maxDrawdown: 0 },
];
const units = { entry: "date", profit: "USD", maxDrawdown: "%" };

Deno.test("a terminal gets aligned columns with units in the heading", () => {
  assertEquals(
    formatTable(trades, { units, caption: "Trades" }),
    [
      "Trades",
      "Entry             Side   Profit, USD  Max drawdown, %",
      "────────────────  ─────  ───────────  ───────────────",
      "2018-01-01 00:00  long        −12.50            −25.0",
      "2018-01-02 05:00  short     1,234.00             −1.1",
      "2018-01-03 00:00  long             –              0.0",
    ].join("\n"),
  );
});

Deno.test("rows are sorted either way with what is missing last, and what is left out is said", () => {
  const order = (sort: "profit" | "-profit") =>
    formatTable(trades, { sort, columns: ["profit"], units }).split("\n").slice(2).map((line) => line.trim());
  assertEquals(order("profit"), ["−12.50", "1,234.00", "–"]);
  assertEquals(order("-profit"), ["1,234.00", "−12.50", "–"]);
  assertEquals(formatTable(trades, { sort: "-profit", limit: 1, columns: ["side"] }).split("\n").slice(2), [
    "short",
    "the first 1 of 3 rows",
  ]);
});

Deno.test("sorting does not touch the rows", () => {
  const before = structuredClone(trades);
  table(trades, { sort: "-entry" });
  assertEquals(trades, before);
});

Deno.test("the page's table carries raw values for its sorter, and marks negative money and shares", () => {
  const { html } = table(trades, { units });
  assertStringIncludes(html, '<td class="negative" data-sort="-12.5" style="color:#c2321f">−12.50</td>');
  assertStringIncludes(
    html,
    '<td class="left date" data-sort="1514764800000" style="text-align:left">2018-01-01 00:00</td>',
  );
  assertStringIncludes(html, '<th scope="col" data-type="text" class="left" style="text-align:left">Side</th>');
  assertStringIncludes(html, '<th scope="col" data-type="number">Profit, USD</th>');
  assertStringIncludes(html, "<td>–</td>"); // without a value to sort by: last in both directions
  assertEquals(html.includes('"negative" data-sort="0"'), false);
});

Deno.test("dates without a time of day have none, and a column may write each number with its own digits", () => {
  const days = formatTable([{ at: Date.UTC(2018, 0, 1), price: 8123.4 }, { at: Date.UTC(2018, 0, 2), price: 0.0123 }], {
    columns: [{ key: "at", unit: "date" }, { key: "price", digits: "each" }],
  });
  assertEquals(days.split("\n").slice(2), ["2018-01-01   8,123", "2018-01-02  0.0123"]);
  const prices = formatTable([{ price: 143 }, { price: 182.3 }], { columns: [{ key: "price", digits: "each" }] });
  assertEquals(prices.split("\n").slice(2), ["143.0", "182.3"]); // 143 by chance
});

Deno.test("tables beside each other keep their own columns, and follow each other in a terminal", () => {
  const { html, text } = besideEachOther([keyValues({ a: 1 }, { caption: "One" }), keyValues({ b: 2 })]);
  assertEquals(html.match(/<table/g)?.length, 2);
  assertEquals(text, "One\na  1\n\nb  2");
});

Deno.test("cells that hold markup are text", () => {
  const { html, text } = table([{ "<b>": "<script>&", note: null }]);
  assertEquals(html.includes("<script>") || html.includes("<b>"), false);
  assertStringIncludes(text, "<script>&");
});

Deno.test("no rows is said, in both forms", () => {
  assertStringIncludes(table([]).html, "no rows");
  assertStringIncludes(formatTable([], { columns: ["a" as never] }), "no rows");
});

Deno.test("a column or sort key that no row has is an error that names the nearest", () => {
  assertThrows(() => table(trades, { columns: ["profits" as "profit"] }), RangeError, 'nearest is "profit"');
  assertThrows(() => table(trades, { sort: "-prfit" as "-profit" }), RangeError, 'nearest is "profit"');
});

Deno.test("a column has equal decimals, by its largest value; digits, sign, label and align can be set", () => {
  const rows = [{ sharpe: 1.23456, bars: 12, price: 0.000123 }, { sharpe: -0.2, bars: 3, price: 0.01 }];
  const columns = [{ key: "sharpe", sign: true }, { key: "bars", label: "T", align: "left" }, {
    key: "price",
    digits: 6,
  }] as const;
  assertEquals(
    formatTable(rows, { columns }),
    ["Sharpe  T      Price", "──────  ──  ────────", " +1.23  12  0.000123", " −0.20  3   0.010000"].join("\n"),
  );
});

Deno.test("booleans, big integers, dates and durations are words that people read", () => {
  const rows = [{ ok: true, n: 12345678901234n, at: new Date(Date.UTC(2020, 0, 1)), held: 76 * 36e5 }];
  const [, , line] = formatTable(rows, { units: { held: "duration" } }).split("\n");
  assertEquals(line.split(/\s{2,}/).filter(Boolean), ["yes", "12,345,678,901,234", "2020-01-01", "3 d 4 h"]);
});

Deno.test("names and values make a small table with their units", () => {
  const shown = keyValues({ Bars: 20111, Return: -0.123, Fee: 10, Source: "Coinbase", Start: 0 }, {
    units: { Return: "%", Fee: "bps", Start: "date" },
    caption: "Data",
  });
  assertEquals(
    shown.text,
    "Data\nBars    20,111\nReturn  −12.3 %\nFee     10 bps\nSource  Coinbase\nStart   1970-01-01",
  );
  assertEquals(Object.keys(shown[DISPLAY]()), ["text/html", "text/plain"]);
});
