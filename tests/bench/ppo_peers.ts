/**
 * PPO beside its peers on this machine. All programs are started once and then take turns, an update each, so that what
 * else the machine does falls on all of them alike. Prints for each its steps a second in its best update and in its
 * median one, and the ratios.
 *
 *     python -m venv sb3 && sb3/bin/pip install torch==2.13.0 stable-baselines3==2.9.2 gymnasium
 *     python -m venv jax && jax/bin/pip install jax==0.10.2 jaxlib optax
 *     deno run -A tests/bench/ppo_peers.ts --sb3 sb3/bin/python --jax jax/bin/python [--rounds 20]
 *                                          [--shapes 32x48:64,24x12:64,32x48:256] [--signal 0.01] [--single]
 *
 * `--single` adds Stable-Baselines3 with one env, its default. With `--signal 0.01 --rounds 32` the mean rewards at the
 * end say whether all learnt the same.
 */
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    sb3: { type: "string" },
    jax: { type: "string" },
    rounds: { type: "string", default: "20" },
    shapes: { type: "string", default: "32x48:64,24x12:64,32x48:256" },
    signal: { type: "string", default: "0" },
    single: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const here = import.meta.dirname!;
const BUFFER = 8192; // env steps of an update

/** A program that takes an update when told to, and what came of each. */
interface Turns {
  readonly name: string;
  readonly ms: number[];
  readonly rewards: number[];
  take(): Promise<void>;
  end(): Promise<void>;
}

/** Starts a program and waits until it is warm. */
async function start(name: string, command: string, args: readonly string[]): Promise<Turns> {
  const child = new Deno.Command(command, { args: [...args, "--lockstep"], stdin: "piped", stdout: "piped" }).spawn();
  const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const told = child.stdin.getWriter();
  let text = "";
  const line = async () => {
    while (!text.includes("\n")) {
      const { value, done } = await said.read();
      if (done) throw new Error(`Cannot measure ${name} as it ended: ${command} ${args.join(" ")}`);
      text += value;
    }
    const [first, ...rest] = text.split("\n");
    text = rest.join("\n");
    return first;
  };
  await line();
  const [ms, rewards]: number[][] = [[], []];
  return {
    name,
    ms,
    rewards,
    async take() {
      await told.write(new TextEncoder().encode("\n"));
      const [took, reward] = (await line()).split(" ").map(Number);
      ms.push(took);
      rewards.push(reward);
    },
    async end() {
      child.kill();
      await child.status;
      await told.abort().catch(() => {}); // nobody reads it any more
      await said.cancel();
    },
  };
}

for (const shape of flags.shapes.split(",")) {
  const [seen, hidden] = shape.split(":");
  const [window, features] = seen.split("x");
  const same = ["--envs", "64", "--signal", flags.signal];
  const ours = [...same, "--shape", seen, "--hidden", `${hidden},${hidden}`];
  const theirs = [...same, "--window", window, "--nf", features, "--hidden", hidden];
  const { jax, sb3, single } = flags;
  const programs = [
    await start("candelabra", Deno.execPath(), ["run", "-A", `${here}/ppo.ts`, ...ours]),
    ...(jax ? [await start("jax, observations kept", jax, [`${here}/peers/jax_ref.py`, ...theirs])] : []),
    ...(jax ? [await start("jax, indices kept", jax, [`${here}/peers/jax_ref.py`, ...theirs, "--store", "idx"])] : []),
    ...(sb3 ? [await start("sb3, 64 envs", sb3, [`${here}/peers/sb3_ref.py`, ...theirs])] : []),
    ...(sb3 && single ? [await start("sb3, 1 env", sb3, [`${here}/peers/sb3_ref.py`, ...theirs, "--envs", "1"])] : []),
  ];
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const program of programs) {
      await program.take();
      await new Promise((resolve) => setTimeout(resolve, 300)); // OpenMP's threads go on spinning for 200 ms
    }
  }
  for (const program of programs) await program.end();

  const quantile = (values: readonly number[], share: number) =>
    values.toSorted((a, b) => a - b)[Math.floor(share * values.length)];
  const speeds = programs.map(({ name, ms, rewards }) => ({
    name,
    best: Math.round(BUFFER / quantile(ms, 0) * 1000),
    median: Math.round(BUFFER / quantile(ms, 0.5) * 1000),
    reward: Number(rewards.at(-1)!.toFixed(3)),
  }));
  if (flags.json) {
    console.log(JSON.stringify({ shape, rounds: Number(flags.rounds), signal: Number(flags.signal), speeds }));
    continue;
  }
  console.log(`${seen}, [${hidden}, ${hidden}]: env steps a second, updates included`);
  for (const { name, best, median, reward } of speeds) {
    const over = (one: "best" | "median", value: number) => (speeds[0][one] / value).toFixed(2);
    console.log(
      `  ${name.padEnd(24)} best ${String(best).padStart(7)}, ours is ${over("best", best).padStart(5)} times that   ` +
        `median ${String(median).padStart(7)}, ${over("median", median).padStart(5)} times   reward ${reward}`,
    );
  }
}
