import { assertEquals, assertRejects } from "@std/assert";
import { ZmtpSocket } from "../../lib/report/zmtp.ts";

/** A peer that speaks just enough ZMTP to shake hands, and sends back what it gets. */
function echo(greet = 0xff) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    using connection = await listener.accept();
    const greeting = new Uint8Array(64);
    greeting.set([greet, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0, ...new TextEncoder().encode("NULL")]);
    await connection.write(greeting);
    const ready = new TextEncoder().encode("\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER");
    await connection.write(Uint8Array.of(4, ready.length, ...ready));
    const chunk = new Uint8Array(100_000);
    // The greeting and READY of the client come first: 64 bytes, then a frame whose length is its second byte.
    for (let held = new Uint8Array(), open = false;;) {
      const read = await connection.read(chunk).catch(() => null);
      if (read === null) return;
      held = Uint8Array.from([...held, ...chunk.subarray(0, read)]);
      if (!open && held.length > 66 && held.length >= 66 + held[65]) {
        held = held.slice(66 + held[65]);
        open = true;
      }
      if (open && held.length > 0) {
        for (let at = 0; at < held.length;) at += await connection.write(held.subarray(at, at + 7)); // in crumbs
        held = new Uint8Array();
      }
    }
  })();
  return { port: (listener.addr as Deno.NetAddr).port, close: async () => (listener.close(), await done) };
}

Deno.test("a message comes back frame by frame, short, long and empty ones", async () => {
  const peer = echo();
  using socket = await ZmtpSocket.connect(peer.port, "DEALER", "me");
  const frames = [new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(255).fill(7), new Uint8Array(3000).fill(9)];
  await socket.send(frames);
  await socket.send([Uint8Array.of(4)]);
  assertEquals(await socket.receive(), frames);
  assertEquals(await socket.receive(), [Uint8Array.of(4)]);
  socket.close();
  await peer.close();
});

Deno.test("a peer that speaks something else is refused, and one that leaves is told", async () => {
  const stranger = echo(0x48);
  await assertRejects(() => ZmtpSocket.connect(stranger.port, "DEALER"), SyntaxError, "must speak ZMTP 3");
  await stranger.close();
  await assertRejects(() => ZmtpSocket.connect(stranger.port, "SUB"), Deno.errors.ConnectionRefused);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const left = listener.accept().then((connection) => connection.close());
  await assertRejects(() => ZmtpSocket.connect((listener.addr as Deno.NetAddr).port, "SUB"), Error);
  await left;
  listener.close();
});
