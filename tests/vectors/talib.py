"""The 44 indicators by TA-Lib's C library, on real and on nasty candles: vectors for tests/features/indicators/.

    pip install TA-Lib==0.8.2 pandas==3.1.1 pyarrow==26.0.1
    python talib.py ../../data/sample | gzip -9n > talib.json.gz

`cases` are sets of parameters, each on the series named there. `values` holds, by case, series and indicator, one list
per output, null where TA-Lib gives NaN. Candles have all their digits, values 12. `long` has the values at every nth bar
of whole samples: what becomes of sums and averages over thousands of bars.
"""
import json, sys
import numpy as np, pandas as pd, talib

# name: (function, input columns, default parameters, other parameters)
H, L, C, O, V = "high", "low", "close", "open", "volume"
period = lambda usual, other: (dict(timeperiod=usual), dict(timeperiod=other))
CATALOGUE = {
    # overlap
    "sma": ("SMA", [C], *period(20, 7)),
    "ema": ("EMA", [C], *period(20, 5)),
    "wma": ("WMA", [C], *period(20, 3)),
    "dema": ("DEMA", [C], *period(20, 6)),
    "tema": ("TEMA", [C], *period(20, 4)),
    "trima": ("TRIMA", [C], *period(20, 9)),
    "kama": ("KAMA", [C], *period(30, 10)),
    "t3": ("T3", [C], dict(timeperiod=5, vfactor=0.7), dict(timeperiod=3, vfactor=0.4)),
    "bbands": ("BBANDS", [C], dict(timeperiod=20, nbdevup=2.0, nbdevdn=2.0, matype=0),
               dict(timeperiod=11, nbdevup=1.5, nbdevdn=3.0, matype=1)),
    "sar": ("SAR", [H, L], dict(acceleration=0.02, maximum=0.2), dict(acceleration=0.05, maximum=0.1)),
    "midprice": ("MIDPRICE", [H, L], *period(14, 2)),
    # momentum
    "adx": ("ADX", [H, L, C], *period(14, 5)),
    "adxr": ("ADXR", [H, L, C], *period(14, 4)),
    "apo": ("APO", [C], dict(fastperiod=12, slowperiod=26, matype=0), dict(fastperiod=9, slowperiod=4, matype=2)),
    "aroon": ("AROON", [H, L], *period(14, 25)),
    "aroonosc": ("AROONOSC", [H, L], *period(14, 6)),
    "bop": ("BOP", [O, H, L, C], {}, {}),
    "cci": ("CCI", [H, L, C], *period(14, 20)),
    "cmo": ("CMO", [C], *period(14, 5)),
    "dx": ("DX", [H, L, C], *period(14, 3)),
    "macd": ("MACD", [C], dict(fastperiod=12, slowperiod=26, signalperiod=9),
             dict(fastperiod=10, slowperiod=3, signalperiod=5)),
    "mfi": ("MFI", [H, L, C, V], *period(14, 4)),
    "minus_di": ("MINUS_DI", [H, L, C], *period(14, 1)),
    "plus_di": ("PLUS_DI", [H, L, C], *period(14, 2)),
    "mom": ("MOM", [C], *period(10, 1)),
    "ppo": ("PPO", [C], dict(fastperiod=12, slowperiod=26, matype=0), dict(fastperiod=5, slowperiod=8, matype=1)),
    "roc": ("ROC", [C], *period(10, 3)),
    "rsi": ("RSI", [C], *period(14, 7)),
    "stoch": ("STOCH", [H, L, C],
              dict(fastk_period=14, slowk_period=3, slowk_matype=0, slowd_period=3, slowd_matype=0),
              dict(fastk_period=5, slowk_period=4, slowk_matype=1, slowd_period=6, slowd_matype=2)),
    "stochrsi": ("STOCHRSI", [C], dict(timeperiod=14, fastk_period=14, fastd_period=3, fastd_matype=0),
                 dict(timeperiod=9, fastk_period=5, fastd_period=4, fastd_matype=1)),
    "trix": ("TRIX", [C], *period(15, 4)),
    "ultosc": ("ULTOSC", [H, L, C], dict(timeperiod1=7, timeperiod2=14, timeperiod3=28),
               dict(timeperiod1=9, timeperiod2=3, timeperiod3=5)),
    "willr": ("WILLR", [H, L, C], *period(14, 5)),
    # volatility
    "atr": ("ATR", [H, L, C], *period(14, 5)),
    "natr": ("NATR", [H, L, C], *period(14, 1)),
    "trange": ("TRANGE", [H, L, C], {}, {}),
    # volume
    "ad": ("AD", [H, L, C, V], {}, {}),
    "adosc": ("ADOSC", [H, L, C, V], dict(fastperiod=3, slowperiod=10), dict(fastperiod=12, slowperiod=5)),
    "obv": ("OBV", [C, V], {}, {}),
    # statistics
    "stddev": ("STDDEV", [C], dict(timeperiod=20, nbdev=1.0), dict(timeperiod=5, nbdev=2.5)),
    "linearreg_slope": ("LINEARREG_SLOPE", [C], *period(14, 5)),
    "tsf": ("TSF", [C], *period(14, 4)),
    "correl": ("CORREL", [H, L], *period(30, 8)),
    # cycle
    "ht_dcperiod": ("HT_DCPERIOD", [C], {}, {}),
}
LONG = {"coinbase_BTC-USD_1h": 97, "bitstamp_BTC-USD_1d": 29}  # sample: n
assert len(CATALOGUE) == 44


