/**
 * PPO beside its peers on this machine: rounds in which each runs once, so that what else the machine does falls on all
 * of them. Prints the best of the rounds and the ratios.
 *
 *     python -m venv sb3 && sb3/bin/pip install torch==2.13.0 stable-baselines3==2.9.2 gymnasium
 *     python -m venv jax && jax/bin/pip install jax==0.10.2 jaxlib optax
 *     deno run -A tests/bench/ppo_peers.ts --sb3 sb3/bin/python --jax jax/bin/python [--rounds 3] [--shapes 32x48:64,24x12:64,32x48:256]
 */
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    sb3: { type: "string" },
    jax: { type: "string" },
    rounds: { type: "string", default: "3" },
    shapes: { type: "string", default: "32x48:64,24x12:64,32x48:256" },
    signal: { type: "string", default: "0" },
    steps: { type: "string", default: "131072" },
  },
});
const here = import.meta.dirname!;

/** Runs a program and reads the last line it prints, which is JSON. */
async function run(command: string, args: string[]): Promise<{ steps_per_s: number; rew_mean: number }> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, stdout: "piped", stderr: "piped" }).output();
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr).slice(-500)}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

for (const shape of flags.shapes.split(",")) {
  const [seen, hidden] = shape.split(":");
  const [window, features] = seen.split("x");
  const same = ["--envs", "64", "--steps", flags.steps, "--signal", flags.signal];
  const python = [...same, "--window", window, "--nf", features, "--hidden", hidden];
  const programs: Record<string, () => ReturnType<typeof run>> = {
    candelabra: () =>
      run(Deno.execPath(), [
        ...["run", "-A", `${here}/ppo.ts`, ...same, "--shape", seen, "--hidden", `${hidden},${hidden}`, "--json"],
      ]),
    ...(flags.jax && {
      "jax (observations kept)": () => run(flags.jax!, [`${here}/peers/jax_ref.py`, ...python]),
      "jax (indices kept)": () => run(flags.jax!, [`${here}/peers/jax_ref.py`, ...python, "--store", "idx"]),
    }),
    ...(flags.sb3 && { sb3: () => run(flags.sb3!, [`${here}/peers/sb3_ref.py`, ...python]) }),
  };
  const best: Record<string, { steps_per_s: number; rew_mean: number }> = {};
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const [name, program] of Object.entries(programs)) {
      const found = await program();
      if (!(best[name]?.steps_per_s > found.steps_per_s)) best[name] = found;
    }
  }
  console.log(`${seen}, [${hidden}, ${hidden}]`);
  for (const [name, { steps_per_s, rew_mean }] of Object.entries(best)) {
    const ratio = best.candelabra.steps_per_s / steps_per_s;
    console.log(
      `  ${name.padEnd(24)} ${String(steps_per_s).padStart(7)} steps/s   ours / it ${
        ratio.toFixed(2)
      }   reward ${rew_mean}`,
    );
  }
}
