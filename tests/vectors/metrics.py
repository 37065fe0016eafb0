"""Performance and risk metrics by empyrical-reloaded, quantstats, scipy and pandas: vectors for tests/backtest/metrics_test.ts.

    pip install empyrical-reloaded==0.7.1 quantstats==0.0.86 scipy==1.17.1 pandas==3.1.1
    python metrics.py FOLDER_WITH_CANDLES | gzip -9n > metrics.json.gz

Series are closes of real candles and small made-up ones; keys are the libraries' own names. `annualization` is bars per
year: 365 * 24 for hours, 365 for days.
"""
import json, math, sys, warnings
import numpy as np, pandas as pd, empyrical as ep
from scipy import stats
warnings.filterwarnings("ignore")
import quantstats.stats as qs

root = sys.argv[1]


def candles(file, cut):
    df = pd.read_csv(f"{root}/{file}").iloc[cut]
    return pd.Series(df["$close"].to_numpy(), index=pd.to_datetime(df["timestamp"], unit="ms"))


def made_up(values, step):
    return pd.Series(np.round(np.asarray(values, float), 6), index=pd.date_range("2021-03-30 05:00", periods=len(values), freq=step))


rng = np.random.default_rng(5)
hour = candles("coinbase_BTC-USD_1h_raw.csv", slice(12000, 16000))
btc = candles("bitstamp_BTC-USD_1d.csv", slice(0, None))
eth = candles("bitstamp_ETH-USD_1d.csv", slice(0, None))
series = {
    "coinbase_BTC-USD_1h": (hour, 365 * 24, None),
    "bitstamp_BTC-USD_1d": (btc, 365, None),
    "bitstamp_ETH-USD_1d": (eth, 365, btc.reindex(eth.index)),
    "heavy tails, mostly flat": (made_up(100 * np.cumprod(1 + (rng.random(600) < 0.2) * rng.standard_t(3, 600) * 0.02), "4h"), 365 * 6, None),
    "wins and losses of a few bars": (made_up([100, 110, 99, 99, 108.9, 130.68, 117.612, 118, 90], "1D"), 365, made_up([10, 10.5, 10.1, 10.1, 10.6, 11, 10.9, 10.7, 10], "1D")),
}
out = {}
for name, (close, n, benchmark) in series.items():
    r = close.pct_change().dropna()
    z, s, k = stats.norm.ppf(0.05), stats.skew(r), stats.kurtosis(r)
    cf = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    equity = (1 + r).cumprod()
    dd = np.r_[1.0, equity] / np.maximum.accumulate(np.r_[1.0, equity]) - 1
    against = {}
    if benchmark is not None:
        b = benchmark.pct_change().dropna()
        alpha, beta = ep.alpha_beta(r, b, annualization=n)
        against = {
            "benchmark": benchmark.tolist(),
            "against": {"alpha": alpha, "beta": beta, "r_squared": qs.r_squared(r, b), "information_ratio": ep.excess_sharpe(r, b)},
        }
    times = (close.index - pd.Timestamp("1970-01-01")) // pd.Timedelta(milliseconds=1)
    steps = np.diff(times)
    out[name] = {
        "start": int(times[0]), "step": int(steps[0]), "gaps": [[int(i) + 1, int(steps[i])] for i in np.flatnonzero(steps != steps[0])],
        "close": close.tolist(), "annualization": n, **against,
        "empyrical": {
            "total_return": ep.cum_returns_final(r), "annual_return": ep.annual_return(r, annualization=n),
            "annual_volatility": ep.annual_volatility(r, annualization=n), "sharpe_ratio": ep.sharpe_ratio(r, annualization=n),
            "sortino_ratio": ep.sortino_ratio(r, annualization=n), "max_drawdown": ep.max_drawdown(r),
            "calmar_ratio": ep.calmar_ratio(r, annualization=n), "omega_ratio": ep.omega_ratio(r, annualization=n),
            "stability_of_timeseries": ep.stability_of_timeseries(r), "tail_ratio": ep.tail_ratio(r),
            "value_at_risk_5": ep.value_at_risk(r, 0.05), "conditional_value_at_risk_5": ep.conditional_value_at_risk(r, 0.05),
            "downside_risk": ep.downside_risk(r, annualization=n),
        },
        "quantstats": {
            "ulcer_index": float(qs.ulcer_index(r)), "gain_to_pain": float(qs.gain_to_pain_ratio(r)), "profit_factor": float(qs.profit_factor(r)),
            "kelly": float(qs.kelly_criterion(r)), "win_rate": float(qs.win_rate(r)), "payoff_ratio": float(qs.payoff_ratio(r)),
            "probabilistic_sharpe_ratio": float(qs.probabilistic_sharpe_ratio(r)), "common_sense_ratio": float(qs.common_sense_ratio(r)),
            "avg_win": float(qs.avg_win(r)), "avg_loss": float(qs.avg_loss(r)), "best": float(qs.best(r)), "worst": float(qs.worst(r)),
            "consecutive_wins": int(qs.consecutive_wins(r)), "consecutive_losses": int(qs.consecutive_losses(r)),
        },
        "scipy": {
            "skew": float(s), "excess_kurtosis": float(k),
            "value_at_risk_5_normal": float(r.mean() + z * r.std(ddof=0)), "value_at_risk_5_cornish_fisher": float(r.mean() + cf * r.std(ddof=0)),
            "cvar_5_normal": float(r.mean() - r.std(ddof=0) * stats.norm.pdf(z) / 0.05),
        },
        "drawdown": {"longest_bars_under_water": int(max((len(g) for g in "".join("1" if x < 0 else "0" for x in dd).split("0")), default=0))},
        "rolling_sharpe_30": [None if math.isnan(v) else v for v in (r.rolling(30).mean() / r.rolling(30).std() * math.sqrt(n)).iloc[[29, len(r) // 2, -1]]] if len(r) > 60 else [],
        "monthly_returns": [[i.year, i.month, v] for i, v in r.groupby(pd.Grouper(freq="ME")).apply(lambda x: (1 + x).prod() - 1).items()][:6],
        "drawdowns": [
            [d.start, d.valley, d.end, d.depth] for d in
            (lambda edges: [type("D", (), {"start": a, "valley": a + int(np.argmin(dd[a:b])), "end": b, "depth": float(dd[a:b].min())}) for a, b in edges])(
                [(int(m[0]) , int(m[-1]) + 1) for m in np.split(np.flatnonzero(dd < 0), np.flatnonzero(np.diff(np.flatnonzero(dd < 0)) > 1) + 1) if len(m)])
        ][:400] if len(r) < 1000 else [],
    }
    out[name]["drawdowns"] = sorted(out[name]["drawdowns"], key=lambda d: d[3])[:5]
json.dump(out, sys.stdout, default=float)
