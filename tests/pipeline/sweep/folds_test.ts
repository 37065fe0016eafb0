import { assert, assertEquals, assertThrows } from "@std/assert";
import { sweepFolds } from "../../../lib/pipeline/sweep/folds.ts";

Deno.test("folds are tested on the newer half, in equal parts that follow each other up to the last bar", () => {
  const folds = sweepFolds(1000, { folds: 3, purge: 33, embargo: 24 });
  assertEquals(folds.map(({ test }) => [test.from, test.to]), [[502, 668], [668, 834], [834, 1000]]);
  assertEquals(folds.map(({ train }) => [train.from, train.to]), [[0, 445], [0, 611], [0, 777]]);
});

Deno.test("nothing that is learnt from is within window, horizon and embargo of what is judged", () => {
  for (const length of [200, 999, 12_345]) {
    for (const folds of [1, 2, 5]) {
      for (const [purge, embargo] of [[0, 0], [9, 0], [33, 24]]) {
        for (const { train, test } of sweepFolds(length, { folds, purge, embargo })) {
          assertEquals(test.from - train.to, purge + embargo);
          assert(train.from === 0 && train.to > 0 && test.to <= length);
        }
      }
    }
  }
});

Deno.test("where trials are judged does not depend on the window they are tried with", () => {
  const tests = (purge: number) => sweepFolds(1000, { folds: 4, purge, embargo: 10 }).map(({ test }) => test);
  assertEquals(tests(9), tests(129));
});

Deno.test("too few bars for the folds are told", () => {
  assertThrows(() => sweepFolds(20, { folds: 20, purge: 5, embargo: 5 }), RangeError, "Cannot walk forward");
  assertThrows(() => sweepFolds(100, { folds: 3, purge: 60, embargo: 5 }), RangeError, "leaves nothing");
});
