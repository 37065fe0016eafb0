"""Loads a model as MLflow's Python client does, asks it, and prints what it says as JSON."""
import json
import sys

import mlflow.onnx
import mlflow.pyfunc
import numpy
import onnxruntime

folder, questions = sys.argv[1:]
with open(questions) as file:
    asked = {name: numpy.array(values, dtype="float32") for name, values in json.load(file).items()}
said = mlflow.pyfunc.load_model(folder).predict(asked)
name = "probabilities" if "probabilities" in said else "action"
graph = mlflow.onnx.load_model(folder)
session = onnxruntime.InferenceSession(graph.SerializeToString())
print(json.dumps({"pyfunc": said[name].tolist(), "onnx": session.run([name], asked)[0].tolist()}))
