#!/usr/bin/env python3
"""Measure `fer insight` on ten million rows beside Polars, and its draws and permutations beside NumPy's.

    pip install numpy polars
    python benches/insight.py --fer target/release/fer

Each turn reads the same CSV on the same number of threads: `fer insight shares` gives corrected shares with
intervals by site, with customers as clusters; Polars gives the mean of each probability by site. Draws and
permutations run on one thread. Times of `fer` are those of whole processes; those of Polars and NumPy are
without their imports. The faces are drawn at random, of no image.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import resource

EMOTIONS = ("happy", "sad", "neutral", "surprise")
SITES = 8

#: Reads the table of its first argument, and prints the seconds that it took.
POLARS = """
import sys, time
import polars as pl
start = time.perf_counter()
faces = pl.scan_csv(sys.argv[1]).group_by("site")
faces.agg(pl.col("happy", "sad", "neutral", "surprise").mean()).collect(engine=sys.argv[2])
print(time.perf_counter() - start)
"""


def write_table(path: Path, rows: int, customers: int) -> None:
    """Write a table of faces: four probabilities as `fer predict` prints them, a site and a customer."""
    import numpy as np
    import polars as pl

    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([0.3, 0.1, 0.4, 0.1], rows).astype(np.float32)
    columns = {name: probabilities[:, index] for index, name in enumerate(EMOTIONS)}
    columns["site"] = np.char.add("site ", generator.integers(1, SITES + 1, rows).astype(str))
    columns["customer"] = generator.integers(0, customers, rows)
    pl.DataFrame(columns).write_csv(path)


def time_fer(command: list[str]) -> tuple[float, float]:
    """Return the seconds of a command and the most memory that it held, in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds, peak_mb(used)


def peak_mb(used: resource.struct_rusage) -> float:
    """Return the largest resident memory of a process, in MB."""
    return used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def time_polars(table: Path, threads: int, engine: str) -> float:
    """Return the seconds that Polars takes to read the table and to take the means of the groups."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
    command = [sys.executable, "-c", POLARS, str(table), engine]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def numpy_draws(counts: Any, rows: Any, votes: Any, draws: int, sweeps: int) -> Any:
    """Draw shares of a group from its bins and a reference, as a simulation in NumPy does."""
    import numpy as np

    generator = np.random.default_rng(0)
    mix, out = np.full(len(rows), 1 / len(rows)), np.empty((draws, 4))
    for draw in range(draws):
        gamma = generator.standard_gamma(rows / 2 + 0.25)
        confusion = gamma / gamma.sum(1, keepdims=True)
        for _ in range(sweeps):
            weights = mix * confusion.T
            drawn = generator.multinomial(counts, weights / weights.sum(1, keepdims=True))
            mix = generator.dirichlet(0.5 + drawn.sum(0))
        out[draw] = mix @ votes
    return out


def numpy_permutations(people: Any, permutations: int) -> float:
    """Return p of the largest difference between two halves of the people, as a simulation in NumPy does."""
    import numpy as np

    generator = np.random.default_rng(0)
    half, spread = len(people) // 2, people.std(0)
    whole = people.sum(0)

    def statistic(chosen: Any) -> float:
        part = people[chosen].sum(0)
        return float(np.abs((part - (whole - part)) / half / spread).max())

    observed = statistic(np.arange(half))
    null = [statistic(generator.permutation(len(people))[:half]) for _ in range(permutations)]
    return float((1 + sum(value >= observed for value in null)) / (permutations + 1))


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_statistics(fer: str, turns: int, folder: Path) -> dict[str, float]:
    """Return how many times faster than NumPy 2,000 draws and 9,999 permutations of 1,000 people are."""
    import numpy as np

    table = folder / "people.csv"
    simulate = [fer, "insight", "simulate", "--shares", "0.4,0.1,0.4,0.1", "--people", "1000"]
    subprocess.run([*simulate, "--out", str(table)], check=True, stdout=subprocess.DEVNULL)
    lines = table.read_text().splitlines()
    halves = [f"{line},{'group' if row == 0 else row % 2}" for row, line in enumerate(lines)]
    table.write_text("\n".join(halves) + "\n")
    generator = np.random.default_rng(1)
    counts, rows = generator.integers(20, 200, 16), generator.integers(1, 200, (5, 16))
    votes, people = generator.dirichlet(np.ones(4), 5), generator.dirichlet(np.ones(4), 1000)
    shares = [fer, "insight", "shares", str(table), "--draws", "2000", "--threads", "1"]
    compare = [fer, "insight", "compare", str(table), "--by", "group", "--cluster", "person"]
    compare += ["--permutations", "9999", "--draws", "100", "--threads", "1"]
    draws, permutations = [], []
    for _ in range(turns):
        slow = timed(lambda: numpy_draws(counts, rows, votes, 2000, 8))
        draws.append(slow / time_fer(shares)[0])
        slow = timed(lambda: numpy_permutations(people, 9999))
        permutations.append(slow / time_fer(compare)[0])
    return {
        "draws, times faster than NumPy": statistics.median(draws),
        "permutations, times faster than NumPy": statistics.median(permutations),
    }


def measure_scale(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Return the times and the memory of the large table."""
    table = folder / "faces.csv"
    # In a process of its own: what a process holds counts for the commands that it starts.
    writer = multiprocessing.get_context("spawn").Process(
        target=write_table, args=(table, options.rows, options.customers)
    )
    writer.start()
    writer.join()
    command = [
        options.fer,
        "insight",
        "shares",
        str(table),
        "--by",
        "site",
        "--cluster",
        "customer",
        "--json",
    ]
    times: dict[str, list[float]] = {"fer": [], "polars": [], "polars, streaming": []}
    peak = 0.0
    for _ in range(options.turns):
        seconds, resident = time_fer([*command, "--threads", str(options.threads)])
        peak = max(peak, resident)
        times["fer"].append(seconds)
        times["polars"].append(time_polars(table, options.threads, "in-memory"))
        times["polars, streaming"].append(time_polars(table, options.threads, "streaming"))
    faster = min(("polars", "polars, streaming"), key=lambda name: statistics.median(times[name]))
    ratios = [mine / other for mine, other in zip(times["fer"], times[faster], strict=True)]
    return {
        "rows": options.rows,
        "customers": options.customers,
        "table, MB": table.stat().st_size / 1e6,
        **{f"{name}, s": statistics.median(seconds) for name, seconds in times.items()},
        "time of the faster Polars": statistics.median(ratios),
        "peak, MB": peak,
        "allowed, MB": 150 + 100 * options.customers / 1e6,
    }


def main() -> None:
    """Measure, and print a line per figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fer", default="fer", help="the command")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_scale(options, Path(folder))
        figures |= measure_statistics(options.fer, options.turns, Path(folder))
    for name, value in figures.items():
        print(f"| {name} | {value:.2f} |" if isinstance(value, float) else f"| {name} | {value} |")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
