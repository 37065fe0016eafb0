import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startJupyterLab } from "../../lib/report/jupyter_lab.ts";
import { ensurePython } from "../../lib/track/python.ts";
import { writeShellScript } from "../shell_script.ts";

Deno.test("JupyterLab starts on loopback with a token, runs all cells at once without losing a line, and ends", async () => {
  const { python } = await ensurePython();
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/notebooks`);
  Deno.env.set("EXCHANGE_API_KEY", "not-for-notebooks");
  try {
    await using lab = await startJupyterLab({ python, root, port: 18_888 });
    Deno.env.delete("EXCHANGE_API_KEY");
    const origin = new URL(lab.url).origin;
    const stranger = await fetch(`${origin}/api/kernels`);
    await stranger.body?.cancel();
    assertEquals([new URL(origin).hostname, stranger.status], ["127.0.0.1", 403]);

    const headers = { authorization: `token ${lab.token}` };
    const { default: kernel, kernelspecs } = await (await fetch(`${origin}/api/kernelspecs`, { headers })).json();
    assertEquals([kernel, Object.keys(kernelspecs)], ["candelabra", ["candelabra"]]);
    const body = JSON.stringify({ name: kernel, path: "notebooks" });
    const { id } = await (await fetch(`${origin}/api/kernels`, { method: "POST", headers, body })).json();

    const lines = (c: number) => Array.from({ length: 100 }, (_, i) => `cell ${c} line ${i}\n`).join("");
    const outputs = await runAll(`${origin.replace("http", "ws")}/api/kernels/${id}/channels?token=${lab.token}`, [
      ...Array.from({ length: 40 }, (_, c) => `for (let i = 0; i < 100; i++) console.log("cell ${c} line", i);`),
      'console.log(Deno.env.get("EXCHANGE_API_KEY"), Deno.env.get("JUPYTER_TOKEN"))',
      'console.log(await fetch("http://data.example/").catch((error) => error.name))',
    ]);
    for (let c = 0; c < 40; c++) assertEquals(outputs[c], lines(c));
    assertEquals(outputs.slice(40), ["undefined \n", "NotCapable\n"]);
    assert(!(await Deno.readTextFile(`${root}/.jupyter/kernels/candelabra/kernel.json`)).includes(lab.token));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a Python without JupyterLab is told in its own words", async () => {
  const root = await Deno.makeTempDir();
  const error = await assertRejects(
    () => startJupyterLab({ python: Deno.execPath(), root }),
    Error,
    "Cannot start JupyterLab",
  );
  assertStringIncludes(error.message, "unexpected argument");
  await Deno.remove(root, { recursive: true });
});

Deno.test({
  name: "a port that another program takes between JupyterLab's look and its grasp is looked for anew, five times",
  ignore: Deno.build.os === "windows",
  async fn() {
    const root = await Deno.makeTempDir();
    const python = `${root}/python`;
    const script = `#!/bin/sh\necho once >>${root}/starts\necho "no available port could be found." >&2\nexit 1\n`;
    await writeShellScript(python, script);
    await assertRejects(() => startJupyterLab({ python, root }), Error, "no available port");
    assertEquals(await Deno.readTextFile(`${root}/starts`), "once\n".repeat(5));
    await Deno.remove(root, { recursive: true });
  },
});

/** Sends all cells at once, as "Run All" does, and gives what each printed. */
async function runAll(url: string, cells: readonly string[]): Promise<string[]> {
  const socket = new WebSocket(url);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const printed = cells.map(() => "");
  let idle = 0;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  socket.onerror = (event) => reject(event);
  socket.onopen = () => {
    cells.forEach((code, i) => {
      const header = { msg_id: `cell${i}`, msg_type: "execute_request", session: "test", username: "", version: "5.3" };
      const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
      socket.send(JSON.stringify({ channel: "shell", header, parent_header: {}, metadata: {}, content }));
    });
  };
  socket.onmessage = ({ data }) => {
    const { msg_type: type, parent_header: parent, content } = JSON.parse(data);
    const cell = Number(parent?.msg_id?.match(/^cell(\d+)$/)?.[1]);
    if (type === "stream") printed[cell] += content.text;
    if (type === "status" && content.execution_state === "idle" && cell >= 0) idle++;
    clearTimeout(quiet); // what was printed may come after the last "idle": until nothing has come for a second
    if (idle === cells.length) quiet = setTimeout(resolve, 1000);
  };
  await promise;
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  return printed;
}
