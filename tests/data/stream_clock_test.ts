import { assertEquals, assertRejects } from "@std/assert";
import { serverClock } from "../../lib/data/stream_clock.ts";

function bench(maxSkew = 1000) {
  const notes: string[] = [];
  const here = { now: 1_000_000, asked: 0, ahead: 0, fails: false };
  const clock = serverClock({
    ...{ maxSkew, every: 1e9, now: () => here.now, onSkew: (note) => notes.push(note) },
    ask() {
      here.asked++;
      if (here.fails) return Promise.reject(new TypeError("made to fail"));
      here.now += 100; // the answer takes so long; the exchange reads its clock in the middle
      return Promise.resolve(here.now - 50 + here.ahead);
    },
  });
  return { notes, here, clock };
}
const soon = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("the exchange's clock counts, the way of the answer taken off", async () => {
  const { here, clock, notes } = bench();
  here.ahead = 400;
  await clock.compare();
  assertEquals(clock.now() - here.now, 400);
  assertEquals(notes, []);
});

Deno.test("clocks that lie too far apart are told once, and again after they were close", async () => {
  const { here, clock, notes } = bench();
  for (const ahead of [5000, 6000, 0, -2500]) {
    here.ahead = ahead;
    await clock.compare();
  }
  assertEquals(notes, [
    "this clock is 5.0 s behind the exchange's, which counts",
    "this clock is 2.5 s ahead of the exchange's, which counts",
  ]);
});

Deno.test("a clock that jumps is compared at once, one that runs on is not", async () => {
  const { here, clock } = bench();
  await clock.compare();
  clock.check();
  assertEquals(here.asked, 1);
  here.now += 60_000;
  clock.check();
  await soon();
  assertEquals(here.asked, 2);
  assertEquals(clock.now() - here.now, 0);
});

Deno.test("a comparison that fails is left for later, at the start it is thrown; none is made where none is wanted", async () => {
  const { here, clock } = bench();
  here.fails = true;
  await assertRejects(() => clock.compare(), TypeError);
  here.now += 60_000;
  clock.check();
  await soon();
  const never = bench(Infinity);
  await never.clock.compare();
  assertEquals(never.here.asked, 0);
});
