import { assertAlmostEquals, assertEquals } from "@std/assert";
import { orthogonal } from "../../lib/agent/initial.ts";
import { rng } from "../../lib/base/random.ts";

for (const [inputs, outputs] of [[20, 6], [6, 20], [5, 5], [1, 1], [7, 1]]) {
  Deno.test(`a ${inputs} × ${outputs} matrix has its shorter side at right angles, each as long as the gain`, () => {
    const gain = 1.5;
    const matrix = orthogonal(inputs, outputs, gain, rng(1));
    const [n, at] = inputs >= outputs
      ? [outputs, (i: number, j: number) => matrix[j * outputs + i]]
      : [inputs, (i: number, j: number) => matrix[i * outputs + j]];
    const long = Math.max(inputs, outputs);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        let product = 0;
        for (let j = 0; j < long; j++) product += at(a, j) * at(b, j);
        assertAlmostEquals(product, a === b ? gain * gain : 0, 1e-6);
      }
    }
  });
}

Deno.test("equal seeds give equal matrices", () => {
  assertEquals(orthogonal(4, 3, 1, rng(9)), orthogonal(4, 3, 1, rng(9)));
});
