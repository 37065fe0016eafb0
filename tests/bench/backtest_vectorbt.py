"""vectorbt's side of tests/bench/backtest.ts: reads one JSON command a line, runs it, answers with seconds and results.

    pip install vectorbt==1.2.0
    python backtest_vectorbt.py BARS_FILE N      # float64: N opens, then N closes

Each strategy as a vectorbt user would write it: signals at the close, shifted by a bar, filled at the open, 10 bps. Times
leave out imports, loading and the first run, which compiles.
"""
import json, sys, time, warnings
import numpy as np, pandas as pd
warnings.filterwarnings("ignore")
import vectorbt as vbt

CASH = 1e6  # from 1.0 on down, vectorbt takes the small orders of an account that has lost nearly all for none

bars, n = np.fromfile(sys.argv[1]), int(sys.argv[2])
index = pd.date_range("2000-01-01", periods=n, freq="h")
open_, close = pd.Series(bars[:n], index), pd.Series(bars[n:], index)
sma = lambda period: close.rolling(period).mean()


def final(entries, exits):
    shift = lambda signal: signal.shift(1, fill_value=False)
    run = vbt.Portfolio.from_signals(close, shift(entries), shift(exits), price=open_, fees=0.001, init_cash=CASH, freq="1h")
    return np.atleast_1d(run.final_value()).tolist()


def follow(up):
    return final(up, ~up)


def above(fast, slow):  # a tie is no crossing: pandas' sums make one of it at 4 bars of one pair of the 1,000
    return fast > slow * (1 + 1e-12)


def momentum():
    return follow(above(sma(10), sma(30)))


def mean_reversion():
    z = (close - sma(20)) / close.rolling(20).std(ddof=0)
    return final(z < -2, z >= -1e-9)  # at the mean, but for rounding


def random(path):  # its signals are ours: only the run is timed
    return follow(pd.Series(np.fromfile(path, dtype=np.uint8).astype(bool), index))


def sweep(pairs, chunk=50):  # more columns at once need more memory than they save time
    periods = {p: sma(p) for pair in pairs for p in pair} if len(pairs) <= 100 else None
    average = periods.get if periods else memoised(sma, 120)
    out = []
    for i in range(0, len(pairs), chunk):
        part = pairs[i : i + chunk]
        out += follow(pd.concat([above(average(f), average(s)) for f, s in part], axis=1, keys=range(len(part))))
    return out


def memoised(make, most):
    kept = {}

    def get(key):
        if key not in kept:
            if len(kept) == most:
                kept.pop(next(iter(kept)))
            kept[key] = make(key)
        return kept[key]

    return get


commands = {
    "momentum": momentum,
    "mean_reversion": mean_reversion,
    "buy_and_hold": lambda: follow(pd.Series(True, index)),
    "flat": lambda: follow(pd.Series(False, index)),
    "random": random,
    "sweep": sweep,
}
momentum()
for line in sys.stdin:
    name, *arguments = json.loads(line)
    started = time.perf_counter()
    result = commands[name](*arguments)
    print(json.dumps({"seconds": time.perf_counter() - started, "final": result}), flush=True)
