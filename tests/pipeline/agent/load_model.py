"""Loads models as MLflow's Python client does, asks each what asked.json beside it says, prints the answers as JSON."""
import json
import sys

import mlflow.onnx
import mlflow.pyfunc
import numpy
import onnxruntime

answers = {}
for folder in sys.argv[1:]:
    with open(f"{folder}/asked.json") as file:
        asked = {name: numpy.array(values, dtype="float32") for name, values in json.load(file).items()}
    said = mlflow.pyfunc.load_model(folder).predict(asked)
    name = "probabilities" if "probabilities" in said else "action"
    session = onnxruntime.InferenceSession(mlflow.onnx.load_model(folder).SerializeToString())
    answers[folder] = {"pyfunc": said[name].tolist(), "onnx": session.run([name], asked)[0].tolist()}
print(json.dumps(answers))
