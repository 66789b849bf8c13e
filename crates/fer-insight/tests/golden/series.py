"""Golden numbers of short series, by SciPy and pymannkendall: `python series.py` writes series.json.

Slopes: scipy.stats.theilslopes. Trend tests: pymannkendall.hamed_rao_modification_test. Phases: scipy.stats.mannwhitneyu
and an exact permutation test. Associations: scipy.stats.spearmanr and rankdata.
"""
import itertools, json, pathlib
import numpy as np
import pymannkendall
from scipy import stats

rng = np.random.default_rng(1)
series = []
for n in (8, 9, 12, 20, 40):
    for kind in ("noise", "trend", "correlated", "ties"):
        y = rng.normal(size=n)
        if kind == "trend":
            y = y + 0.3 * np.arange(n)
        if kind == "correlated":
            for i in range(1, n):
                y[i] += 0.8 * y[i - 1]
        if kind == "ties":
            y = np.round(y)
        x = np.cumsum(rng.integers(1, 3, n)).astype(float)
        result = pymannkendall.hamed_rao_modification_test(y)
        if not result.var_s > 0:
            continue
        fit = stats.theilslopes(y, x, 0.95)
        series.append({"x": x.tolist(), "y": y.tolist(), "theil_sen": [fit[0], fit[2], fit[3]], "mann_kendall": float(result.p)})

phases = []
for m, n, shift in ((5, 3, 0), (5, 3, 2), (6, 5, 1), (5, 6, -1), (8, 6, 0.5)):
    a, b = rng.normal(size=m), rng.normal(size=n) + shift
    if m == 6:
        a, b = np.round(a), np.round(b)
    nap = lambda a, b: stats.mannwhitneyu(b, a).statistic / (len(a) * len(b))
    found, both = nap(a, b), np.r_[a, b]
    splits = [nap(np.delete(both, list(late)), both[list(late)]) for late in itertools.combinations(range(m + n), n)]
    p = np.mean(np.abs(np.array(splits) - 0.5) >= abs(found - 0.5) - 1e-12)
    spread = 1.4826 * stats.median_abs_deviation(a)
    phases.append({"baseline": a.tolist(), "later": b.tolist(), "nap": found, "p": p,
                   "z": (b[-1] - np.median(a)) / spread if spread > 0 else None})

pairs = []
for n in (10, 30, 60):
    x = rng.normal(size=n)
    for y in (0.6 * x + rng.normal(size=n), np.round(x + rng.normal(size=n))):
        two = (y > np.median(y)).astype(float)
        auc = stats.mannwhitneyu(x[two == 1], x[two == 0]).statistic / (two.sum() * (n - two.sum()))
        pairs.append({"x": x.tolist(), "y": y.tolist(), "spearman": stats.spearmanr(x, y).statistic, "two": two.tolist(), "auc": auc})

out = pathlib.Path(__file__).with_name("series.json")
out.write_text(json.dumps({"series": series, "phases": phases, "pairs": pairs}, indent=1) + "\n")
