import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { providers } from "../../lib/agent/onnx_session.ts";
import { findEngines } from "../../lib/agent/setup.ts";
import { backends } from "../../lib/agent/tfjs.ts";

Deno.test("every engine is tried on every backend; what is here runs, what is not says what it lacks", async () => {
  const found = await findEngines();
  assertEquals(found.map(({ name }) => name), [
    ...providers.map((name) => `onnx on ${name}`),
    ...backends.map((name) => `tfjs on ${name}`),
  ]);
  for (const name of ["onnx on cpu", "tfjs on wasm", "tfjs on cpu"]) {
    const one = found.find((one) => one.name === name)!;
    assert(one.here, `${name}: ${one.note}`);
    assert(/^(ONNX Runtime|TensorFlow\.js) \d/.test(one.note), one.note);
  }
  for (const { name, here, note } of found) {
    if (!here) assert(note.startsWith("Cannot run ") && note.length > 40, `${name}: ${note}`);
    assert(!note.includes("\n"), note);
    if (note.includes("is not installed")) {
      assertStringIncludes(note, `deno task setup ${name === "tfjs on node" ? "--node" : "--gpu"}`);
    }
  }
});
