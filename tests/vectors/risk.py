"""Tails, tests of them, shrunk covariance and hidden Markov models by scipy, pandas, scikit-learn and hmmlearn: vectors
for tests/risk/.

    pip install scipy==1.17.1 pandas==3.1.1 scikit-learn==1.9.1 hmmlearn==0.3.3
    python risk.py | gzip -9n > risk.json.gz
"""
import json, warnings
import numpy as np, pandas as pd
from scipy import integrate, optimize, stats
from sklearn.covariance import LedoitWolf
from hmmlearn.hmm import GaussianHMM
warnings.filterwarnings("ignore")

rng = np.random.default_rng(11)
volatility = np.where((np.arange(600) // 100) % 2, 0.03, 0.008)
series = {
    "two volatilities": np.round(rng.normal(0.0005, volatility), 8),
    "heavy tails": np.round(rng.standard_t(3, 400) * 0.01, 8),
    "skewed, mild": np.round(rng.gamma(12, 0.004, 300) - 0.048, 8),
}


def tails(r, level):
    a = 1 - level
    q = np.quantile(r, a)
    out = {"historical": [-q, -r[r <= q].mean()]}
    mean, std = r.mean(), r.std(ddof=1)
    normal = stats.norm(mean, std)
    out["normal"] = [-normal.ppf(a), -normal.expect(lambda x: x, lb=-np.inf, ub=normal.ppf(a), conditional=True)]
    S, K = stats.skew(r), stats.kurtosis(r)
    cf = lambda z: z + (z**2 - 1) * S / 6 + (z**3 - 3 * z) * K / 24 - (2 * z**3 - 5 * z) * S**2 / 36
    beyond = integrate.quad(lambda z: cf(z) * stats.norm.pdf(z), -40, stats.norm.ppf(a), epsabs=1e-14, epsrel=1e-12)[0] / a
    rises = bool(np.all(np.diff(cf(np.linspace(-60, 60, 2_400_001))) >= 0))
    out["cornish_fisher"] = [-(mean + std * cf(stats.norm.ppf(a))), -(mean + std * beyond), rises]
    variance = pd.Series(r**2).ewm(alpha=0.06, adjust=True).mean().to_numpy()
    sigma = np.sqrt(variance[-1])
    z = stats.norm.ppf(a)
    out["ewma"] = [-sigma * z, sigma * stats.norm.pdf(z) / a]
    shocks = r[20:] / np.sqrt(variance[19:-1])
    q = np.quantile(shocks, a)
    out["filtered_historical"] = [-sigma * q, -sigma * shocks[shocks <= q].mean()]
    return out


def binomial(k, n, p):
    """Log-likelihood without the binomial coefficient, as ratios have it; scipy's less the coefficient's logarithm."""
    from scipy.special import gammaln
    return stats.binom.logpmf(k, n, p) - (gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) if n else 0.0


def tests(hits, level):
    n, k = len(hits), int(hits.sum())
    uc = 2 * (binomial(k, n, k / n) - binomial(k, n, 1 - level))
    pairs = np.zeros((2, 2), int)
    for a, b in zip(hits[:-1], hits[1:]):
        pairs[a, b] += 1
    rows = pairs.sum(axis=1)
    apart = sum(binomial(pairs[i, 1], rows[i], pairs[i, 1] / rows[i]) for i in range(2) if rows[i])
    whole = pairs[:, 1].sum()
    ind = 2 * (apart - binomial(whole, n - 1, whole / (n - 1)))
    return {"kupiec": [uc, stats.chi2.sf(uc, 1)], "independence": [ind, stats.chi2.sf(ind, 1)],
            "christoffersen": [uc + ind, stats.chi2.sf(uc + ind, 2)]}


hits = {
    "clustered": ((np.arange(500) % 50) < 4).astype(int),
    "by chance": (rng.random(750) < 0.05).astype(int),
    "too many": (rng.random(250) < 0.12).astype(int),
    "rare": (np.arange(250) % 100 == 7).astype(int),
}

returns = rng.multivariate_normal([0, 0, 0], [[4e-4, 2e-4, 1e-4], [2e-4, 9e-4, -1e-4], [1e-4, -1e-4, 1e-4]], 120).round(8)
shrunk = LedoitWolf().fit(returns)
C = shrunk.covariance_
least = optimize.minimize(lambda w: w @ C @ w * 1e4, [1 / 3] * 3, constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
                          bounds=[(0, 1)] * 3, options={"ftol": 1e-15, "maxiter": 1000}).x
parity = optimize.root(lambda w: np.append((w * (C @ w) / (w @ C @ w))[:2] - 1 / 3, w.sum() - 1), [0.3, 0.2, 0.5], tol=1e-14).x


def hmm(x, start, transition, mean, variance, iterations):
    model = GaussianHMM(len(start), "diag", init_params="", n_iter=iterations, tol=-np.inf, covars_prior=0, min_covar=0)
    model.startprob_, model.transmat_ = np.array(start), np.array(transition)
    model.means_, model.covars_ = np.array(mean)[:, None], np.array(variance)[:, None]
    model.fit(x[:, None])
    filtered = [model.predict_proba(x[: t + 1, None])[-1].tolist() for t in range(0, len(x), 23)]
    return {"initial": {"start": start, "transition": np.ravel(transition).tolist(), "mean": mean, "variance": variance},
            "iterations": iterations, "start": model.startprob_.tolist(), "transition": model.transmat_.ravel().tolist(),
            "mean": model.means_.ravel().tolist(), "variance": model.covars_.ravel().tolist(),
            "logLikelihood": model.score(x[:, None]), "every": 23, "filtered": filtered}


x = series["two volatilities"]
out = {
    "series": {name: r.tolist() for name, r in series.items()},
    "tails": {name: {level: tails(r, float(level)) for level in ["0.9", "0.95", "0.99"]} for name, r in series.items()},
    "hits": {name: h.tolist() for name, h in hits.items()},
    "tests": {name: tests(h, 0.95) for name, h in hits.items()},
    "returns": returns.T.tolist(),
    "ledoitWolf": {"covariance": C.ravel().tolist(), "shrinkage": shrunk.shrinkage_},
    "minimumVariance": least.tolist(),
    "riskParity": parity.tolist(),
    "hmm": [
        hmm(x, [0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], [0.001, -0.001], [1e-4, 1e-3], 25),
        hmm(series["heavy tails"], [0.4, 0.3, 0.3], [[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]],
            [0.0, 0.001, -0.002], [5e-5, 2e-4, 1e-3], 15),
    ],
}
print(json.dumps(out))
