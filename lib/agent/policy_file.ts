import type { ActionMeaning } from "../env/actions.ts";
import type { FeatureMatrix } from "../features/matrix.ts";
import { parseScaler, type Scaler } from "../features/scale.ts";
import { policySize } from "./distributions.ts";
import { newEncoded } from "./encoded.ts";
import { layoutOf, parametersOf } from "./model.ts";
import type { Look, Net, Policy } from "./net.ts";
import { type Graph, type Node, readMetadata, writeModel } from "./onnx_graph.ts";
import { record, ROWS } from "./onnx_record.ts";
import { openOnnx } from "./onnx_session.ts";
import { loadTf, type Tensor } from "./tfjs.ts";

/** What a policy must be told apart from its weights: all that it takes to use it right. */
export interface PolicyNotes {
  readonly features: readonly string[]; // [F] specs, in order
  readonly scaler: Scaler; // fitted on the training rows
  readonly window: number; // W, bars
  readonly stateSize: number; // A, numbers of the account's own
  readonly actions: ActionMeaning;
  readonly symbol: string; // or symbols, of the training
  readonly step: number; // bar length, ms
  readonly commit: string; // of git, that trained it
  /** Whatever else is worth knowing, as text. */
  readonly about: Readonly<Record<string, string>>;
}

/** A policy out of its file. */
export interface SavedPolicy extends AsyncDisposable {
  readonly notes: PolicyNotes;
  /**
   * The policy in front of features, unscaled: the scaler is inside.
   *
   * @throws {RangeError} if the features are not those it was trained on, in their order
   */
  policy(matrix: FeatureMatrix): Policy;
}

/**
 * Writes a policy as one ONNX file that needs nothing else: any ONNX runtime, in any language, can run it.
 *
 * Inputs: `window` [rows, W, F], features as they are (the scaler is part of the graph), oldest bar first, and `state`
 * [rows, A]. Outputs: `probabilities` [rows, n] of the choices, or `action` [rows, size] in -1..1; `value` [rows]; and
 * `encoding`, what the window alone says. The notes are in the file's metadata.
 */
export async function writePolicy(net: Net, notes: PolicyNotes): Promise<Uint8Array> {
  const { window, features, stateSize } = net.model.seen;
  if (notes.window !== window || notes.features.length !== features || notes.scaler.names.length !== features) {
    throw new RangeError(
      `Cannot write the policy as its notes must be of a window of ${window} and ${features} features: they are of ${notes.window} and ${notes.features.length}`,
    );
  }
  const tf = await loadTf();
  const { model } = net;
  const layout = layoutOf(model.parameters);
  const names = layout.sizes.map((_, i) => `weights${i}`);
  const weights = Object.fromEntries(
    layout.sizes.map((size, i) => [names[i], { shape: [size], type: "float32" as const }]),
  );
  const parameters = (given: Record<string, Tensor>) => parametersOf(tf, layout, names.map((name) => given[name]));
  const own = { ...(stateSize > 0 && { state: { shape: [ROWS, stateSize], type: "float32" as const } }) };

  let E = 0;
  const whole = record(tf, {
    ...weights,
    ...own,
    ...(model.encode && { scaled: { shape: [ROWS, window, features], type: "float32" as const } }),
  }, (given) => {
    const p = parameters(given);
    const encoding = model.encode?.(tf, p, {
      flat: () => tf.reshape(given.scaled, [-1, window * features]),
      steps: () => tf.transpose(given.scaled, [1, 0, 2]),
    });
    E = encoding?.shape[1] ?? 0;
    const { policy, value } = model.decide(tf, p, encoding, given.state);
    return {
      ...(model.actions.kind === "discrete"
        ? { probabilities: tf.softmax(policy) }
        : { action: tf.tanh(tf.split(policy, 2, 1)[0]) }),
      value,
      ...(encoding && { encoding }),
    };
  });
  const decide = record(tf, {
    ...weights,
    ...own,
    ...(E > 0 && { encoding: { shape: [ROWS, E], type: "float32" as const } }),
  }, (given) => ({ ...model.decide(tf, parameters(given), given.encoding, given.state) }));

  const vectors = net.save().weights;
  return writeModel(withScaler(withWeights(whole, names, vectors), notes), {
    candelabra: JSON.stringify({ format: 1, ...notes }),
    decide: writeModel(withWeights(decide, names, vectors)).toBase64(),
  });
}

/**
 * Opens a policy file.
 *
 * @param threads that look at many bars together; one decision after the other is fastest with 1
 * @throws {SyntaxError} if it is no policy of ours
 */
