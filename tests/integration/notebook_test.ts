import { assertEquals, assertMatch } from "@std/assert";
import { ensurePython } from "../../lib/track/python.ts";
import { temporaryProject } from "./project.ts";

Deno.test({
  name:
    "lab notebook opens JupyterLab on loopback until Ctrl-C, or until its terminal is closed, and leaves nothing behind",
  ignore: Deno.build.os === "windows", // no process groups
  async fn() {
    await ensurePython();
    await using project = await temporaryProject();
    const one = async (signal: Deno.Signal) => {
      const running = project.start(["notebook", "03_backtest", "--no-browser", "--port", "18888"]);
      await running.said("?token=");
      await running.said("\n");
      running.interrupt(signal);
      const { code, stdout, stderr } = await running.ended;
      assertEquals([signal, code], [signal, 0], stderr);
      assertMatch(
        stdout,
        /^JupyterLab: http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/notebooks\/03_backtest\.ipynb\?token=\w+ /,
      );
      assertEquals(await answers(new URL(stdout.match(/http\S+/)![0])), false);
    };
    await Promise.all([one("SIGINT"), one("SIGHUP")]);
  },
});

/** Whether this very JupyterLab is there: another may have the port by now, and knows no token of ours. */
async function answers({ origin, searchParams }: URL): Promise<boolean> {
  try {
    const headers = { authorization: `token ${searchParams.get("token")}` };
    const { ok, body } = await fetch(`${origin}/api/status`, { headers });
    await body?.cancel();
    return ok;
  } catch (error) {
    if (error instanceof TypeError) return false; // nobody listens
    throw error;
  }
}
