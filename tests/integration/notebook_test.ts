import { assertEquals, assertMatch, assertRejects } from "@std/assert";
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
      const { code, stdout } = await running.ended;
      assertEquals([signal, code], [signal, 0]);
      assertMatch(
        stdout,
        /^JupyterLab: http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/notebooks\/03_backtest\.ipynb\?token=\w+ /,
      );
      const url = new URL(stdout.match(/http\S+/)![0]);
      await assertRejects(() => fetch(url.origin), TypeError); // nobody listens any more
    };
    await Promise.all([one("SIGINT"), one("SIGHUP")]);
  },
});
