import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import pl from "nodejs-polars";
import { rng } from "../../lib/base/random.ts";
import { exists } from "../../lib/base/files.ts";
import { hashCandles, mapColumns } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import {
  fromFrame,
  readCandles,
  readColumns,
  readTable,
  toFrame,
  writeCandles,
  writeColumns,
} from "../../lib/data/frames.ts";
import { bars, hour, start, temporaryFolder } from "./bars.ts";

const random = rng(1);
const plain = synthetic(200, random, { symbol: "BTC/USDT", price: 0.1 + 0.2 });
const funding = Float64Array.from(plain.time, (_, t) => (t % 7 === 0 ? NaN : random() * 1e-9));
const candles = { ...plain, filled: Uint8Array.from(plain.time, (_, t) => (t % 50 === 1 ? 1 : 0)), extra: { funding } };

async function read(text: string | Uint8Array, name = "BTC-USDT_1h.csv") {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/${name}`;
  await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
  return await readTable(path);
}

const rows = [0, 1, 2].map((t) => [start + t * hour, 10 + t, 12 + t, 9 + t, 11 + t, 5]);
const csv = (header: string, lines: readonly (readonly unknown[])[] = rows, separator = ",") =>
  [header, ...lines.map((line) => line.join(separator))].join("\n") + "\n";
const header = "timestamp,$open,$high,$low,$close,$volume";

Deno.test("candles survive a frame, CSV and parquet to the last bit", async () => {
  await using folder = await temporaryFolder();
  assertEquals(hashCandles(fromFrame(toFrame(candles), { symbol: "BTC/USDT" })), hashCandles(candles));
  for (const ending of ["csv", "parquet"]) {
    const path = `${folder.path}/made/anew/BTC-USDT.${ending}`;
    await writeCandles(path, candles);
    assertEquals(hashCandles((await readTable(path)).candles), hashCandles(candles), ending);
  }
  assertEquals(
    hashCandles(await readCandles(`${folder.path}/made/anew/BTC-USDT.parquet`, candles)),
    hashCandles(candles),
  );
});

Deno.test("a frame has times as dates, $ columns, filled as truth, and the extra ones", () => {
  const df = toFrame(candles);
  assertEquals(df.columns, ["timestamp", "$open", "$high", "$low", "$close", "$volume", "filled", "funding"]);
  const [first] = df.toRecords();
  assertEquals((first.timestamp as unknown as Date).getTime(), candles.time[0]);
  assertEquals(first.filled, false);
});

Deno.test("a frame of anyone's making is understood: other names, Int64 seconds, nulls, truths, texts", () => {
  const df = pl.DataFrame({
    Date: pl.Series("Date", Float64Array.of(start / 1e3, start / 1e3 + 60), pl.Float64).cast(pl.Int64),
    open: [1, 2],
    high: [3, 3],
    low: [1, 1],
    close: [2, null],
    volume: [10, 10],
    signal: [true, false],
    exchange: ["a", "b"],
  });
  const { time, $close, extra, step, symbol } = fromFrame(df, { symbol: "A/B" });
  assertEquals([[...time], [...$close], [...extra.signal], step, symbol], [
    [start, start + 6e4],
    [2, NaN],
    [1, 0],
    6e4,
    "A/B",
  ]);
});

Deno.test("times of any parquet type are read; categories and further times are left out and said", async () => {
  await using folder = await temporaryFolder();
  const epoch = pl.Series("t", Float64Array.from(rows, ([time]) => time * 1e3), pl.Float64).cast(pl.Int64);
  const kinds = { us: pl.Datetime("us"), zoned: pl.Datetime("us", "America/New_York"), none: pl.Int64 };
  for (const [kind, type] of Object.entries(kinds)) {
    const df = toFrame(bars([11, 12, 13])).withColumns(
      epoch.cast(type).rename("timestamp"),
      pl.Series("venue", ["a", "b", "a"]).cast(pl.Categorical),
      epoch.cast(pl.Datetime("us")).rename("settled"),
    );
    await Deno.writeFile(`${folder.path}/a.parquet`, df.writeParquet({ compression: "snappy" }));
    const { candles, notes } = await readTable(`${folder.path}/a.parquet`);
    assertEquals([...candles.time], rows.map(([time]) => time), kind);
    assertEquals(notes.map((note) => note.split(" ")[1]), ['"venue"', '"settled"']);
  }
});

Deno.test("CSV is read with comma, semicolon or tab, quotes, BOM, CRLF, a line before the header, or UTF-16", async () => {
  const wide = new Uint8Array(Uint16Array.from("\ufeff" + csv(header), (c) => c.charCodeAt(0)).buffer);
  const files: [string, string | Uint8Array][] = [
    ["comma", csv(header)],
    ["semicolon", csv(header.replaceAll(",", ";"), rows, ";")],
    ["tab", csv(header.replaceAll(",", "\t"), rows, "\t")],
    ["quotes", csv(header, rows).replaceAll(/[^,\n]+/g, '"$&"')],
    ["BOM", "\ufeff" + csv(header)],
    ["CRLF", csv(header).replaceAll("\n", "\r\n")],
    ["address first", "https://www.example.com\n" + csv(header)],
    ["UTF-16", wide],
    ["no last newline, blank lines", csv(header).trimEnd().replace("\n", "\n\n\n")],
    ["spaces", csv(header.replaceAll(",", " , "), rows, " , ")],
  ];
  const expected = hashCandles((await read(csv(header))).candles);
  for (const [name, text] of files) assertEquals(hashCandles((await read(text)).candles), expected, name);
});

Deno.test("a file without a header is taken when it has ccxt's 6 columns or Binance's 12, and that is said", async () => {
  const six = await read(csv(header).split("\n").slice(1).join("\n"));
  assertEquals([...six.candles.$close], [11, 12, 13]);
  assert(six.notes[0].startsWith("no header"));
  const twelve = await read(rows.map((row) => [...row, row[0] + hour - 1, 55, 7, 1, 2, 0].join(",")).join("\n"));
  assertEquals([...twelve.candles.$volume], [5, 5, 5]);
  assertEquals(Object.keys(twelve.candles.extra).includes("quote_volume"), true);
});

Deno.test("the symbol comes from the file's name, the step from the times", async () => {
  const { candles } = await read(csv(header), "coinbase_BTC-USD_1h_raw.csv");
  assertEquals([candles.symbol, candles.step], ["BTC/USD", hour]);
  assertEquals((await read(csv(header), "ETHUSDT-1h.csv")).candles.symbol, "ETH/USDT");
  assertEquals((await read(csv(header), "my candles.csv")).candles.symbol, "my candles");
});

Deno.test("further numeric columns are kept, texts and empty ones left out and said", async () => {
  const { candles, notes } = await read(
    csv(
      header + ",funding,venue,empty,flag",
      rows.map((row, t) => [...row, t === 1 ? "oops" : t / 10, "x", "", "true"]),
    ),
  );
  assertEquals(Object.keys(candles.extra), ["funding", "flag"]);
  assertEquals([...candles.extra.funding], [0, NaN, 0.2]);
  assertEquals([...candles.extra.flag], [1, 1, 1]);
  assertEquals(notes, [
    'column "funding" has 1 cell that is no number and counts as missing: row 2 "oops"',
    'column "venue" is not numeric and was left out',
    'column "empty" is empty and was left out',
  ]);
});

Deno.test("cells that are no numbers, rows without a time and short rows count as missing, and are said", async () => {
  const { candles, notes } = await read(
    `${header}\n${start},1,2,0.5,n/a,5\n${start + hour},1,2,0.5,abc,5\nyesterday,1,2,0.5,1,5\n${
      start + 2 * hour
    },1,2\n`,
  );
  assertEquals([...candles.$close], [NaN, NaN, NaN]);
  assertEquals(candles.length, 3);
  assertEquals(notes, [
    "1 row without a readable time left out: row 3",
    'column "$close" has 1 cell that is no number and counts as missing: row 2 "abc"',
  ]);
});

Deno.test("an empty, one-bar, headerless or unreadable file gets a clear error", async () => {
  const one = csv(header, rows.slice(0, 1));
  const texts: [string, string][] = [
    ["", "is empty"],
    ["PK\x03\x04\0\0", "is no text"],
    [" \n\n", "is empty"],
    [header + "\n", "no rows"],
    [header, "no rows"],
    [one, "at least 2 bars are needed: it has one bar"],
    [csv(header, [rows[0], rows[0]]), "bars of one time only"],
    ["a,b,c\n1,2,3\n", 'has no column "timestamp"'],
    ["1,2,3\n4,5,6\n", 'has no column "timestamp"'],
    [csv(header.replace("$volume", "turnover_x")), 'has no column "$volume"'],
    [csv(header, rows.map(([, ...rest]) => ["soon", ...rest])), "holds no times"],
    [
      csv(header, rows.map((row) => [...row.slice(0, 4), "1.234,5".replace(",", "·"), 5])),
      'column "$close" must be numbers',
    ],
    [csv(header + ",$close", rows.map((row) => [...row, 1])), 'two columns named "$close"'],
  ];
  for (const [text, part] of texts) await assertRejects(() => read(text), RangeError, part);
});

Deno.test("a missing file and a foreign ending get a clear error", async () => {
  await assertRejects(() => readTable("nowhere/none.csv"), Deno.errors.NotFound, "none.csv as there is no such file");
  await assertRejects(() => readTable("candles.xlsx"), RangeError, "must be .csv or .parquet");
  await assertRejects(() => writeCandles("candles.json", candles), RangeError, "must be .csv or .parquet");
});

Deno.test("a parquet file cut short anywhere is found, never read as something else", async () => {
  await using folder = await temporaryFolder();
  await writeCandles(`${folder.path}/a.parquet`, candles);
  const whole = await Deno.readFile(`${folder.path}/a.parquet`);
  for (const length of [0, 1, 11, whole.length >> 1, whole.length - 1]) {
    await Deno.writeFile(`${folder.path}/b.parquet`, whole.subarray(0, length));
    await assertRejects(
      () => readTable(`${folder.path}/b.parquet`),
      SyntaxError,
      "b.parquet as parquet as the file is",
    );
  }
  await writeColumns(`${folder.path}/c.parquet`, { timestamp: plain.time });
  await assertRejects(() => readCandles(`${folder.path}/c.parquet`, plain), SyntaxError, "has no $open");
});

Deno.test("columns of results come back with their types, texts and missing values", async () => {
  await using folder = await temporaryFolder();
  const content = {
    equity: Float64Array.of(1, NaN, -0, 1e300),
    weight: Float32Array.of(0.1, NaN, 1, 2),
    bar: Int32Array.of(-1, 0, 1, 2 ** 31 - 1),
    side: Uint8Array.of(0, 1, 255, 3),
    label: ["a", "", "ü,\n", "d"],
  };
  await writeColumns(`${folder.path}/run.parquet`, content);
  assertEquals(await readColumns(`${folder.path}/run.parquet`), content);
  const none = { equity: new Float64Array(0), label: [] };
  await writeColumns(`${folder.path}/none.parquet`, none);
  assertEquals(await readColumns(`${folder.path}/none.parquet`), none);
});

Deno.test("nothing is left of a file that could not be written, and the old one stays", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "in the way");
  await assertRejects(
    () => writeCandles(`${folder.path}/file/a.parquet`, candles),
    Error,
    "Cannot write a.parquet as its folder does not take it",
  );
  await writeCandles(`${folder.path}/a.parquet`, candles);
  const short = { ...candles, $open: candles.$open.subarray(1) };
  await assertRejects(() => writeCandles(`${folder.path}/a.parquet`, short), Error);
  assertEquals(hashCandles(await readCandles(`${folder.path}/a.parquet`, candles)), hashCandles(candles));
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["a.parquet", "file"]);
  assert(!(await exists(`${folder.path}/file/a.parquet`)));
});

Deno.test("reading owns its memory: changing candles of a frame leaves the frame alone", () => {
  const df = toFrame(bars([1, 2, 3]));
  const first = fromFrame(df, { symbol: "A/B" });
  mapColumns(first, (column) => column.fill(7) as typeof column);
  assertEquals([...fromFrame(df, { symbol: "A/B" }).$close], [1, 2, 3]);
  assertThrows(() => fromFrame(df.drop("$close"), { symbol: "A/B" }), RangeError, "$close");
});
