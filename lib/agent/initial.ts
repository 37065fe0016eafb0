import { normal, type Rng } from "../base/random.ts";

/**
 * A random orthogonal matrix times `gain`: its columns (or rows, whichever are fewer) are at right angles and `gain`
 * long. Source: Saxe, McClelland and Ganguli 2014; the gains that PPO uses: Engstrom et al. 2020.
 *
 * @returns [inputs, outputs], row after row
 */
export function orthogonal(inputs: number, outputs: number, gain: number, random: Rng): Float32Array {
  const [long, short] = [Math.max(inputs, outputs), Math.min(inputs, outputs)];
  const vectors: Float64Array[] = [];
  while (vectors.length < short) {
    const vector = Float64Array.from({ length: long }, () => normal(random));
    for (let pass = 0; pass < 2; pass++) { // once more, for what rounding left over
      for (const other of vectors) subtract(vector, other, dot(vector, other));
    }
    const length = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / length));
  }
  const matrix = new Float32Array(inputs * outputs);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      matrix[i * outputs + o] = gain * (inputs >= outputs ? vectors[o][i] : vectors[i][o]);
    }
  }
  return matrix;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function subtract(vector: Float64Array, other: Float64Array, times: number): void {
  for (let i = 0; i < vector.length; i++) vector[i] -= times * other[i];
}
