"""TA-Lib's side of the indicator benchmark: computes what it is told, once per line on standard input.

Started by indicators.ts with a folder that holds candles.f64 (open, high, low, close, volume, one after the other) and
calls.json ([{"function", "inputs", "params"}]). Each line "all" or the index of a call is answered by milliseconds of processor time.
"""
import json, pathlib, sys, time
import numpy, talib

folder = pathlib.Path(sys.argv[1])
calls = json.loads((folder / "calls.json").read_text())
block = numpy.fromfile(folder / "candles.f64", dtype="<f8")
columns = dict(zip(["open", "high", "low", "close", "volume"], numpy.split(block, 5)))
columns = {name: numpy.ascontiguousarray(column) for name, column in columns.items()}
work = [(getattr(talib, c["function"]), [columns[i] for i in c["inputs"]], c["params"]) for c in calls]

print(json.dumps({"talib": talib.__ta_version__.decode().split()[0], "numpy": numpy.__version__}), flush=True)
for line in sys.stdin:
    chosen = work if line.strip() == "all" else [work[int(line)]]
    started = time.process_time()
    for function, inputs, params in chosen:
        function(*inputs, **params)  # the outputs are freed at once, so that their memory is used again
    print((time.process_time() - started) * 1e3, flush=True)
