import { checkBar } from "./encoded.ts";
import { adamRates, learnStep, type Learnt, type LossOptions, type Minibatch, statNames } from "./learn_step.ts";
import { layoutOf, type Model, parametersOf, startOf, windowsOf } from "./model.ts";
import { checkState, type Minibatches, type Net, type NetState, type Policy, type Stats } from "./net.ts";
import { openTf, type Tensor } from "./tfjs.ts";

const kinds = ["weights", "first", "second"] as const;

/**
 * The eager engine: TensorFlow.js runs the model, the loss and Adam kernel by kernel, on whatever backend there is. The
 * compiled engine is held to this one's numbers.
 *
 * @param size of a minibatch, B
 * @param backend the best one present unless given
 */
export async function tfNet(model: Model, options: LossOptions, size: number, backend?: string): Promise<Net> {
  const { tf, about } = await openTf(backend);
  const running = tf.getBackend();
  const layout = layoutOf(model.parameters);
  const { window, features, stateSize } = model.seen;
  const keep = (vectors: readonly Float32Array[]) => vectors.map((values) => tf.keep(tf.tensor1d(values)) as Tensor);
  const zeros = () => layout.sizes.map((n) => new Float32Array(n));
  let learnt: Learnt<Tensor> = {
    weights: keep(startOf(model.parameters, layout)),
    first: keep(zeros()),
    second: keep(zeros()),
  };
  let steps = 0;
  let copy = await copyOf(learnt); // not every backend can be read without waiting
  const dispose = (old: Learnt<Tensor>) => kinds.forEach((kind) => old[kind].forEach((tensor) => tensor.dispose()));
  /** Another net may have chosen another backend. */
  const here = async () => {
    if (tf.getBackend() !== running) await tf.setBackend(running);
  };

  function policy(table: Float32Array): Policy {
    const T = features > 0 ? table.length / features : 0;
    return {
      async look(bars, state) {
        for (const bar of model.encode ? bars : []) checkBar(bar, window, T);
        await here();
        const [policy, value] = tf.tidy(() => {
          const p = parametersOf(tf, layout, learnt.weights);
          const encoding = model.encode?.(
            tf,
            p,
            windowsOf(tf, model.seen, tf.tensor2d(table, [T, features]), tf.tensor1d(bars, "int32")),
          );
          const own = stateSize > 0 ? tf.tensor2d(state.slice(), [bars.length, stateSize]) : undefined;
          const said = model.decide(tf, p, encoding, own);
          return [said.policy, said.value];
        });
        const look = { policy: await policy.data() as Float32Array, value: await value.data() as Float32Array };
        policy.dispose();
        value.dispose();
        return look;
      },
    };
  }

  /** One optimizer step on minibatch `i`: what is then learnt, and what the step says, a row of numbers. */
  function step(table: Float32Array, batches: Minibatches, i: number, now: Learnt<Tensor>, rate: number) {
    const rates = adamRates(rate, steps + 1);
    const discrete = model.actions.kind === "discrete";
    const width = model.actions.kind === "discrete" ? 1 : model.actions.size;
    const part = (values: Float32Array, of: number, shape: number[]) =>
      tf.tensor(values.slice(i * size * of, (i + 1) * size * of), shape);
    const tensors = tf.tidy(() => {
      const batch: Minibatch = {
        bars: tf.tensor1d(batches.bars.slice(i * size, (i + 1) * size), "int32"),
        state: part(batches.state, stateSize, [size, stateSize]),
        raw: part(batches.raw, width, discrete ? [size] : [size, width]),
        logProbs: part(batches.logProbs, 1, [size]),
        advantages: part(batches.advantages, 1, [size]),
        returns: part(batches.returns, 1, [size]),
        values: part(batches.values, 1, [size]),
        step: tf.scalar(rates.step),
        epsilon: tf.scalar(rates.epsilon),
      };
      const rows = features > 0 ? tf.tensor2d(table, [table.length / features, features]) : undefined;
      const { stats, ...next } = learnStep(tf, model, layout, options, now, batch, rows);
      return [...kinds.flatMap((kind) => next[kind]), tf.stack(statNames.map((name) => stats[name]))];
    });
    const n = layout.sizes.length;
    const [weights, first, second] = kinds.map((_, at) => tensors.slice(at * n, (at + 1) * n));
    return { next: { weights, first, second }, said: tensors.at(-1)! };
  }

  async function learn(table: Float32Array, batches: Minibatches, learningRate: number): Promise<Stats> {
    await here();
    const stats = Object.fromEntries(statNames.map((name) => [name, [] as number[]]));
    const [start, startSteps] = [learnt, steps];
    let current = start;
    let finite = true;
    for (let i = 0; i < batches.count && finite; i++) {
      const { next, said } = step(table, batches, i, current, learningRate);
      if (current !== start) dispose(current);
      current = next;
      const numbers = await said.data();
      said.dispose();
      statNames.forEach((name, j) => stats[name].push(numbers[j]));
      finite = numbers.every(Number.isFinite);
      if (options.target_kl !== null && stats.approx_kl[i] > 1.5 * options.target_kl) break;
      steps++;
    }
    learnt = finite ? current : start;
    if (finite) copy = await copyOf(learnt);
    if (!finite) steps = startSteps;
    if (current !== start) dispose(finite ? start : current);
    return Object.fromEntries(statNames.map((name) => [name, Float32Array.from(stats[name])])) as unknown as Stats;
  }

  return {
    model,
    about,
    policy,
    learn,
    save: (): NetState => ({ ...fresh(copy), steps }),
    load(state) {
      checkState(state, layout.sizes);
      dispose(learnt);
      learnt = { weights: keep(state.weights), first: keep(state.first), second: keep(state.second) };
      copy = fresh(state);
      steps = state.steps;
    },
    [Symbol.asyncDispose]() {
      dispose(learnt);
      return Promise.resolve();
    },
  };
}

function fresh({ weights, first, second }: Learnt<Float32Array>): Learnt<Float32Array> {
  const copies = (vectors: readonly Float32Array[]) => vectors.map((values) => values.slice());
  return { weights: copies(weights), first: copies(first), second: copies(second) };
}

/** The numbers of what is learnt. */
async function copyOf(learnt: Learnt<Tensor>): Promise<Learnt<Float32Array>> {
  const read = (tensors: readonly Tensor[]) =>
    Promise.all(tensors.map(async (one) => Float32Array.from(await one.data())));
  return {
    weights: await read(learnt.weights),
    first: await read(learnt.first),
    second: await read(learnt.second),
  };
}
