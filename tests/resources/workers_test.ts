import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { manageWorkers } from "../../lib/resources/manage_workers.ts";
import { decideWorkers, type Window, type WorkerRule } from "../../lib/resources/workers.ts";

/** A machine of cores, a share of work that can't be done side by side, and memory that feeds so many workers. */
interface Machine {
  readonly cores: number;
  readonly serial: number; // Amdahl's share
  readonly feeds: number; // workers at full speed
}

/** Units a second of `n` workers, 1 of one alone. Sources: Amdahl 1967; a roofline for memory. */
function scaling({ cores, serial, feeds }: Machine, n: number): number {
  const side = Math.min(n, cores, feeds);
  const crowd = 1 / (1 + 0.03 * Math.max(0, n - cores)); // switching between more than there are cores for
  return crowd / (serial + (1 - serial) / side);
}

/** Windows of a run in which the rule is obeyed. */
function obey(machine: Machine, { rule = {}, noise = 0.05, windows = 200, seed = 1, of = scaling }: {
  rule?: WorkerRule;
  noise?: number;
  windows?: number;
  seed?: number;
  of?: (machine: Machine, n: number, t: number) => number;
} = {}): Window[] {
  const random = rng(seed);
  const history: Window[] = [];
  for (let t = 0; t < windows; t++) {
    const { workers } = decideWorkers(history, rule);
    history.push({ workers, throughput: of(machine, workers, t) * Math.exp(noise * normal(random)) });
  }
  return history;
}

const changesOf = (history: readonly Window[]) =>
  history.filter(({ workers }, i) => i > 0 && workers !== history[i - 1].workers).length;
const share = (history: readonly Window[], workers: number) =>
  history.filter((window) => window.workers === workers).length / history.length;

const machines: Readonly<Record<number, Machine>> = {
  2: { cores: 2, serial: 0.01, feeds: 64 },
  8: { cores: 8, serial: 0.01, feeds: 64 },
  64: { cores: 64, serial: 0.002, feeds: 24 },
};

