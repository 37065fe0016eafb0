"""TA-Lib's side of the indicator benchmark: computes what it is told, once per line on standard input.

Started by indicators.ts with a folder that holds candles.f64 (open, high, low, close, volume, one after the other) and
calls.json ([{"function", "inputs", "params"}]). Each line is answered by milliseconds of processor time: "all" frees
each output at once, so that the next is written to the same memory, "kept" has them all at the end, as a table of
features has; the index of a call is that call alone.
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
    what = line.strip()
    chosen = work if what in ("all", "kept") else [work[int(what)]]
    kept = []
    started = time.process_time()
    for function, inputs, params in chosen:
        outputs = function(*inputs, **params)
        if what == "kept":
            kept.append(outputs)
        del outputs
    print((time.process_time() - started) * 1e3, flush=True)
