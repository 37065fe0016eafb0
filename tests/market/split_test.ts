import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type BarRange, type Fold, split, walkForward, type WalkForwardOptions } from "../../lib/market/split.ts";

fc.configureGlobal({ seed: 20260101 });

const bars = ({ from, to }: BarRange) => to - from;

Deno.test("a split by hand: 100 bars, 10 of warm-up, gaps of 5", () => {
  assertEquals(split(100, { train: 0.5, validation: 0.25, test: 0.25, embargo: 5, warmup: 10 }), {
    train: { from: 10, to: 50 },
    validation: { from: 55, to: 75 },
    test: { from: 80, to: 100 },
  });
});

Deno.test("without a validation share there is one gap and the span is empty", () => {
  const { train, validation, test } = split(105, { train: 0.8, validation: 0, test: 0.2, embargo: 5 });
  assertEquals([train, test, bars(validation)], [{ from: 0, to: 80 }, { from: 85, to: 105 }, 0]);
});

Deno.test("spans come in time's order, an embargo apart, and use every other bar", () => {
  const shares = fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  );
  fc.assert(fc.property(
    fc.integer({ min: 100, max: 5000 }),
    shares,
    fc.integer({ min: 0, max: 15 }),
    fc.integer({ min: 0, max: 20 }),
    (length, [a, b, c], embargo, warmup) => {
      const sum = a + b + c;
      const { train, validation, test } = split(length, {
        train: a / sum,
        validation: b / sum,
        test: c / sum,
        embargo,
        warmup,
      });
      assertEquals([train.from, test.to], [warmup, length]);
      if (b > 0) assertEquals([validation.from - train.to, test.from - validation.to], [embargo, embargo]);
      else assertEquals(test.from - train.to, embargo);
      const usable = length - warmup - embargo * (b > 0 ? 2 : 1);
      assertEquals(bars(train) + bars(validation) + bars(test), usable);
      assert(Math.abs(bars(train) - usable * a / sum) <= 1);
      assert(Math.abs(bars(test) - usable * c / sum) <= 2);
    },
  ));
});

Deno.test("a test share of 0 leaves an empty test at the end and all bars used", () => {
  const { train, validation, test } = split(101, { train: 0.5, validation: 0.5, test: 0 });
  assertEquals([train, validation, test], [{ from: 0, to: 50 }, { from: 50, to: 101 }, { from: 101, to: 101 }]);
});

Deno.test("a split that cannot be is refused with the numbers", () => {
  assertThrows(() => split(100, { train: 0.9, validation: 0.3, test: 0.1 }), RangeError, "0.9 + 0.3 + 0.1 = 1.3");
  assertThrows(() => split(100, { train: 1.2, validation: -0.1, test: -0.1 }), RangeError, "train must be a share");
  assertThrows(() => split(100, { train: NaN }), RangeError, "train must be a share");
  assertThrows(() => split(30, { embargo: 20 }), RangeError, "nothing is left for train");
  assertThrows(() => split(10, { warmup: 50 }), RangeError, "50 of warm-up");
  assertThrows(() => split(3, { train: 0.9, validation: 0.05, test: 0.05 }), RangeError, "nothing is left");
  assertThrows(() => split(0), RangeError, "nothing is left for train");
  assertThrows(() => split(100, { embargo: 1.5 }), RangeError, "embargo must be a whole number");
  assertThrows(() => split(10.5), RangeError, "length must be a whole number");
});

Deno.test("walk-forward by hand: the tests tile time", () => {
  const folds = walkForward(100, { train: 40, test: 20 });
  assertEquals(folds.map(({ train, test }) => [train.from, train.to, test.from, test.to]), [
    [0, 40, 40, 60],
    [20, 60, 60, 80],
    [40, 80, 80, 100],
  ]);
  assertEquals(folds.map(({ index }) => index), [0, 1, 2]);
});

Deno.test("anchored folds train on all that is past", () => {
  const folds = walkForward(100, { train: 40, test: 20, anchored: true, warmup: 5 });
  assertEquals(folds.map(({ train }) => [train.from, train.to]), [[5, 45], [5, 65]]);
});

Deno.test("a count of folds is met exactly when the bars allow it", () => {
  fc.assert(fc.property(fc.integer({ min: 200, max: 3000 }), fc.integer({ min: 1, max: 10 }), (length, folds) => {
    const found = walkForward(length, { train: 100, folds, embargo: 3 });
    assertEquals(found.length, folds);
    assert(length - found[folds - 1].test.to < folds);
  }));
});

Deno.test("no bar of train or validation, nor its label, reaches the next span", () => {
  const options = fc.record({
    train: fc.integer({ min: 30, max: 80 }),
    test: fc.integer({ min: 1, max: 40 }),
    validation: fc.constantFrom(0, 25, 30),
    purge: fc.integer({ min: 0, max: 20 }),
    embargo: fc.integer({ min: 0, max: 10 }),
    step: fc.integer({ min: 1, max: 50 }),
    anchored: fc.boolean(),
    warmup: fc.integer({ min: 0, max: 30 }),
  });
  fc.assert(fc.property(fc.integer({ min: 220, max: 600 }), options, (length, given) => {
    const folds = walkForward(length, given);
    assert(folds.length > 0);
    for (const fold of folds) checkFold(fold, length, given);
    const gaps = folds.slice(1).map((fold, i) => fold.test.from - folds[i].test.from);
    assert(gaps.every((gap) => gap === given.step));
  }));
});

function checkFold({ train, validation, test }: Fold, length: number, options: WalkForwardOptions): void {
  const { purge = 0, embargo = 0, warmup = 0 } = options;
  const spans = bars(validation) > 0 ? [train, validation, test] : [train, test];
  assert(train.from >= warmup && test.to <= length && bars(train) > 0);
  for (let i = 1; i < spans.length; i++) assert(spans[i].from - spans[i - 1].to >= purge + embargo);
}

Deno.test("a walk that cannot be is refused", () => {
  assertThrows(() => walkForward(100, { train: 90, test: 20 }), RangeError, "one fold needs 90 before its test");
  assertThrows(() => walkForward(100, { train: 50 }), RangeError, "either test (bars) or folds");
  assertThrows(() => walkForward(100, { train: 50, test: 5, folds: 2 }), RangeError, "and not both");
  assertThrows(() => walkForward(100, { train: 10, test: 5, purge: 10 }), RangeError, "leaves nothing to fit on");
  assertThrows(() => walkForward(100, { train: 10, test: 0 }), RangeError);
  assertThrows(() => walkForward(100, { train: 10, test: 5, step: 0 }), RangeError, "step must be a positive");
  assertThrows(() => walkForward(100, { train: 0, test: 5 }), RangeError, "train must be a positive");
  assertThrows(() => walkForward(100, { train: 10, folds: 0 }), RangeError);
  assertThrows(() => walkForward(100, { train: 10, folds: 1000 }), RangeError, "take shorter spans");
});
