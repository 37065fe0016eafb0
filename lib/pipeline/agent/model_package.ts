import type { PolicyNotes } from "../../agent/policy_file.ts";
import type { PolicyOfSeed } from "../evaluate.ts";

/** Python packages that load a model, and the versions it was tried with. */
const python = { mlflow: "3.17.2", onnx: "1.23.2", onnxruntime: "1.31.1" };

/** Folder of a model among a run's artifacts. */
export const MODEL_FOLDER = "model";

/** Where the policy of a seed is in that folder. */
export const seedPath = (seed: number): string => `seeds/seed-${seed}.onnx`;

/**
 * The files of a model as MLflow's Python client knows one: `mlflow.pyfunc.load_model("models:/candelabra@champion")`
 * and `mlflow.onnx.load_model` take it, with inputs and outputs described. The policy itself is `model.onnx`; those of
 * the training's other seeds lie beside it.
 *
 * @param policies the model first
 */
export function packageModel(
  policies: readonly PolicyOfSeed[],
  notes: PolicyNotes,
  run: string,
): Map<string, Uint8Array> {
  const requirements = Object.entries(python).map(([name, version]) => `${name}==${version}`);
  const files = new Map<string, Uint8Array>([["model.onnx", policies[0].file]]);
  const say = (path: string, content: string) => files.set(path, new TextEncoder().encode(content));
  const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n"; // which is YAML too
  for (const { seed, file } of policies) files.set(seedPath(seed), file);
  say("MLmodel", json(describe(notes, run)));
  say("requirements.txt", requirements.join("\n") + "\n");
  say("python_env.yaml", json({ python: "3.11", dependencies: ["-r requirements.txt"] }));
  say("conda.yaml", json({ name: "candelabra", dependencies: ["python=3.11", "pip", { pip: requirements }] }));
  return files;
}

function describe(notes: PolicyNotes, run: string) {
  const { actions, window, stateSize, features } = notes;
  const tensor = (name: string, ...shape: number[]) => ({
    type: "tensor",
    name,
    "tensor-spec": { dtype: "float32", shape: [-1, ...shape] },
  });
  const outputs = actions.kind === "discrete"
    ? tensor("probabilities", actions.choices.length)
    : tensor("action", actions.assets);
  return {
    artifact_path: MODEL_FOLDER,
    flavors: {
      onnx: { code: null, data: "model.onnx", onnx_version: python.onnx, providers: ["CPUExecutionProvider"] },
      python_function: {
        code: null,
        data: "model.onnx",
        env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        loader_module: "mlflow.onnx",
        python_version: "3.11",
      },
    },
    mlflow_version: python.mlflow,
    run_id: run,
    signature: {
      inputs: JSON.stringify([tensor("window", window, features.length), tensor("state", stateSize)]),
      outputs: JSON.stringify([outputs, tensor("value")]),
      params: null,
    },
    metadata: {
      features,
      actions,
      symbol: notes.symbol,
      step: notes.step,
      commit: notes.commit,
      trained: notes.about.trained ?? "",
    },
  };
}
