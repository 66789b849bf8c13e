"""Golden numbers of tests/shares.rs, by NumPy and SciPy: `python shares.py [val.json votes.csv]` writes shares.json.

With the two arguments it first writes reference.json, the counts of the validation faces:
    fer evaluate fer2013/validation --faces whole --votes ferplus_votes.csv --json val.json
"""
import csv, json, pathlib, sys
import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent
E = ["happy", "sad", "neutral", "surprise"]
FER = ["happiness", "sadness", "neutral", "surprise"]
K, B, S = 4, 16, 5


def bins(p):
    top = p.argmax(1)
    second = np.argsort(-p, 1, kind="stable")[:, 1]
    runner = np.where(second > top, second - 1, second)
    return 4 * top + np.where(p.max(1) >= .9, 0, 1 + runner)


def write_reference(predictions, votes):
    ballots = {r.pop("file"): {k: int(v) for k, v in r.items()} for r in csv.DictReader(open(votes))}
    p, y, v = [], [], []
    for a in json.load(open(predictions))["predictions"]:
        b = ballots.get("validation/" + a["path"].replace(".png", ".jpg"))
        four = b and np.array([b[f] for f in FER], float)
        if not b or four.sum() == 0:
            continue
        top = max(b, key=b.get)
        y.append(FER.index(top) if 2 * b[top] > sum(b.values()) and top in FER else K)
        p.append([a["probabilities"][e] for e in E])
        v.append(four / four.sum())
    p, y, v = np.array(p), np.array(y), np.array(v)
    strata = {}
    for s, name in enumerate(E + ["unclear"]):
        strata[name] = {"counts": np.bincount(bins(p[y == s]), minlength=B).tolist(), "votes": v[y == s].mean(0).tolist(),
                        "votes_covariance": np.cov(v[y == s].T).tolist()}
    (HERE / "reference.json").write_text(json.dumps({"format": "fer-reference", "version": 1, "strata": strata}, indent=1))


def dirichlet(rng, a):
    g = rng.standard_gamma(a)
    return g / g.sum(-1, keepdims=True)


def posterior(rng, N, C, V, L, draws=40_000, chains=200, sweeps=8, w=.5):
    """Many chains at once, each of `draws / chains` draws: the cut posterior of the design."""
    out, pi = [], np.full((chains, S), .2)
    for t in range(draws // chains + 25):
        P = dirichlet(rng, np.broadcast_to(w * C + .25, (chains, S, B)))
        for _ in range(sweeps):
            a = pi[:, None] * np.swapaxes(P, 1, 2)
            a /= a.sum(-1, keepdims=True)
            M = np.floor(N + rng.random((chains, B))).astype(np.int64)
            pi = dirichlet(rng, .5 + rng.multinomial(M, a).sum(1))
        votes = V + np.einsum("skl,csl->csk", L, rng.standard_normal((chains, S, K))) / w**.5
        share = np.clip(np.einsum("cs,csk->ck", pi, votes), 0, 1)
        if t >= 25:
            out.append(np.c_[share / share.sum(1, keepdims=True), pi[:, 4]])
    return np.concatenate(out)


def fit(q, C, w=.5, steps=400):
    C = w * C
    Cs = C.sum(1, keepdims=True); P = (C + .5) / (Cs + .5 * B); pi = np.full(S, 1 / S); n = q.sum()
    for _ in range(steps):
        a = pi[:, None] * P; a /= a.sum(0); m = a * q; pi = m.sum(1) / n; P = (C + m) / (C + m).sum(1, keepdims=True)
    xlog = lambda x, r: (x[x > 0] * np.log(r[x > 0])).sum()
    g = 2 * (xlog(q, q / n / (pi @ P)) + xlog(C, C / Cs / np.maximum(P, 1e-300)))
    return g, stats.chi2.sf(g, B - S)


def effective(X, weight, level=.95):
    G, n = len(X), X.sum(1)
    A = X.reshape(G, K, -1).sum(2)
    if weight == "cluster":
        a = (A / n[:, None]).mean(0); v = (A / n[:, None]).var(0, ddof=1) / G; q = (X / n[:, None]).mean(0)
    else:
        a = A.sum(0) / n.sum(); v = ((A - a * n[:, None]) / n.mean()).__pow__(2).sum(0) / (G - 1) / G; q = X.sum(0) / n.sum()
    z, t = stats.norm.ppf(.5 + level / 2), stats.t.ppf(.5 + level / 2, G - 1)
    ne = min((a * (1 - a)).sum() / v.sum(), n.sum()) * (z / t)**2
    return ne, a, q * ne


def main():
    if len(sys.argv) > 1:
        write_reference(*sys.argv[1:])
    ref = json.loads((HERE / "reference.json").read_text())["strata"]
    C = np.array([s["counts"] for s in ref.values()], float); V = np.array([s["votes"] for s in ref.values()])
    L = np.stack([np.linalg.cholesky(np.array(s["votes_covariance"]) / c.sum() + 1e-12 * np.eye(K)) for s, c in zip(ref.values(), C)])
    rng = np.random.default_rng(1); rows = C / C.sum(1, keepdims=True); cases = []
    for n, mix in ((60, [.3, .1, .4, .1, .1]), (2000, [.35, .08, .34, .13, .10]), (400, [.08, .4, .34, .04, .14])):
        counts = rng.multinomial(n, np.array(mix) @ rows)
        d = posterior(rng, counts.astype(float), C, V, L)
        cases.append(summary(d) | {"counts": counts.tolist(), "fit": list(fit(counts.astype(float), C))})
    clustered = []
    for G in (6, 40):
        X = np.stack([rng.multinomial(rng.integers(20, 90), rng.dirichlet(4 * np.array([.3, .1, .4, .1, .1])) @ rows) for _ in range(G)])
        for weight in ("cluster", "faces"):
            ne, a, q = effective(X.astype(float), weight)
            clustered.append(summary(posterior(rng, q, C, V, L)) | {"clusters": X.tolist(), "weight": weight, "effective": ne, "counted": a.tolist()})
    (HERE / "shares.json").write_text(json.dumps({"independent": cases, "clustered": clustered}, indent=1))


def summary(d):
    x = np.c_[d, d[:, 0] - d[:, 1], 1 - d[:, 2]]
    return {"mean": x.mean(0).tolist(), "sd": x.std(0).tolist(), "low": np.quantile(x, .025, 0).tolist(), "high": np.quantile(x, .975, 0).tolist()}


main()
