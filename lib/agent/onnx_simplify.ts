import type { Constant, Node } from "./onnx_graph.ts";

/**
 * Leaves out what no output depends on, and joins operations that ONNX has as one.
 *
 * @param shapes of the values, where they are known
 */
export function simplify(
  nodes: readonly Node[],
  constants: readonly Constant[],
  outputs: readonly string[],
  shapes: ReadonlyMap<string, readonly number[]>,
): { nodes: Node[]; constants: Constant[] } {
  const joined = sumOfSquares(addIntoGemm(live(nodes, outputs), outputs, shapes));
  const kept = named(live(joined, outputs), outputs);
  const used = new Set(kept.flatMap((node) => node.inputs));
  return { nodes: kept, constants: constants.filter(({ name }) => used.has(name)) };
}

/** The nodes that some output depends on, in their order. */
function live(nodes: readonly Node[], outputs: readonly string[]): Node[] {
  const wanted = new Set(outputs);
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    for (const name of node.inputs) wanted.add(name);
    kept.push(node);
  }
  return kept.reverse();
}

/** `x · w + b` is one operation: the product is added into a copy of `b`. */
function addIntoGemm(
  nodes: readonly Node[],
  outputs: readonly string[],
  shapes: ReadonlyMap<string, readonly number[]>,
): Node[] {
  const uses = new Map<string, number>();
  for (const name of [...nodes.flatMap((node) => node.inputs), ...outputs]) uses.set(name, (uses.get(name) ?? 0) + 1);
  const made = new Map(nodes.flatMap((node, i) => node.outputs.map((name) => [name, i] as const)));
  const result: (Node | undefined)[] = [...nodes];
  nodes.forEach((node, i) => {
    if (node.op !== "Add") return;
    for (const [product, added] of [node.inputs, node.inputs.toReversed()]) {
      const at = made.get(product) ?? -1;
      const gemm = result[at];
      if (gemm?.op !== "Gemm" || gemm.inputs.length !== 2 || uses.get(product) !== 1) continue;
      if (!fits(shapes.get(added), shapes.get(product))) continue;
      result[i] = { ...gemm, inputs: [...gemm.inputs, added], outputs: node.outputs };
      result[at] = undefined;
      return;
    }
  });
  return result.filter((node) => node !== undefined);
}

/** `sum(x · x)` over everything is one operation. */
function sumOfSquares(nodes: readonly Node[]): Node[] {
  const made = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return nodes.map((node) => {
    const square = node.op === "ReduceSum" && node.inputs.length === 1 ? made.get(node.inputs[0]) : undefined;
    if (square?.op !== "Mul" || square.inputs[0] !== square.inputs[1]) return node;
    return {
      op: "ReduceSumSquare",
      inputs: [square.inputs[0]],
      outputs: node.outputs,
      attributes: { keepdims: { int: 0 } },
    };
  });
}

/** Lets what makes an output carry its name, where nothing else forbids it: copying a large vector costs. */
function named(nodes: readonly Node[], outputs: readonly string[]): Node[] {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  const rest = nodes.filter(({ op, inputs: [from], outputs: [to] }) => {
    const renames = op === "Identity" && outputs.includes(to) && made.has(from);
    if (!renames || outputs.includes(from) || names.has(from)) return true;
    names.set(from, to);
    return false;
  });
  const renamed = (name: string) => names.get(name) ?? name;
  return rest.map((node) => ({ ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) }));
}

/** Whether a value can be repeated into a [M, N] product. */
function fits(added: readonly number[] | undefined, product: readonly number[] | undefined): boolean {
  if (!added || !product || added.length > 2) return false;
  return added.every((size, i) => size === 1 || size === product[i + product.length - added.length]);
}
