import { actionSize } from "./distributions.ts";
import { learnStep, type Learnt, type LossOptions, type Minibatch, statNames } from "./learn_step.ts";
import { type Layout, type Model, parametersOf, windowsOf } from "./model.ts";
import type { Graph, Node, Value } from "./onnx_graph.ts";
import { type Input, record, type Recorded, ROWS } from "./onnx_record.ts";
import type { Tensor, Tf } from "./tfjs.ts";

/** Inputs `table` [T, F], `bars` [rows] and `weights0` …; output `encoding` [rows, E]. Nothing where no window is seen. */
export function encodeGraph(tf: Tf, model: Model, layout: Layout): Graph | undefined {
  if (!model.encode) return undefined;
  const inputs = { ...vectors("weights", layout), table: table(model), bars: rows("int32") };
  return whole(record(tf, inputs, (given) => {
    const windows = windowsOf(tf, model.seen, given.table, given.bars);
    return { encoding: model.encode!(tf, parametersOf(tf, layout, list(given, "weights", layout)), windows) };
  }));
}

/** Inputs `encoding` [rows, E], `state` [rows, A] and `weights0` …; outputs `policy` [rows, P] and `value` [rows]. */
export function decideGraph(tf: Tf, model: Model, layout: Layout, encoding: number): Graph {
  const inputs = {
    ...vectors("weights", layout),
    ...(encoding > 0 && { encoding: rows("float32", encoding) }),
    ...(model.seen.stateSize > 0 && { state: rows("float32", model.seen.stateSize) }),
  };
  return whole(record(tf, inputs, (given) => {
    const p = parametersOf(tf, layout, list(given, "weights", layout));
    return { ...model.decide(tf, p, given.encoding, given.state) };
  }));
}

/**
 * Several optimizer steps as one graph: a loop whose body is `learnStep`, so that weights stay inside until the last
 * minibatch, and a policy that moved too far (`target_kl`) ends it early.
 *
 * Inputs: `table` [T, F], `weights0` … `first0` … `second0` …, `count` (how many minibatches, n), and for each field of
 * `Minibatch` all of them, [n, …]. Outputs: `new_weights0` … and each statistic, one number per step taken.
 */
export function learnGraph(tf: Tf, model: Model, layout: Layout, options: LossOptions, size: number): Graph {
  const batch: Record<keyof Minibatch, Input> = {
    bars: { shape: [size], type: "int32" },
    state: { shape: [size, model.seen.stateSize], type: "float32" },
    raw: {
      shape: model.actions.kind === "discrete" ? [size] : [size, actionSize(model.actions)],
      type: "float32",
    },
    logProbs: { shape: [size], type: "float32" },
    advantages: { shape: [size], type: "float32" },
    returns: { shape: [size], type: "float32" },
    values: { shape: [size], type: "float32" },
    step: { shape: [], type: "float32" },
    epsilon: { shape: [], type: "float32" },
  };
  const kinds = ["weights", "first", "second"] as const;
  const state = Object.assign({}, ...kinds.map((kind) => vectors(`old_${kind}`, layout))) as Record<string, Input>;
  const body = record(tf, { ...state, ...batch, table: table(model) }, (given) => {
    const old = Object.fromEntries(kinds.map((kind) => [kind, list(given, `old_${kind}`, layout)]));
    const { stats, ...next } = learnStep(
      tf,
      model,
      layout,
      options,
      old as unknown as Learnt<Tensor>,
      given as unknown as Minibatch,
      given.table,
    );
    const { target_kl } = options;
    return {
      go_on: target_kl === null
        ? tf.fill([], 1, "bool" as never)
        : tf.lessEqual(stats.approx_kl, 1.5 * target_kl) as Tensor,
      ...Object.assign({}, ...kinds.map((kind) => named(`next_${kind}`, next[kind]))) as Record<string, Tensor>,
      ...stats,
    };
  }, "body");

  const used = new Set(body.inputs.map(({ name }) => name));
  const fields = Object.keys(batch).filter((name) => used.has(name)) as (keyof Minibatch)[];
  const carried = kinds.flatMap((kind) => layout.sizes.map((_, i) => `${kind}${i}`));
  const gathered: Node[] = fields.map((name) => ({
    op: "Gather",
    inputs: [`all_${name}`, "iteration"],
    outputs: [name],
    attributes: { axis: { int: 0 } },
  }));
  const inside: Graph = {
    nodes: [...gathered, ...body.nodes],
    constants: body.constants,
    inputs: [
      { name: "iteration", type: "int64", shape: [] },
      { name: "going", type: "bool", shape: [] },
      ...Object.entries(state).map(([name, { shape }]): Value => ({ name, type: "float32", shape })),
    ],
    outputs: body.outputs,
  };
  const loop: Node = {
    op: "Loop",
    inputs: ["count", "", ...carried],
    outputs: [...carried.map((name) => `new_${name}`), ...statNames],
    attributes: { body: { graph: inside } },
  };
  const vectorsIn = (prefix: string): Value[] =>
    kinds.flatMap((kind) =>
      layout.sizes.map((n, i): Value => ({ name: `${prefix}${kind}${i}`, type: "float32", shape: [n] }))
    );
  return {
    nodes: [loop],
    constants: [],
    inputs: [
      ...(used.has("table") ? [{ name: "table", type: "float32", shape: ["T", model.seen.features] } as Value] : []),
      { name: "count", type: "int64", shape: [] },
      ...vectorsIn(""),
      ...fields.map((name): Value => ({
        name: `all_${name}`,
        type: batch[name].type,
        shape: ["n", ...batch[name].shape],
      })),
    ],
    outputs: [
      ...vectorsIn("new_"),
      ...statNames.map((name): Value => ({ name, type: "float32", shape: ["n"] })),
    ],
  };
}

const rows = (type: Input["type"], ...shape: number[]): Input => ({ shape: [ROWS, ...shape], type });

/** How long the table is does not matter to the graph. */
const table = ({ seen }: Model): Input => ({ shape: [1, seen.features], type: "float32" });

function vectors(name: string, { sizes }: Layout): Record<string, Input> {
  return Object.fromEntries(sizes.map((size, i) => [`${name}${i}`, { shape: [size], type: "float32" }]));
}

const list = (given: Record<string, Tensor>, name: string, { sizes }: Layout): Tensor[] =>
  sizes.map((_, i) => given[`${name}${i}`]);

const named = (name: string, tensors: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(tensors.map((tensor, i) => [`${name}${i}`, tensor]));

function whole({ inputs, ...rest }: Recorded): Graph {
  return {
    ...rest,
    inputs: inputs.map((value) => value.name === "table" ? { ...value, shape: ["T", value.shape[1]] } : value),
  };
}
