"""Writes garch.json: a simulated series and the top of its GARCH(1,1) likelihood by scipy. Needs numpy, scipy."""
import json
import pathlib

import numpy as np
from scipy.optimize import minimize

rng = np.random.default_rng(3)
h, returns = 1e-4, []
for _ in range(800):
    r = np.sqrt(h) * rng.standard_normal() + 2e-4
    returns.append(round(float(r), 8))
    h = 4e-6 + 0.12 * (r - 2e-4) ** 2 + 0.84 * h
r = np.array(returns)
e = r - r.mean()


def cost(x):
    omega, alpha, beta = x[0] * 1e-6, x[1], x[2]
    h, total = (e**2).mean(), 0.0
    for one in e:
        if h <= 0:
            return np.inf
        total += np.log(2 * np.pi * h) + one**2 / h
        h = omega + alpha * one**2 + beta * h
    return 0.5 * total


best = min(
    (
        minimize(cost, start, method="L-BFGS-B", bounds=[(1e-3, 500), (1e-6, 0.9), (1e-6, 0.9999)], options={"ftol": 1e-15})
        for start in ([4, 0.1, 0.8], [10, 0.2, 0.6])
    ),
    key=lambda one: one.fun,
)
found = {"omega": best.x[0] * 1e-6, "alpha": best.x[1], "beta": best.x[2], "logLikelihood": -best.fun}
pathlib.Path(__file__).with_name("garch.json").write_text(json.dumps({"returns": returns, **found}) + "\n")
print(found)