export async function openPolicy(file: Uint8Array, threads?: number): Promise<SavedPolicy> {
  const { candelabra, decide } = readMetadata(file);
  if (candelabra === undefined || decide === undefined) {
    throw new SyntaxError("Cannot open the policy as the ONNX file was not written by this project");
  }
  const read = JSON.parse(candelabra) as PolicyNotes & { format: number };
  if (read.format !== 1) {
    throw new SyntaxError(`Cannot open the policy as its format must be 1: current value is ${read.format}`);
  }
  const { format: _, ...rest } = read;
  const notes: PolicyNotes = { ...rest, scaler: parseScaler(read.scaler) };
  const onnx = await openOnnx("cpu", threads);
  const encoder = await onnx.openBytes(file);
  const decider = await onnx.openBytes(Uint8Array.fromBase64(decide), 1);
  const { window, stateSize } = notes;
  const F = notes.features.length;
  const P = policySize(
    notes.actions.kind === "discrete"
      ? { kind: "discrete", n: notes.actions.choices.length }
      : { kind: "box", size: notes.actions.assets },
  );
  const width = decider.inputNames.includes("encoding") ? encodingWidth(decider.inputMetadata) : 0;
  return {
    notes,
    policy({ names, values }) {
      checkFeatures(names, notes.features);
      const encoded = newEncoded({ T: values.length / F, E: width, window }, async (bars, into) => {
        // A product with one row alone is summed in another order: a bar live would not be what it is in a backtest.
        const R = Math.max(2, bars.length);
        const windows = new Float32Array(R * window * F);
        for (let i = 0; i < R; i++) {
          const bar = bars[Math.min(i, bars.length - 1)];
          windows.set(values.subarray((bar - window + 1) * F, (bar + 1) * F), i * window * F);
        }
        const encoding = R === bars.length ? into : new Float32Array(R * width);
        await encoder.run(
          {
            window: onnx.tensor(windows, [R, window, F]),
            ...(stateSize > 0 && { state: onnx.tensor(new Float32Array(R * stateSize), [R, stateSize]) }),
          },
          { encoding: onnx.tensor(encoding, [R, width]) },
        );
        if (encoding !== into) into.set(encoding.subarray(0, into.length));
      });
      return {
        async look(bars, state, ahead = 0): Promise<Look> {
          const R = bars.length;
          const encoding = new Float32Array(R * width);
          if (width > 0) await encoded.look(bars, ahead, encoding);
          const look = { policy: new Float32Array(R * P), value: new Float32Array(R) };
          await decider.run(
            {
              ...(width > 0 && { encoding: onnx.tensor(encoding, [R, width]) }),
              ...(stateSize > 0 && { state: onnx.tensor(state.slice(), [R, stateSize]) }),
            },
            { policy: onnx.tensor(look.policy, [R, P]), value: onnx.tensor(look.value, [R]) },
          );
          return look;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await encoder.release();
      await decider.release();
    },
  };
}

/** Weights that were inputs become part of the graph. */
function withWeights(graph: Graph, names: readonly string[], vectors: readonly Float32Array[]): Graph {
  const constants = names.map((name, i) => ({
    name,
    type: "float32" as const,
    shape: [vectors[i].length],
    bytes: new Uint8Array(vectors[i].buffer, vectors[i].byteOffset, vectors[i].byteLength),
  }));
  return {
    ...graph,
    constants: [...graph.constants, ...constants],
    inputs: graph.inputs.filter(({ name }) => !names.includes(name)),
  };
}

/** The scaler before everything else, in the 64-bit numbers that training scaled with. */
function withScaler(graph: Graph, { scaler, window }: PolicyNotes): Graph {
  if (!graph.inputs.some(({ name }) => name === "scaled")) return graph;
  const column = (name: string, values: readonly number[]) => ({
    name,
    type: "float64" as const,
    shape: [values.length],
    bytes: new Uint8Array(Float64Array.from(values).buffer),
  });
  const limits = scaler.clip === null ? [] : [
    {
      name: "lowest",
      type: "float64" as const,
      shape: [],
      bytes: new Uint8Array(Float64Array.of(-scaler.clip).buffer),
    },
    {
      name: "highest",
      type: "float64" as const,
      shape: [],
      bytes: new Uint8Array(Float64Array.of(scaler.clip).buffer),
    },
  ];
  const scaling: Node[] = [
    { op: "Cast", inputs: ["window"], outputs: ["wide"], attributes: { to: { int: 11 } } },
    { op: "Sub", inputs: ["wide", "centre"], outputs: ["centred"] },
    { op: "Div", inputs: ["centred", "spread"], outputs: ["spreaded"] },
    ...(limits.length > 0 ? [{ op: "Clip", inputs: ["spreaded", "lowest", "highest"], outputs: ["clipped"] }] : []),
    {
      op: "Cast",
      inputs: [limits.length > 0 ? "clipped" : "spreaded"],
      outputs: ["scaled"],
      attributes: { to: { int: 1 } },
    },
  ];
  return {
    ...graph,
    nodes: [...scaling, ...graph.nodes],
    constants: [...graph.constants, column("centre", scaler.centre), column("spread", scaler.spread), ...limits],
    inputs: [
      { name: "window", type: "float32", shape: ["rows", window, scaler.names.length] },
      ...graph.inputs.filter(({ name }) => name !== "scaled"),
    ],
  };
}

function checkFeatures(found: readonly string[], wanted: readonly string[]): void {
  if (found.length === wanted.length && found.every((name, i) => name === wanted[i])) return;
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  const missing = wanted.filter((name) => !found.includes(name));
  const more = found.filter((name) => !wanted.includes(name));
  const what = [
    ...(missing.length > 0 ? [`${list(missing)} missing`] : []),
    ...(more.length > 0 ? [`${list(more)} too many`] : []),
    ...(missing.length + more.length === 0 ? [`the order is another: ${list(found)}`] : []),
  ];
  throw new RangeError(
    `Cannot use the policy as the features must be those it was trained on, ${list(wanted)}: ${what.join("; ")}`,
  );
}

function encodingWidth(inputs: readonly { readonly name: string; readonly isTensor: boolean }[]): number {
  const input = inputs.find(({ name }) => name === "encoding") as unknown as { shape: readonly number[] };
  return input.shape[1];
}