def sample(folder, name, first, bars):
    df = pd.read_parquet(f"{folder}/{name}.parquet")
    return {c: df["$" + c].to_numpy("float64")[first:][:bars] for c in (O, H, L, C, V)}


def walk(bars, price, spread, seed):
    """Candles of a random walk."""
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0, spread, bars)))
    start = np.concatenate([[price], close[:-1]])
    reach = lambda: np.exp(np.abs(rng.normal(0, spread / 2, bars)))
    return {O: start, H: np.maximum(start, close) * reach(), L: np.minimum(start, close) / reach(), C: close,
            V: np.round(rng.exponential(1000, bars), 3)}


def all_series(folder):
    hourly = sample(folder, "coinbase_BTC-USD_1h", 12000, 350)
    usual = walk(120, 100.0, 0.02, 1)
    flat = {c: np.full(90, 5.0) for c in (O, H, L, C)} | {V: np.full(90, 3.0)}
    rise = np.arange(1.0, 121.0)
    stop = {c: a.copy() for c, a in usual.items()}
    for c in (O, H, L, C):
        stop[c][40:80] = stop[C][39]
    stop[V][40:80] = 0.0
    late = {c: a.copy() for c, a in usual.items()}
    for c, first in ((O, 2), (H, 7), (L, 7), (C, 5), (V, 9)):
        late[c][:first] = np.nan
    return {
        "hourly BTC": hourly,
        "daily BTC": sample(folder, "bitstamp_BTC-USD_1d", 900, 200),
        "daily ETH": sample(folder, "bitstamp_ETH-USD_1d", 100, 200),
        "daily LTC": sample(folder, "bitstamp_LTC-USD_1d", 300, 200),
        "flat prices": flat,
        "zero volume": usual | {V: np.zeros(120)},
        "only up": {O: rise, H: rise + 1, L: rise - 0.5, C: rise + 0.5, V: np.full(120, 10.0)},
        "only down": {O: rise[::-1] + 1, H: rise[::-1] + 2, L: rise[::-1], C: rise[::-1] + 0.5, V: rise * 7},
        "prices of 1e-8": walk(150, 1e-8, 0.05, 2),
        "prices of 1e9": walk(120, 1e9, 1e-4, 3),
        "still for 40 bars": stop,
        "known late": late,
        "twelve bars": {c: a[:12] for c, a in usual.items()},
        "two bars": {c: a[:2] for c, a in usual.items()},
        "one bar": {c: a[:1] for c, a in usual.items()},
    }


def compute(columns, name, params):
    function, inputs, *_ = CATALOGUE[name]
    out = getattr(talib, function)(*(np.ascontiguousarray(columns[i]) for i in inputs), **params)
    return list(out) if isinstance(out, tuple) else [out]


def digits(x):
    if x != x:
        return None
    rounded = float(f"{x:.12g}")
    return int(rounded) if rounded == round(rounded) and abs(rounded) < 2**53 else rounded


def main():
    series = all_series(sys.argv[1])
    cases = {}
    for case, which in (("default", 2), ("other", 3)):
        left_out = ("daily BTC", "daily ETH") if case == "other" else ()
        cases[case] = dict(
            params={name: entry[which] for name, entry in CATALOGUE.items()},
            values={s: {name: [[digits(x) for x in output] for output in compute(columns, name, entry[which])]
                        for name, entry in CATALOGUE.items()}
                    for s, columns in series.items() if s not in left_out},
        )
    every = {s: dict(every=n, values={name: [[digits(x) for x in output[::n]]
                                             for output in compute(sample(sys.argv[1], s, 0, None), name, entry[2])]
                                      for name, entry in CATALOGUE.items()})
             for s, n in LONG.items()}
    exact = lambda column: [None if x != x else float(x) for x in column]
    json.dump(dict(origin=f"TA-Lib {talib.__ta_version__.decode().split()[0]}",
                   series={s: {c: exact(a) for c, a in columns.items()} for s, columns in series.items()},
                   cases=cases, long=every), sys.stdout, separators=(",", ":"))


main()
