/** A stage for tests, in the place of `lab …`: `fake_stage.ts EVENTS WORDS…`. What it does is said by `--set run.experiment=…`. */
const [events, ...words] = Deno.args;
const does = words.find((word) => word.startsWith("run.experiment="))?.split("=")[1] ?? "finishes";
const tell = (event: unknown) => Deno.writeTextFileSync(events, JSON.stringify(event) + "\n", { append: true });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let stopped = false;
Deno.addSignalListener("SIGINT", () => void (stopped = does !== "deaf"));
if (does !== "deaf") Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(99)); // the panel is gone

tell({ kind: "progress", label: words[0], done: 0, total: 100, note: "begins" });
tell({
  kind: "run",
  id: "1",
  name: `a run whose name is as long as ${"a sweep's ".repeat(5)}`,
  url: "http://127.0.0.1/",
});
tell({ kind: "metrics", step: 1, values: { "train/approx_kl": 0.01 } });
console.log(`does ${words.join(" ")}`);

if (does === "fails") {
  console.error("error Cannot go on as the bars are too few: current value is 3");
  Deno.exit(1);
}
if (does === "writes") {
  const [, folder] = words.find((word) => word.startsWith("data.exchange="))!.split("=");
  const facts = {
    schema: 1,
    name: "a",
    title: "A made up report",
    status: "finished",
    finding: "It was found.",
    metrics: {},
  };
  const block = (id: string, value: unknown) =>
    `<script type="application/json" id="${id}">${JSON.stringify(value)}</script>`;
  const page = `<!doctype html><title>A made up report</title><h1>It was found.</h1>${block("candelabra", facts)}` +
    block("candelabra-run", { time: 1.7e12 });
  Deno.writeTextFileSync(`${folder}/a-1.html`, page);
  tell({ kind: "page", path: "reports/a-1.html" });
}
if (does === "garbage") {
  Deno.writeTextFileSync(events, 'not json\n{"kind":"bar"}\n{"kind":"nothing known"}\n[1]\nnull\n', { append: true });
}
const start = Date.now();
for (let i = 1; does === "goes on" || does === "deaf"; i++) {
  await pause(30);
  const bar = 1.7e12 + 6e4 * i;
  tell({ kind: "progress", label: words[0], done: i % 100, total: 100, note: `step ${i}` });
  tell({ kind: "metrics", step: i, values: { "train/approx_kl": Math.abs(Math.sin(i / 9)) / 100 } });
  if (words[0] === "paper") {
    tell({ kind: "bar", symbol: "BTC/USDT", bar, ohlcv: [100, 101, 99, 100 + Math.sin(i / 5), 3] });
    tell({
      kind: "account",
      bar,
      equity: 10_000 + i,
      cash: 5000,
      drawdown: 0.01,
      weights: { "BTC/USDT": Math.sin(i / 7) },
    });
    tell({ kind: "book", symbol: "BTC/USDT", bids: [[99, 1], [98, 2]], asks: [[101, 1], [102, 3]] });
    if (i % 5 === 0) tell({ kind: "fill", bar, symbol: "BTC/USDT", units: i % 2 ? 1 : -1, price: 100, fee: 0.1 });
  }
  if (stopped || Date.now() - start > 300_000) Deno.exit(words[0] === "paper" ? 0 : 130); // a trader ends well
}
tell({ kind: "progress", label: words[0], done: 100, total: 100, note: "" });
tell({
  kind: "metrics",
  step: null,
  values: { total_return: 0.12, sharpe_ratio: 1.5, "buy_and_hold/total_return": 0.1 },
});
Deno.exit(0);
