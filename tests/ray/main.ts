/**
 * `deno task test:ray`: installs Ray into .venv-ray/ and runs `tests/ray` with a real one, in a network of its own: Ray
 * listens on all interfaces, whatever it is told.
 */
import { progress } from "../../lib/base/progress.ts";
import { projectPath } from "../../lib/base/project.ts";
import { networkApart } from "../../lib/hyperopt/network_apart.ts";
import { ensurePython } from "../../lib/track/python.ts";

const apart = await networkApart();
if (apart.length === 0) {
  console.error("Cannot test Ray here as it must be put into a network of its own: that takes Linux, unshare and ip");
  Deno.exit(1);
}
using bar = progress("Installing Ray");
const { python } = await ensurePython({
  folder: projectPath(".venv-ray"),
  lock: projectPath("requirements-ray.lock"),
  onProgress: bar.update,
});
const [command, ...args] = [...apart, Deno.execPath(), "test", "--allow-all", projectPath("tests/ray")];
const { code } = await new Deno.Command(command, { args, env: { CANDELABRA_TEST_RAY: python } }).spawn().status;
Deno.exit(code);
