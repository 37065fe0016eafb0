import { assert, assertEquals, assertMatch } from "@std/assert";

const base = (name: string) => JSON.stringify(new URL(`../../lib/base/${name}.ts`, import.meta.url).href);

/** Runs code in a process of its own and gives what it wrote. */
async function written(code: string, env: Record<string, string> = {}, permissions = ["--allow-env"]) {
  const script = `import { log } from ${base("log")}; import { Secret } from ${base("secret")};
    import { progress } from ${base("progress")}; ${code}`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    const args = ["run", "--no-config", "--no-prompt", "--no-check", ...permissions, path];
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { LOG_FORMAT: "", LOG_LEVEL: "", NO_COLOR: "1", ...env },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert(success, text(stderr));
    return { out: text(stdout), lines: text(stderr).split("\n").filter((line) => line !== "") };
  } finally {
    await Deno.remove(path);
  }
}

const sample = `
  const key = new Secret('s3cr"et-key');
  log("debug", "unseen");
  log("info", "fetched", { bars: 3, key, note: 'with s3cr"et-key inside' });
  const knot: Record<string, unknown> = { big: 12n, fault: new RangeError("no such pair"), same: [1] };
  knot.self = knot; knot.again = knot.same;
  log("error", "odd things", knot);`;

Deno.test("lines for people go to standard error, without secrets and without those below the level", async () => {
  const { out, lines } = await written(sample);
  assertEquals(out, "");
  assertEquals(lines.length, 2);
  assertMatch(lines[0], /^info fetched bars=3 key="?\*\*\*"? note=with \*\*\* inside$/);
  assertMatch(lines[1], /^error odd things big="12" fault="RangeError: no such pair" same=\[1\]/);
});

Deno.test("JSON lines hold one object each, whatever the fields, and a field cannot pass for the message", async () => {
  const { lines } = await written(`${sample} log("warn", "real", { message: "false", level: "info" });`, {
    LOG_FORMAT: "json",
    LOG_LEVEL: "debug",
  });
  const entries = lines.map((line) => JSON.parse(line));
  assertEquals(entries.map(({ level, message }) => `${level} ${message}`), [
    "debug unseen",
    "info fetched",
    "error odd things",
    "warn real",
  ]);
  assertEquals([entries[1].key, entries[1].note], ["***", "with *** inside"]);
  assertEquals([entries[2].big, entries[2].fault, entries[2].same, entries[2].again], [
    "12",
    "RangeError: no such pair",
    [1],
    [1],
  ]);
  assert(entries.every(({ time }) => new Date(time).toISOString() === time));
});

Deno.test("without permission to read the environment a line is still written", async () => {
  assertEquals((await written(`log("info", "hello");`, {}, [])).lines, ["info hello"]);
});

Deno.test("a progress bar away from a terminal writes a line now and then, to standard error alone", async () => {
  const { out, lines } = await written(`
    { using bar = progress("work", { pause: 0 }); for (let i = 0; i <= 1000; i++) bar.update(i, 1000, "bars"); }
    { using quick = progress("quick", { pause: 600_000 }); quick.update(0, 2); quick.update(2, 2); }
    { using quiet = progress("quiet", { quiet: true }); quiet.update(1, 2); }
    { using open = progress("open", { pause: 0 }); for (let i = 0; i < 50; i++) open.update(i, Infinity); }
    { using empty = progress("empty", { pause: 0 }); empty.update(0, 0); }`);
  assertEquals(out, "");
  const work = lines.filter((line) => line.startsWith("work"));
  assertEquals(work.length, 11);
  assertMatch(work[0], /^work +0 % .*bars$/);
  assertMatch(work[10], /^work 100 %/);
  assertEquals(lines.filter((line) => line.startsWith("qui")), []);
  assertEquals(lines.filter((line) => line.startsWith("open")).length, 1);
  assertMatch(lines.at(-1) ?? "", /^empty 100 %/);
});

Deno.test("work goes on where nobody reads standard error any more", async () => {
  const code = `import { log } from ${base("log")}; import { progress } from ${base("progress")};
    await Deno.stdin.readable.pipeTo(new WritableStream()); // until the pipe is closed
    using bar = progress("work", { pause: 0 });
    for (let i = 0; i <= 10; i++) { log("warn", "to nobody"); bar.update(i, 10); }
    console.log("to its end");`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stderr.cancel();
  await child.stdin.close();
  const [said, { code: exit }] = await Promise.all([new Response(child.stdout).text(), child.status]);
  assertEquals([exit, said], [0, "to its end\n"]);
});
