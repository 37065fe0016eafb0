/** A letter as it came in. */
export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string; // headers and body
  readonly user: string | undefined; // of AUTH PLAIN
}

/** A mail server on loopback. Disposing ends it. */
export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly letters: readonly Received[];
  /** The next letters get these answers instead of being taken: "451 later". */
  refuse(...answers: readonly string[]): void;
}

/** SMTP (RFC 5321), as far as a client that sends one letter needs it. */
export function smtpServer(): SmtpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const letters: Received[] = [];
  const refusals: string[] = [];
  const serving = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const work = serve(connection, letters, refusals).finally(() => serving.delete(work));
      serving.add(work);
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    letters,
    refuse: (...answers) => void refusals.push(...answers),
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}

async function serve(connection: Deno.Conn, letters: Received[], refusals: string[]): Promise<void> {
  using _ = connection;
  const say = (line: string) => connection.write(new TextEncoder().encode(`${line}\r\n`));
  const letter = { from: "", to: [] as string[], user: undefined as string | undefined };
  const lines = linesOf(connection);
  const next = async () => (await lines.next()).value ?? "QUIT";
  await say("220 local ESMTP");
  for (let line = await next();; line = await next()) {
    const [verb] = line.split(" ");
    const address = /<(.*)>/.exec(line)?.[1] ?? "";
    if (verb === "EHLO") await say("250-local\r\n250 AUTH PLAIN");
    else if (verb === "AUTH") {
      letter.user = atob(line.split(" ")[2]).split("\0")[1];
      await say("235 welcome");
    } else if (verb === "MAIL") {
      letter.from = address;
      await say(refusals.shift() ?? "250 ok");
    } else if (verb === "RCPT") {
      letter.to.push(address);
      await say("250 ok");
    } else if (verb === "DATA") {
      await say("354 go on");
      const body: string[] = [];
      for (let words = await next(); words !== "."; words = await next()) body.push(words);
      letters.push({ ...letter, text: body.join("\n") });
      await say("250 taken");
    } else if (verb === "QUIT") return void await say("221 bye").catch(() => 0); // or it has gone already
    else await say("502 what?");
  }
}

async function* linesOf(connection: Deno.Conn): AsyncGenerator<string> {
  let kept = "";
  const chunk = new Uint8Array(4096);
  for (;;) {
    const count = await connection.read(chunk).catch(() => null); // cut
    if (count === null) return;
    kept += new TextDecoder().decode(chunk.subarray(0, count));
    const lines = kept.split("\r\n");
    kept = lines.pop() ?? "";
    yield* lines;
  }
}
