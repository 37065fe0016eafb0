"""Deflated Sharpe ratio and the probability of backtest overfitting by scipy, numpy and pandas, straight from the papers:
vectors for tests/backtest/.

    pip install scipy==1.17.1 pandas==3.1.1 numpy==2.4.6
    python overfitting.py | gzip -9n > overfitting.json.gz
"""
import itertools, json
import numpy as np, pandas as pd
from scipy import stats

rng = np.random.default_rng(5)
out = {"deflated": [], "overfitting": []}

for trials, bars, drift in [(1, 300, 0.1), (10, 250, 0.12), (100, 1200, 0.08), (1000, 90, 0.3)]:
    r = np.round(rng.standard_t(4, bars) * 0.01 + drift * 0.01, 9)
    sharpes = np.round(rng.normal(0, 0.04, min(trials, 40)), 9)
    sr = r.mean() / r.std(ddof=1)
    skew, kurtosis = stats.skew(r), stats.kurtosis(r, fisher=False)
    v = sharpes.var(ddof=1) if len(sharpes) > 1 else 1 / (bars - 1)
    g = np.euler_gamma
    sr0 = 0.0 if trials == 1 else np.sqrt(v) * ((1 - g) * stats.norm.ppf(1 - 1 / trials) + g * stats.norm.ppf(1 - 1 / (trials * np.e)))
    psr = lambda b: float(stats.norm.cdf((sr - b) * np.sqrt(bars - 1) / np.sqrt(1 - skew * sr + (kurtosis - 1) / 4 * sr**2)))
    out["deflated"].append(dict(returns=r.tolist(), trials=trials, sharpes=sharpes.tolist(), sharpe=sr, skew=skew,
        kurtosis=kurtosis, expectedMax=float(sr0), probabilistic=psr(0), deflated=psr(sr0)))


def pbo(M, S):  # M: bars × trials
    M = M[len(M) % S:] if len(M) % S else M
    parts = np.array_split(M, S)
    logits, ins, outs = [], [], []
    for c in itertools.combinations(range(S), S // 2):
        J = pd.DataFrame(np.concatenate([parts[i] for i in c]))
        Jbar = pd.DataFrame(np.concatenate([parts[i] for i in range(S) if i not in c]))
        R, Rbar = J.mean() / J.std(ddof=1), Jbar.mean() / Jbar.std(ddof=1)
        n = R.idxmax()
        w = Rbar.rank()[n] / (M.shape[1] + 1)
        logits.append(np.log(w / (1 - w)))
        ins.append(R[n]); outs.append(Rbar[n])
    logits, outs = np.array(logits), np.array(outs)
    return dict(probability=float((logits <= 0).mean()), loss=float((outs < 0).mean()), logits=float(logits.sum()),
                slope=float(stats.linregress(ins, outs).slope))


for bars, trials, S, skill in [(203, 6, 6, 0.0), (160, 12, 8, 0.0), (150, 5, 6, 0.4)]:
    M = rng.normal(0, 0.01, (bars, trials))
    M[:, 2] += skill * 0.01
    M = np.round(M, 7)
    out["overfitting"].append(dict(returns=M.T.tolist(), blocks=S, **pbo(M, S)))
print(json.dumps(out, separators=(",", ":")))
