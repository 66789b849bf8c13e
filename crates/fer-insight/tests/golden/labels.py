"""Golden numbers of tests/labels.rs: `python labels.py` writes labels.json.

Needs numpy, scipy and krippendorff (https://pypi.org/project/krippendorff/).
"""

import json
import pathlib

import krippendorff
import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent
LABELS = ["happy", "sad", "neutral", "surprise", "other"]


def ratings(rng, raters, faces, agree, missing, labels):
    """Labels `[raters, faces]`, NaN where there is none: all say what most see with probability `agree`."""
    seen = rng.integers(labels, size=faces)
    own = rng.integers(labels, size=(raters, faces))
    table = np.where(rng.random((raters, faces)) < agree, seen, own).astype(float)
    table[rng.random((raters, faces)) < missing] = np.nan
    return table


def alpha(table):
    return krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")


def bootstrap(rng, table, resamples=4000):
    """Interval of alpha over resamples of the faces that two raters answered."""
    table = table[:, (~np.isnan(table)).sum(0) > 1]
    draws = [alpha(table[:, rng.integers(table.shape[1], size=table.shape[1])]) for _ in range(resamples)]
    return np.quantile(draws, [.025, .975]).tolist()


def agreement(seed, raters, faces, agree, missing, labels=5):
    rng = np.random.default_rng(seed)
    table = ratings(rng, raters, faces, agree, missing, labels)
    first, second = table[0], table[1]
    both = ~np.isnan(first) & ~np.isnan(second)
    same, n = int((first == second)[both].sum()), int(both.sum())
    wilson = stats.binomtest(same, n).proportion_ci(method="wilson")
    names = [[None if np.isnan(x) else LABELS[int(x)] for x in row] for row in table]
    return {"ratings": names, "alpha": alpha(table), "interval": bootstrap(rng, table), "same": same, "both": n,
            "wilson": [wilson.low, wilson.high]}


def within_answers(seed, answers, labels, draws=400_000):
    """Shares of the labels: `answers` counts all faces by the model's answer, `labels` the labeled ones by answer and
    label. A label that nobody gave is no choice."""
    rng = np.random.default_rng(seed)
    labels = np.array(labels, float)
    used = labels.sum(0) > 0
    used[:4] = True

    def dirichlet(a):
        g = rng.standard_gamma(a)
        return g / g.sum(-1, keepdims=True)

    weights = dirichlet(np.tile(np.array(answers, float), (draws, 1)))
    reading = dirichlet(np.tile(np.where(used, labels + .25, 0.), (draws, 1, 1)))
    shares = np.einsum("da,dal->dl", weights, reading)
    net = shares[:, 0] - shares[:, 1]
    shares = np.c_[shares, net]
    return {"answers": answers, "labels": labels.astype(int).tolist(), "mean": shares.mean(0).tolist(),
            "low": np.quantile(shares, .025, 0).tolist(), "high": np.quantile(shares, .975, 0).tolist()}


if __name__ == "__main__":
    golden = {
        "agreement": [agreement(1, 2, 200, .7, 0.), agreement(2, 2, 120, .3, .2), agreement(3, 4, 60, .8, .35),
                      agreement(4, 2, 40, .9, .1, labels=2)],
        "within_answers": [
            within_answers(5, [1900, 700, 1800, 600], [[60, 4, 10, 2, 4], [3, 15, 8, 0, 6], [8, 9, 50, 2, 3], [2, 0, 3, 18, 1]]),
            within_answers(6, [500, 2, 900, 98], [[30, 0, 4, 1, 0], [0, 0, 0, 0, 0], [5, 6, 40, 1, 0], [1, 1, 2, 9, 0]]),
        ],
    }
    (HERE / "labels.json").write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")
