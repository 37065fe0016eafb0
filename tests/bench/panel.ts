/**
 * How the panel holds out: event streams that are open at once, how late the last of them hears of something, and what it
 * costs. `deno run -A tests/bench/panel.ts [clients]`
 */
import { quantile } from "../../lib/base/stats.ts";
import { openHub } from "../../lib/panel/hub.ts";

const clients = Number(Deno.args[0] ?? 200);
const messages = 100;
using hub = openHub();
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response(hub.open(), { headers: { "content-type": "text/event-stream" } }),
);
const late: number[][] = Array.from({ length: messages }, () => []);
const sent: number[] = [];
const listen = async () => {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const buffer = new Uint8Array(1 << 16);
  const decoder = new TextDecoder();
  for (let seen = 0; seen < messages;) {
    const text = decoder.decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
    for (const [, i] of text.matchAll(/"i":(\d+)/g)) {
      late[Number(i)].push(performance.now() - sent[Number(i)]);
      seen++;
    }
  }
};
const all = Promise.all(Array.from({ length: clients }, listen));
while (hub.clients < clients) await new Promise((resolve) => setTimeout(resolve, 20));
const before = Deno.memoryUsage().rss;
const padding = "x".repeat(1000); // as large as a trainer's metrics
for (let i = 0; i < messages; i++) {
  sent[i] = performance.now();
  hub.send("told", { i, padding });
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await all;
const last = late.map((times) => Math.max(...times)).sort((a, b) => a - b);
console.log(
  `${clients} clients, ${messages} messages of 1 kB, 20 a second, clients and server in one process: the last client ` +
    `hears after ${quantile(last, 0.5).toFixed(1)} ms (median), ${quantile(last, 0.99).toFixed(1)} ms (99 %); memory ` +
    `+${((Deno.memoryUsage().rss - before) / 2 ** 20).toFixed(1)} MiB`,
);
await server.shutdown();
