import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { optionPaths } from "../../lib/config/schema.ts";
import { rng } from "../../lib/base/random.ts";
import {
  cellOf,
  checkSpace,
  choice,
  drawEach,
  float,
  formatSpace,
  fromUnit,
  gridOf,
  holds,
  int,
  log,
  logInt,
  type Parameter,
  paramsFault,
  parseSpace,
  settingsOf,
  type Space,
  toUnit,
  when,
} from "../../lib/hyperopt/space.ts";
import { gridPoints } from "../../lib/hyperopt/sample_grid.ts";
import { changesWhileTraining, spaces } from "../../lib/hyperopt/spaces.ts";

const numbers: Record<string, Parameter> = {
  float: float(-2, 3),
  log: log(1e-5, 10),
  point: float(4, 4),
  int: int(-3, 9),
  stride: int(2, 20, 5),
  logint: logInt(1, 300),
  choice: choice("a", "b", "c"),
};

Deno.test("a value of any parameter comes back from the unit interval, and holds", () => {
  for (const [name, parameter] of Object.entries(numbers)) {
    for (let u = 0; u < 1; u += 0.0137) {
      const value = fromUnit(parameter, u);
      assert(holds(parameter, value), `${name} ${value}`);
      const back = fromUnit(parameter, toUnit(parameter, value));
      if (typeof value === "number") assertAlmostEquals(back as number, value, 1e-12 * Math.abs(value));
      else assertEquals(back, value);
    }
  }
});

Deno.test("cells of whole numbers fill the unit interval, and each gives its own number", () => {
  for (const parameter of [int(-3, 9), int(2, 20, 5), logInt(1, 300), int(7, 7)]) {
    let edge = 0;
    for (const value of gridOf(parameter)!) {
      if (!holds(parameter, value)) continue;
      const [low, high] = cellOf(parameter, value)!;
      assertAlmostEquals(low, edge, 1e-12);
      assertEquals(fromUnit(parameter, low + 1e-9), value);
      assertEquals(fromUnit(parameter, high - 1e-9), value);
      edge = high;
    }
    assertAlmostEquals(edge, 1, 1e-12);
  }
});

Deno.test("a space is read as it is written, whatever is in it", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x === 0 ? 0 : x),
    fc.boolean(),
    fc.string(),
  );
  const range = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }));
  const count = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
  const parameter: fc.Arbitrary<Parameter> = fc.oneof(
    fc.tuple(range, count).map(([[a, b], n]) => float(a / 7, (a + b) / 7, n)),
    fc.tuple(range, count).map(([[a, b], n]) => log(a / 7, (a + b) / 7, n)),
    fc.tuple(range, fc.integer({ min: 1, max: 9 }), count).map(([[a, b], step, n]) => int(a - 250, a + b, step, n)),
    fc.tuple(range, count).map(([[a, b], n]) => logInt(a, a + b, n)),
    fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map((values) => choice(...values)),
  );
  const space = fc.tuple(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_.]{0,8}$/), parameter, { minKeys: 1 }), value)
    .map(
      ([parameters, is]): Space => ({
        ...parameters,
        "Parent": choice(is, is === "x" ? "y" : "x"),
        "Child": when("Parent", is, int(1, 4)),
      }),
    );
  fc.assert(fc.property(space, (given) => assertEquals(parseSpace(formatSpace(given)), checkSpace(given))), {
    seed: 4,
    numRuns: 200,
  });
});

Deno.test("what a command line says becomes a space", () => {
  const texts = [
    "agent.lstm_hidden_size=when(agent.trunk, lstm, int(16,128))",
    "ppo.learning_rate=log(1e-5, 1e-2)",
    'agent.net_arch = choice("32", "64, 64")',
    "agent.trunk=choice(mlp, lstm)",
    "env.random_start=choice(true,false)",
  ];
  assertEquals(parseSpace(texts), {
    "agent.trunk": choice("mlp", "lstm"),
    "agent.lstm_hidden_size": when("agent.trunk", "lstm", int(16, 128)),
    "ppo.learning_rate": log(1e-5, 1e-2),
    "agent.net_arch": choice("32", "64, 64"),
    "env.random_start": choice(true, false),
  });
});

Deno.test("text that is no space is answered with what is wanted, and where", () => {
  const says = (text: string, message: string) => assertThrows(() => parseSpace(text), SyntaxError, message);
  says("ppo.gamma", '"=" is wanted, and the end is there');
  says("ppo.gamma=0.9", "float(least, most)");
  says("ppo.gamma=flot(0, 1)", 'nearest is "float"');
  says("ppo.gamma=float(0)", "it must be float(least, most)");
  says("ppo.gamma=float(a, b)", "it must be float(least, most)");
  says("ppo.gamma=float(0, 1", '"," is wanted, and the end is there');
  says("ppo.gamma=float(0, 1) x", 'the end is wanted, and "x" is there');
  says("=float(0, 1)", "a setting is wanted");
  says('a=choice("x)', "the quote is not closed");
  says("a=when(b, 1)", "when(setting, value, parameter)");
  says("a=float(0 1)", "\n  a=float(0 1)\n            ^");
});