Deno.test("on two cores a third worker is tried, found not to help, and let go", () => {
  for (let seed = 0; seed < 20; seed++) {
    const history = obey(machines[2], { seed });
    assert(share(history, 2) > 0.85, `seed ${seed}: ${share(history, 2)}`);
    assert(changesOf(history) <= 6);
    assert(Math.max(...history.map(({ workers }) => workers)) === 3);
  }
  const history = obey(machines[2], { noise: 0, windows: 30 });
  const { why, workers, settled } = decideWorkers(history);
  assertEquals([workers, settled], [2, true]);
  assert(/^worker 3 added −?\d+ % of a worker's work: 2 workers are enough$/.test(why), why);
});

Deno.test("on eight cores all eight are taken, and kept", () => {
  for (let seed = 0; seed < 20; seed++) {
    const history = obey(machines[8], { seed });
    assertEquals(history.at(-1)!.workers, 8);
    assert(share(history, 8) > 0.6, `seed ${seed}: ${share(history, 8)}`);
  }
});

Deno.test("on 64 cores it stops near where memory no longer feeds more", () => {
  for (let seed = 0; seed < 20; seed++) {
    const history = obey(machines[64], { seed, rule: { max: 64, memory: 400 }, windows: 600, noise: 0.02 });
    const late = history.slice(-100).map(({ workers }) => workers);
    assert(
      Math.min(...late) >= 16 && Math.max(...late) <= 26,
      `seed ${seed}: ${Math.min(...late)} to ${Math.max(...late)}`,
    );
  }
});

Deno.test("noise of a tenth moves little: what is lost to the best is small and changes are few", () => {
  for (const cores of [2, 8]) {
    for (let seed = 0; seed < 20; seed++) {
      const history = obey(machines[cores], { seed, noise: 0.1, windows: 300 });
      const best = Math.max(...[2, 3, 4, 5, 6, 7, 8].map((n) => scaling(machines[cores], n)));
      const late = history.slice(100);
      const lost = 1 -
        late.reduce((sum, { workers }) => sum + scaling(machines[cores], workers), 0) / late.length / best;
      assert(lost < 0.12, `${cores} cores, seed ${seed}: ${lost}`);
      assert(changesOf(history) < 40, `${cores} cores, seed ${seed}: ${changesOf(history)}`);
    }
  }
});

Deno.test("when other programs come fewer are tried, and more when they have gone", () => {
  const of = (machine: Machine, n: number, t: number) => scaling({ ...machine, cores: t > 100 && t < 500 ? 3 : 8 }, n);
  const history = obey(machines[8], { of, windows: 900, noise: 0.03 });
  assertEquals(history[99].workers, 8);
  assert(history[499].workers <= 4, `${history[499].workers}`);
  assertEquals(history.at(-1)!.workers, 8);
});

Deno.test("a worker between the two limits stays where it is, and none is added", () => {
  const at = (workers: number, throughput: number) => Array.from({ length: 6 }, () => ({ workers, throughput }));
  assertEquals(decideWorkers([...at(2, 2), ...at(3, 2.3)]).workers, 3);
  assertEquals(decideWorkers([...at(2, 2), ...at(3, 2.3), ...at(2, 2)]).workers, 2);
  assertEquals(decideWorkers([...at(2, 2), ...at(3, 2.1)]).workers, 2);
  assertEquals(decideWorkers([...at(2, 2), ...at(3, 2.9)]).workers, 4);
});

Deno.test("nothing is decided before it was looked long enough, and a judgement that is vague waits", () => {
  assertEquals(decideWorkers([]).workers, 2);
  assertEquals(decideWorkers([{ workers: 2, throughput: 1 }]).workers, 2);
  const noisy = [1.2, 2.8, 1.4, 2.9, 2].map((throughput) => ({ workers: 2, throughput }));
  const after = [1.1, 3.3, 1.2, 3].map((throughput) => ({ workers: 3, throughput }));
  const decision = decideWorkers([...noisy, ...after]);
  assertEquals([decision.workers, decision.settled], [3, false]);
  assertStringIncludes(decision.why, "looks longer");
});

Deno.test("limits that contradict each other are refused", () => {
  for (const rule of [{ min: 0 }, { min: 4, max: 2 }, { up: 0.1, down: 0.2 }, { memory: 10 }]) {
    assertThrows(() => decideWorkers([], rule), RangeError, "Cannot choose workers as");
  }
});

/** A pool of a machine, whose jobs' speeds differ by a factor of 30, under a clock that only this test moves. */
function simulated(machine: Machine, { seconds = 40, units = 1000, noise = 0.03, until = 1500, others = 0 } = {}) {
  const random = rng(3);
  let clock = 0;
  let size = 1;
  let spent = 0;
  const busy = (clock: number) => others === 0 ? spent : machine.cores * clock;
  const pool = {
    resize: (workers: number) => void (size = workers),
    get size() {
      return size;
    },
    get cpuSeconds() {
      return spent;
    },
  };
  const manager = manageWorkers(pool, {
    now: () => 1000 * clock,
    machine: () => ({ busy: busy(clock), cores: machine.cores }),
  });
  const jobs = new Map<number, { pace: number; done: number; told: number; left: number }>();
  let next = 0;
  const sizes: number[] = [];
  for (; clock < until; clock += 0.5) {
    while (jobs.size < size) {
      const pace = units * Math.exp(3.4 * random());
      jobs.set(next, { pace, done: 0, told: 0, left: seconds * pace * (0.5 + random()) });
      manager.begin(next++);
    }
    const cores = Math.min(jobs.size, machine.cores * jobs.size / (jobs.size + others)); // others take as much each
    spent += 0.5 * cores;
    for (const [id, job] of jobs) {
      job.done += cores / Math.min(jobs.size, machine.cores) * 0.5 * job.pace * scaling(machine, jobs.size) /
        jobs.size * Math.exp(noise * normal(random));
      if (job.done - job.told > 2 * job.pace) manager.report(id, job.told = job.done);
      if (job.done > job.left) {
        manager.end(id);
        jobs.delete(id);
        if (jobs.size >= size) break;
      }
    }
    while (jobs.size > size) { // as a pool does it, at a job's end; here at once
      const [id] = jobs.keys();
      manager.end(id);
      jobs.delete(id);
    }
    sizes.push(size);
  }
  return { sizes, manager };
}

Deno.test("jobs that differ thirtyfold in speed don't mislead it", () => {
  const two = simulated(machines[2]);
  assert(two.sizes.filter((size) => size === 2).length > 0.8 * two.sizes.length, `${two.manager.decision.why}`);
  const eight = simulated(machines[8]);
  assertEquals(eight.sizes.at(-1), 8);
});

Deno.test("on a full machine it does not take more and more from other programs", () => {
  const two = simulated(machines[2], { others: 3 });
  assert(two.sizes.filter((size) => size === 2).length > 0.8 * two.sizes.length, `${two.manager.decision.why}`);
});

Deno.test("jobs too short to be seen beside two numbers of workers are compared as such", () => {
  const two = simulated(machines[2], { seconds: 15, until: 6000 });
  assert(two.sizes.filter((size) => size <= 3).length > 0.75 * two.sizes.length, `${two.manager.decision.why}`);
});
