import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { advise, memoryTrend, theilSen, whereTimeGoes } from "../../lib/resources/analyse.ts";
import type { Sample } from "../../lib/resources/metrics.ts";

Deno.test("parts are ordered, and what none of them says is other", () => {
  assertEquals(whereTimeGoes({ env: 2, update: 5 }, 10), [
    { part: "update", seconds: 5, share: 0.5 },
    { part: "other", seconds: 3, share: 0.3 },
    { part: "env", seconds: 2, share: 0.2 },
  ]);
  assertEquals(whereTimeGoes({ env: 10 }, 10).map(({ part }) => part), ["env"]);
  assertEquals(whereTimeGoes({}, 1), [{ part: "other", seconds: 1, share: 1 }]);
});

Deno.test("a robust line is the median of slopes, by hand", () => {
  // Slopes of pairs: 1, 1.5, 9, 2, 13, 24; the median lies between 2 and 9.
  const { slope, middle } = theilSen([0, 1, 2, 3], [0, 1, 3, 27]);
  assertAlmostEquals(slope, (2 + 9) / 2);
  assertAlmostEquals(middle, 2);
  assertEquals(theilSen([1, 2], [1, 2]).slope, NaN);
});

Deno.test("outliers of a quarter don't move it, and its interval holds the truth nearly always", () => {
  let inside = 0;
  for (let seed = 0; seed < 200; seed++) {
    const random = rng(seed);
    const x = Array.from({ length: 60 }, (_, i) => i);
    const y = x.map((i) => 3 * i + 5 * normal(random) + (i % 4 === 0 ? 500 * random() : 0));
    const { slope, low, high } = theilSen(x, y);
    assertAlmostEquals(slope, 3, 1);
    if (low <= 3 && 3 <= high) inside++;
  }
  assert(inside > 180, `${inside}`);
});

Deno.test("many points are thinned, and the slope stays", () => {
  const x = Array.from({ length: 5000 }, (_, i) => i);
  assertAlmostEquals(theilSen(x, x.map((i) => 0.5 * i + 7)).slope, 0.5, 1e-9);
});

const minute = 60_000;
const times = Array.from({ length: 120 }, (_, i) => i * 5000); // ten minutes

Deno.test("memory that grows is told with its speed, and until when it lasts", () => {
  const random = rng(1);
  const bytes = times.map((at) => 5e8 + 3e6 * at / minute + 2e6 * normal(random));
  const { verdict, perMinute, text } = memoryTrend(times, bytes, 3e8);
  assertEquals(verdict, "grows");
  assertAlmostEquals(perMinute, 3e6, 3e5);
  assert(
    /^memory grows (2\.[89]|3|3\.[01]) MB\/min at 5\d\d MB: the 300 MB that are free are gone in 1\.\d h$|gone in 100 min/
      .test(text),
    text,
  );
});

Deno.test("a saw of a garbage collector, a warm-up and a leap are no growth", () => {
  const random = rng(2);
  assertEquals(
    memoryTrend(times, times.map((_, i) => 4e8 + 1e8 * (i % 10) / 10 + 1e6 * normal(random))).verdict,
    "steady",
  );
  assertEquals(memoryTrend(times, times.map((at) => 4e8 * (1 - Math.exp(-at / 20_000)) + 1e8)).verdict, "steady");
  assertEquals(memoryTrend(times, times.map((_, i) => (i < 20 ? 3e8 : 4e8) + 1e5 * normal(random))).verdict, "steady");
});

Deno.test("memory that shrinks is told, and too little says nothing", () => {
  assertEquals(memoryTrend(times, times.map((at) => 5e8 - 2e7 * at / minute)).verdict, "shrinks");
  assertEquals(memoryTrend([0, 1, 2], [1, 2, 3]).verdict, "too short to say");
  assertEquals(memoryTrend([], []).verdict, "too short to say");
  assertEquals(memoryTrend(times, times.map(() => NaN)).verdict, "too short to say");
});

const sample = (given: Partial<Sample> = {}): Sample => ({
  time: 0,
  cpu: 0.95,
  ownCpu: 1.9,
  workersCpu: NaN,
  memory: 4e9,
  memoryTotal: 1.6e10,
  ownRss: 5e8,
  workersRss: NaN,
  heap: 1e8,
  workers: 0,
  gpus: [],
  parts: {},
  seconds: 5,
  ...given,
});
const series = (given: Partial<Sample>) => times.map((time) => sample({ time, ...given }));

Deno.test("where all is well no advice is given", () => {
  assertEquals(advise({ samples: series({}), parts: whereTimeGoes({ update: 6, look: 2, env: 2 }, 10), cores: 2 }), []);
  assertEquals(advise({ samples: [], parts: [], cores: 2 }), []);
});

Deno.test("advice says what is short and what to change", () => {
  const of = (given: Partial<Sample>, parts: Record<string, number> = {}) =>
    advise({ samples: series(given), parts: whereTimeGoes(parts, 10), cores: 8 }).join("\n");
  assertStringIncludes(of({ cpu: 0.25 }), "1.9 of 8 cores are used: another worker");
  assertStringIncludes(of({ cpu: 0.95 }), "Other programs use 5.7 of the 8 cores");
  assertStringIncludes(of({ memory: 1.55e10 }), "97 % of the machine's memory is in use: fewer workers");
  const gpu = { gpu: 0, name: "G", utilization: 0.1, memory: 1e9, memoryTotal: 8e10, power: 100 };
  assertStringIncludes(of({ gpus: [gpu] }), "GPU 0 works 10 % of the time: larger batches");
  assertStringIncludes(of({}, { look: 4 }), "40 % of the time asks the policy what to do: more env rows (env.n_envs)");
  assertStringIncludes(of({}, { env: 4 }), "40 % of the time steps the env");
  assertStringIncludes(of({}, { validate: 4 }), "40 % of the time tries the policy on the validation part");
  assertStringIncludes(of({}, { update: 8 }), "80 % of the time learns: larger batches");
  const grows = times.map((time, i) => sample({ time, ownRss: 5e8 + 1e6 * i }));
  assertStringIncludes(advise({ samples: grows, parts: [], cores: 2 })[0], "memory grows 12 MB/min");
});
