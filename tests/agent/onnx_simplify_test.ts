import { assertEquals } from "@std/assert";
import type { Constant, Node } from "../../lib/agent/onnx_graph.ts";
import { simplify } from "../../lib/agent/onnx_simplify.ts";

const node = (op: string, inputs: string[], output: string): Node => ({ op, inputs, outputs: [output] });
const shapes = new Map(
  Object.entries({ product: [4, 3], bias: [3], row: [1, 3], tall: [4, 1], other: [5, 3], cube: [1, 4, 3] }),
);
const simple = (nodes: Node[], outputs: string[], constants: Constant[] = []) =>
  simplify(nodes, constants, outputs, shapes);
const lines = (nodes: readonly Node[]) => nodes.map(({ op, inputs, outputs }) => `${outputs} = ${op}(${inputs})`);

Deno.test("what no output depends on is left out, constants too", () => {
  const constant = (name: string): Constant => ({ name, type: "float32", shape: [1], bytes: new Uint8Array(4) });
  const { nodes, constants } = simple(
    [node("Exp", ["x"], "a"), node("Add", ["a", "one"], "dead"), node("Add", ["a", "two"], "y")],
    ["y"],
    [constant("one"), constant("two")],
  );
  assertEquals(lines(nodes), ["a = Exp(x)", "y = Add(a,two)"]);
  assertEquals(constants.map(({ name }) => name), ["two"]);
});

Deno.test("a product and what is added to it are one operation, on either side, where it can be repeated", () => {
  for (const added of ["bias", "row", "tall"]) {
    for (const inputs of [["product", added], [added, "product"]]) {
      const { nodes } = simple([node("Gemm", ["x", "w"], "product"), node("Add", inputs, "y")], ["y"]);
      assertEquals(lines(nodes), [`y = Gemm(x,w,${added})`]);
    }
  }
});

Deno.test("a product stays by itself where others use it, it has a bias, or the shapes do not fit or are not known", () => {
  const apart = (nodes: Node[], outputs = ["y"]) => assertEquals(lines(simple(nodes, outputs).nodes), lines(nodes));
  const product = node("Gemm", ["x", "w"], "product");
  for (const added of ["other", "cube", "unknown"]) apart([product, node("Add", ["product", added], "y")]);
  apart([product, node("Add", ["product", "bias"], "z"), node("Mul", ["z", "product"], "y")]);
  apart([node("Gemm", ["x", "w", "b"], "product"), node("Add", ["product", "bias"], "y")]);
  apart([product, node("Add", ["product", "product"], "y")]);
});

Deno.test("a product that is an output itself is kept", () => {
  const { nodes } = simple([node("Gemm", ["x", "w"], "product"), node("Add", ["product", "bias"], "y")], [
    "y",
    "product",
  ]);
  assertEquals(lines(nodes).sort(), ["product = Gemm(x,w)", "y = Add(product,bias)"]);
});

Deno.test("a sum of squares over everything is one operation; over an axis, or of two things, it is not", () => {
  const square = node("Mul", ["x", "x"], "square");
  assertEquals(lines(simple([square, node("ReduceSum", ["square"], "y")], ["y"]).nodes), ["y = ReduceSumSquare(x)"]);
  const axis = [square, node("ReduceSum", ["square", "axes"], "y")];
  assertEquals(lines(simple(axis, ["y"]).nodes), lines(axis));
  const mixed = [node("Mul", ["x", "z"], "square"), node("ReduceSum", ["square"], "y")];
  assertEquals(lines(simple(mixed, ["y"]).nodes), lines(mixed));
});

Deno.test("what makes an output carries its name; an input, or a second name, is still copied", () => {
  const { nodes } = simple(
    [node("Exp", ["x"], "a"), node("Neg", ["a"], "b"), node("Identity", ["a"], "y")],
    ["y", "b"],
  );
  assertEquals(lines(nodes), ["y = Exp(x)", "b = Neg(y)"]);
  const input = [node("Identity", ["x"], "y")];
  assertEquals(lines(simple(input, ["y"]).nodes), lines(input));
  const kept = simple([node("Exp", ["x"], "y"), node("Identity", ["y"], "z")], ["y", "z"]);
  assertEquals(lines(kept.nodes), ["y = Exp(x)", "z = Identity(y)"]);
  const twice = simple([node("Exp", ["x"], "a"), node("Identity", ["a"], "y"), node("Identity", ["a"], "z")], [
    "y",
    "z",
  ]);
  assertEquals(lines(twice.nodes), ["y = Exp(x)", "z = Identity(y)"]);
});
