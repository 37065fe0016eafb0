import { below, type Rng, rng } from "../base/random.ts";
import type { Env, StepBuffers } from "./env.ts";

/**
 * Steps an env at random and returns what it does wrong, in words; nothing when it keeps the contract of `Env`:
 * shapes, finite numbers, bars inside the table, an end that is either terminated or truncated, last looks of finished
 * rows, equal trajectories for equal seeds, and `save`/`restore` that go on exactly.
 *
 * @param env made afresh by each call
 * @param steps how long to try
 */
export function checkEnv(env: () => Env, { steps = 300, seed = 1 } = {}): string[] {
  const faults = new Set<string>();
  const [first, second] = [env(), env()];
  let before = copyOf(first.reset(seed));
  shapes(first, before, faults);
  if (!same(before, copyOf(second.reset(seed)))) faults.add("reset: equal seeds give different starts");

  const random = rng(seed);
  let saved: { at: number; bytes: Uint8Array } | undefined;
  const tape: Float32Array[] = [];
  const seen: StepBuffers[] = [];
  for (let i = 0; i < steps; i++) {
    if (i === Math.floor(steps / 2)) saved = { at: i, bytes: first.save() };
    const actions = randomActions(first, random);
    tape.push(actions);
    const after = copyOf(first.step(actions.slice()));
    numbers(first, before, after, faults);
    if (!same(after, copyOf(second.step(actions.slice())))) {
      faults.add("step: equal seeds and actions give different steps");
    }
    seen.push(after);
    before = after;
  }
  if (saved) {
    const third = env();
    third.restore(saved.bytes);
    const goesOn = tape.slice(saved.at).every((actions, i) => same(seen[saved.at + i], copyOf(third.step(actions))));
    if (!goesOn) faults.add("restore: does not go on as it would have");
  }
  return [...faults];
}

function shapes({ rows, stateSize, features, table, window }: Env, buffers: StepBuffers, faults: Set<string>) {
  const sizes = { bars: rows, rewards: rows, terminated: rows, truncated: rows, finalBars: rows };
  for (const [name, size] of Object.entries({ ...sizes, state: rows * stateSize, finalState: rows * stateSize })) {
    const found = buffers[name as keyof StepBuffers].length;
    if (found !== size) faults.add(`${name}: must have ${size} values, has ${found}`);
  }
  if (features > 0 && table.length % features !== 0) faults.add("table: is not a whole number of rows");
  if (window > 0 && features === 0) faults.add("window: there are no features to see through it");
}

function numbers(env: Env, before: StepBuffers, after: StepBuffers, faults: Set<string>) {
  const { rows, stateSize, window, features, table } = env;
  const bars = features > 0 ? table.length / features : Infinity;
  for (let row = 0; row < rows; row++) {
    const ended = after.terminated[row] + after.truncated[row];
    if (ended > 1) faults.add("end: a row is both terminated and truncated");
    if (!Number.isFinite(after.rewards[row])) faults.add("rewards: not finite");
    const bar = ended ? after.finalBars[row] : after.bars[row];
    if (window > 0 && bar !== before.bars[row] + 1) faults.add("bars: a step must go one bar on");
    if (window > 0 && (after.bars[row] < window - 1 || after.bars[row] >= bars)) {
      faults.add("bars: window outside the table");
    }
    if (window > 0) {
      const view = table.subarray((after.bars[row] - window + 1) * features, (after.bars[row] + 1) * features);
      if (!view.every(Number.isFinite)) faults.add("table: a window that is seen holds NaN");
    }
    const own = (ended ? after.finalState : after.state).subarray(row * stateSize, (row + 1) * stateSize);
    if (!own.every(Number.isFinite)) faults.add("state: not finite");
  }
}

function randomActions({ rows, actions }: Env, random: Rng): Float32Array {
  if (actions.kind === "discrete") return Float32Array.from({ length: rows }, () => below(actions.n, random));
  return Float32Array.from({ length: rows * actions.size }, () => 2 * random() - 1);
}

function copyOf(buffers: StepBuffers): StepBuffers {
  return structuredClone(buffers);
}

/** Equal, but for last looks of rows that did not end: those are left over. */
function same(a: StepBuffers, b: StepBuffers): boolean {
  const always = ["bars", "state", "rewards", "terminated", "truncated"] as const;
  if (!always.every((name) => a[name].every((value, i) => Object.is(value, b[name][i])))) return false;
  const width = a.state.length / a.bars.length;
  return a.bars.every((_, row) =>
    a.terminated[row] + a.truncated[row] === 0 ||
    (a.finalBars[row] === b.finalBars[row] &&
      a.finalState.subarray(row * width, (row + 1) * width).every((value, i) =>
        value === b.finalState[row * width + i]
      ))
  );
}