Deno.test("a space that cannot be searched is refused, and says which parameter it is", () => {
  const refuse = (space: Space, message: string) => assertThrows(() => checkSpace(space), RangeError, message);
  refuse({}, "must have a parameter");
  refuse({ a: float(2, 1) }, 'Cannot search "a" as it must go from less to more: it goes from 2 to 1');
  refuse({ a: float(0, NaN) }, "from less to more");
  refuse({ a: log(0, 1) }, "above 0");
  refuse({ a: int(0.5, 2) }, "whole numbers");
  refuse({ a: int(1, 9, 0) }, "step");
  refuse({ a: float(0, 1, 0) }, "values, 1 or more");
  refuse({ a: choice() }, "something to choose from");
  refuse({ a: choice("x", "x") }, "there once");
  refuse({ a: when("b", 1, float(0, 1)) }, '"b", which it depends on, must be searched too');
  refuse({ b: choice("x", "y"), a: when("b", "z", float(0, 1)) }, '"b" is never z');
  refuse({ a: when("b", 1, int(1, 2)), b: when("a", 1, int(1, 2)) }, "must not depend on itself: a ← b ← a");
  assertThrows(() => parseSpace(["a=float(0,1)", "a=float(0,2)"]), RangeError, "it is there twice");
});

Deno.test("what depends on another is drawn after it, and only while that has the value", () => {
  const space = checkSpace({
    depth: when("trunk", ["lstm", "gru"], int(1, 3)),
    cells: when("depth", [2, 3], int(4, 8)),
    trunk: choice("mlp", "lstm", "gru"),
  });
  assertEquals(Object.keys(space), ["trunk", "depth", "cells"]);
  const random = rng(1);
  for (let i = 0; i < 200; i++) {
    const params = drawEach(space, (_name, parameter) => fromUnit(parameter, random()));
    assertEquals("depth" in params, params.trunk !== "mlp");
    assertEquals("cells" in params, "depth" in params && params.depth !== 1);
    assertEquals(paramsFault(space, params), undefined);
  }
  assertEquals(paramsFault(space, { trunk: "mlp", depth: 1 }), '"depth" is only there while "trunk" is lstm or gru');
  assertEquals(paramsFault(space, { trunk: "lstm" }), '"depth" is missing');
  assertEquals(paramsFault(space, { trunk: "rnn" }), '"trunk" must be of choice(mlp, lstm, gru): it is rnn');
  assertEquals(paramsFault(space, { trunks: "mlp" })?.includes('nearest is "trunk"'), true);
});

Deno.test("a grid has every combination once, conditions respected, ends of ranges included", () => {
  const points = gridPoints({ a: float(0, 1, 3), kind: choice("x", "y"), n: when("kind", "y", int(1, 5, 2)) });
  assertEquals(points.length, 3 * (1 + 3));
  assertEquals(points[0], { a: 0, kind: "x" });
  assertEquals(points.at(-1), { a: 1, kind: "y", n: 5 });
  assertEquals(gridOf(log(1, 100, 3)), [1, 10, 100]);
  assertEquals(gridOf(logInt(1, 5, 9)), [1, 2, 3, 4, 5]);
  for (const n of [1, 2, 3, 9]) assert(gridOf(int(2, 20, 5, n))!.every((value) => holds(int(2, 20, 5), value)));
  assertThrows(() => gridPoints({ a: float(0, 1) }), RangeError, "write float(0, 1, 5) for 5");
  assertThrows(() => gridPoints({ a: int(1, 1000), b: int(1, 1000) }), RangeError, "at most 100000 combinations");
});

Deno.test("depth and width become a list of layers; everything else is its own setting", () => {
  assertEquals(settingsOf({ "agent.net_arch.depth": 3, "agent.net_arch.width": 32, "ppo.gamma": 0.9 }), {
    "agent.net_arch": "32, 32, 32",
    "ppo.gamma": 0.9,
  });
  assertEquals(settingsOf({ "x.depth": 2 }), { "x.depth": 2 });
});

Deno.test("every value that a preset's space can give is one that its setting takes, and each fits in one screen", () => {
  for (const [name, space] of Object.entries(spaces)) {
    const random = rng(11);
    const checked = checkSpace(space);
    assertEquals(parseSpace(formatSpace(checked)), checked);
    const lines = formatSpace(checked).split("\n");
    assert(lines.length <= 24 && lines.every((line) => line.length <= 120), formatSpace(checked));
    for (let i = 0; i < 200; i++) {
      const params = drawEach(checked, (_name, parameter) => fromUnit(parameter, random()));
      for (const [setting, value] of Object.entries(settingsOf(params))) {
        const option = optionPaths.get(setting);
        assert(option, `${name}: ${setting} is a setting`);
        option.read(value);
      }
      assertEquals(64 * 64 % Number(params["ppo.batch_size"]), 0, "a minibatch divides the samples of an update");
      assertEquals(Number(params["agent.d_model"] ?? 16) % 4, 0, "heads divide the width of the Transformer");
    }
  }
  assert(changesWhileTraining("ppo.learning_rate") && !changesWhileTraining("agent.trunk"));
});
