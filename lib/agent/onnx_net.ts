import type { Tensor } from "onnxruntime-node";
import { policySize } from "./distributions.ts";
import { newEncoded } from "./encoded.ts";
import { adamRates, type LossOptions, statNames } from "./learn_step.ts";
import { layoutOf, type Model, startOf } from "./model.ts";
import { checkState, type Minibatches, type Net, type NetState, type Policy, type Stats } from "./net.ts";
import { decideGraph, encodeGraph, learnGraph } from "./onnx_compile.ts";
import { openOnnx } from "./onnx_session.ts";
import { loadTf } from "./tfjs.ts";

type Feeds = Record<string, Tensor>;
const kinds = ["weights", "first", "second"] as const;

/**
 * The compiled engine: what the model, the loss and Adam do in TensorFlow.js is recorded once as ONNX graphs, and ONNX
 * Runtime runs those. Weights live in typed arrays here, two of each: a call of `learn` reads one and writes the other.
 *
 * @param size of a minibatch, B
 */
export async function onnxNet(
  model: Model,
  options: LossOptions,
  size: number,
  { backend = "cpu", threads }: { backend?: string; threads?: number | undefined } = {},
): Promise<Net> {
  const [onnx, tf] = [await openOnnx(backend, threads), await loadTf()];
  const layout = layoutOf(model.parameters);
  const { features, stateSize, window } = model.seen;
  const encoder = encodeGraph(tf, model, layout);
  const E = Number(encoder?.outputs[0].shape[1] ?? 0);
  const decider = decideGraph(tf, model, layout, E);
  const learner = learnGraph(tf, model, layout, options, size);
  const sessions = {
    encode: encoder && await onnx.open(encoder),
    decide: await onnx.open(decider, 1), // too little work to share
    learn: await onnx.open(learner),
  };

  const newState = () => ({
    weights: layout.sizes.map((n) => new Float32Array(n)),
    first: layout.sizes.map((n) => new Float32Array(n)),
    second: layout.sizes.map((n) => new Float32Array(n)),
  });
  const feedsOf = (state: ReturnType<typeof newState>, prefix = ""): Feeds =>
    Object.fromEntries(
      kinds.flatMap((kind) =>
        state[kind].map((values, i) => [`${prefix}${kind}${i}`, onnx.tensor(values, [values.length])])
      ),
    );
  const pair = [newState(), newState()];
  const ins = pair.map((state) => feedsOf(state));
  const outs = pair.map((state) => feedsOf(state, "new_"));
  let [now, steps, version] = [0, 0, 0];
  startOf(model.parameters, layout).forEach((values, i) => pair[now].weights[i].set(values));
  const weightsFor = (inputs: readonly { name: string }[]): Feeds[] =>
    ins.map((feeds) =>
      Object.fromEntries(inputs.filter(({ name }) => name in feeds).map(({ name }) => [name, feeds[name]]))
    );
  const encodeWeights = weightsFor(encoder?.inputs ?? []);
  const decideWeights = weightsFor(decider.inputs);
  const learnInputs = new Set(learner.inputs.map(({ name }) => name));

  function policy(table: Float32Array): Policy {
    const T = features > 0 ? table.length / features : 0;
    const tableFeed = onnx.tensor(table, [T, features]);
    const encoded = newEncoded({ T, E, window }, async (bars, into) => {
      await sessions.encode!.run(
        { ...encodeWeights[now], table: tableFeed, bars: onnx.tensor(bars, [bars.length]) },
        { encoding: onnx.tensor(into, [bars.length, E]) },
      );
    });
    let [rows, known] = [-1, -1];
    let buffers = buffersOf(0);

    function buffersOf(n: number) {
      const made = {
        encoding: new Float32Array(n * E),
        state: new Float32Array(n * stateSize),
        policy: new Float32Array(n * policySize(model.actions)),
        value: new Float32Array(n),
      };
      const feeds: Feeds = {
        ...(E > 0 && { encoding: onnx.tensor(made.encoding, [n, E]) }),
        ...(stateSize > 0 && { state: onnx.tensor(made.state, [n, stateSize]) }),
      };
      const fetches: Feeds = {
        policy: onnx.tensor(made.policy, [n, policySize(model.actions)]),
        value: onnx.tensor(made.value, [n]),
      };
      return { ...made, fetches, feeds: decideWeights.map((weights) => ({ ...feeds, ...weights })) };
    }

    return {
      async look(bars, state, ahead = 0) {
        if (bars.length !== rows) [rows, buffers] = [bars.length, buffersOf(bars.length)];
        if (E > 0) {
          if (known !== version) encoded.forget();
          known = version;
          await encoded.look(bars, ahead, buffers.encoding);
        }
        buffers.state.set(state);
        await sessions.decide.run(buffers.feeds[now], buffers.fetches);
        return buffers;
      },
    };
  }

  async function learn(table: Float32Array, batches: Minibatches, learningRate: number): Promise<Stats> {
    const n = batches.count;
    const rates = Array.from({ length: n }, (_, i) => adamRates(learningRate, steps + i + 1));
    const fields = {
      bars: onnx.tensor(batches.bars, [n, size]),
      state: onnx.tensor(batches.state, [n, size, stateSize]),
      raw: onnx.tensor(
        batches.raw,
        model.actions.kind === "discrete" ? [n, size] : [n, size, model.actions.size],
      ),
      logProbs: onnx.tensor(batches.logProbs, [n, size]),
      advantages: onnx.tensor(batches.advantages, [n, size]),
      returns: onnx.tensor(batches.returns, [n, size]),
      values: onnx.tensor(batches.values, [n, size]),
      step: onnx.tensor(Float32Array.from(rates, ({ step }) => step), [n]),
      epsilon: onnx.tensor(Float32Array.from(rates, ({ epsilon }) => epsilon), [n]),
    };
    const feeds: Feeds = { ...ins[now], count: onnx.tensor(BigInt64Array.of(BigInt(n)), []) };
    for (const [name, tensor] of Object.entries(fields)) {
      if (learnInputs.has(`all_${name}`)) feeds[`all_${name}`] = tensor;
    }
    if (learnInputs.has("table")) feeds.table = onnx.tensor(table, [table.length / features, features]);
    const results = await sessions.learn.run(feeds, {
      ...outs[1 - now],
      ...Object.fromEntries(statNames.map((name) => [name, null])),
    });
    const stats = Object.fromEntries(statNames.map((name) => [name, results[name].data])) as unknown as Stats;
    if (statNames.every((name) => stats[name].every(Number.isFinite))) {
      const stopped = options.target_kl !== null && stats.approx_kl.at(-1)! > 1.5 * options.target_kl;
      steps += stats.loss.length - Number(stopped);
      now = 1 - now;
      version++;
    }
    return stats;
  }

  return {
    model,
    about: onnx.about,
    policy,
    learn,
    save(): NetState {
      const copies = kinds.map((kind) => [kind, pair[now][kind].map((values) => values.slice())]);
      return { ...Object.fromEntries(copies), steps };
    },
    load(state) {
      checkState(state, layout.sizes);
      for (const kind of kinds) pair[now][kind].forEach((values, i) => values.set(state[kind][i]));
      steps = state.steps;
      version++;
    },
    async [Symbol.asyncDispose]() {
      for (const session of Object.values(sessions)) await session?.release();
    },
  };
}
