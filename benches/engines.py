"""Measure the recipes of docs/scale.md: what Spark, Ray and joblib cost over `fer predict`, and three limits.

    pip install -r requirements-engines.txt joblib pyarrow    # Spark needs Java
    python benches/engines.py engines FOLDER --document docs/scale.md
    python benches/engines.py arrow FOLDER
    python benches/engines.py pickle
    python benches/engines.py memory FOLDER

FOLDER holds face crops. `engines` takes 2,515 of them and adds up the processor time, of user and system,
of every process that a recipe starts, however it ends, over that of `fer predict` with as many threads. All
must give the same rows. `arrow` compares the processor time of `predict_arrow` and `predict_batch` on batches
of 256 images, turn by turn. `pickle` tells the size of pickled classifiers. `memory` predicts 100,000 files
and tells the resident memory while the command runs.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pickle
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pyarrow.parquet as pq
from report import processor, write_between_marks

import fer

ROOT = Path(__file__).resolve().parents[1]
PROCESSES = 2
CROPS = 2515
BATCH = 256
FILES = 100_000
# `prctl` of Linux: children whose parents have ended become ours, so that their time is counted.
BECOME_SUBREAPER = 36
# Places in /proc/PID/stat after the program's name.
USER_TIME, SYSTEM_TIME, START_TIME = 11, 12, 19


def by_joblib(folder: str, out: str) -> None:
    """Predict with the recipe of docs/scale.md for joblib, and write the rows."""
    from joblib import Parallel, delayed

    files = sorted(Path(folder).iterdir())
    classifier = fer.Classifier(threads=1)
    parts = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    work = delayed(classifier.predict_batch)
    batches = Parallel(n_jobs=PROCESSES)(work(part, progress=False) for part in parts)
    tables = [batch.to_arrow() for batch in batches]
    pq.write_table(pa.concat_tables(tables), out)


def recipe(name: str) -> list[str]:
    """Return the command of a recipe, to which the folder and the output are added."""
    python = sys.executable
    return {
        "fer predict": [python, "-m", "fer", "-q", "predict", "--threads", str(PROCESSES)],
        "joblib": [python, __file__, "joblib"],
        "Ray Data": [python, str(ROOT / "examples" / "ray_data.py")],
        "Spark": [python, str(ROOT / "examples" / "spark.py")],
    }[name]


def compare_engines(folder: Path, rounds: int) -> str:
    """Run each recipe in turn on the same crops; return a table of processor time."""
    names = ["fer predict", "joblib", "Ray Data", "Spark"]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as directory:
        crops = copied(chosen(folder, CROPS), Path(directory) / "crops", CROPS)
        expected: Rows = {}
        for number in range(rounds):
            for name in names:
                out = Path(directory) / f"{name.replace(' ', '-')}-{number}.parquet"
                times[name].append(measured([*recipe(name), str(crops)], out))
                rows = rows_of(out)
                expected = expected or rows
                if rows != expected:
                    raise SystemExit(f"{name} gives other rows")
    ours = statistics.median(cpu for cpu, _ in times["fer predict"])
    lines = [f"| {CROPS:,} crops | processor, s | over `fer predict` | wall, s |", "|---|---:|---:|---:|"]
    for name in names:
        cpu, wall = (statistics.median(column) for column in zip(*times[name], strict=True))
        lines.append(f"| {name} | {cpu:.1f} | {cpu / ours:.2f}x | {wall:.0f} |")
    return "\n".join(lines)


def measured(command: list[str], out: Path) -> tuple[float, float]:
    """Run a recipe; return processor and wall seconds, those of all its descendants included.

    Ended children that their parents waited for are in the kernel's count, but engines also start processes
    that nobody waits for. So every process with the mark of this run in its environment is looked at 20 times
    a second. Both counts are lower bounds; the larger one is returned.
    """
    ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0)
    words = [*command, "--output", str(out)] if "predict" in command else [*command, str(out)]
    mark = uuid.uuid4().hex
    seen: dict[tuple[int, str], float] = {}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        environment = {**os.environ, "FER_ENGINE_RUN": mark}
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=errors, env=environment) as process:
            while process.poll() is None:
                seen.update(processor_times(mark))
                time.sleep(0.05)
        wall = time.perf_counter() - started
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{command}: {errors.read().decode()[-2000:]}")
    wait_for_descendants(lambda: seen.update(processor_times(mark)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited_for = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return max(waited_for, sum(seen.values())), wall


def processor_times(mark: str) -> Iterator[tuple[tuple[int, str], float]]:
    """Give the processes that run with `mark` in their environment: number and start, and seconds so far."""
    for folder in Path("/proc").iterdir():
        try:
            if not folder.name.isdecimal() or mark.encode() not in (folder / "environ").read_bytes():
                continue
            # The name of the program, in brackets, may hold spaces.
            _, _, numbers = (folder / "stat").read_text().rpartition(") ")
        except OSError:  # it has ended meanwhile, or is another user's
            continue
        values = numbers.split()
        ticks = int(values[USER_TIME]) + int(values[SYSTEM_TIME])
        yield (int(folder.name), values[START_TIME]), ticks / os.sysconf("SC_CLK_TCK")


def wait_for_descendants(watch: Callable[[], None], patience: float = 20.0) -> None:
    """Wait until every process that has become ours has ended, watching them; end those that stay."""
    deadline = time.monotonic() + patience
    while True:
        watch()
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            if time.monotonic() > deadline:
                for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                    os.kill(int(child), signal.SIGTERM)
                deadline = time.monotonic() + patience
            time.sleep(0.05)


Rows = dict[tuple[str, int], dict[str, Any]]


def rows_of(out: Path) -> Rows:
    """Return the rows of a file or folder of Parquet by name and face, as `fer predict` writes them."""
    rows = {}
    for row in pq.read_table(out).to_pylist():
        name = Path(unquote(urlparse(row.pop("path")).path)).name
        row.pop("error_kind", None)
        rows[name, row["face"]] = {
            key: round(value, 6) if isinstance(value, float) else value for key, value in row.items()
        }
    return rows


def chosen(folder: Path, count: int) -> list[Path]:
    """Choose images at random, the same every time."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not files:
        raise SystemExit(f"{folder}: no images")
    return random.Random(0).sample(files, min(count, len(files)))


def copied(files: list[Path], folder: Path, count: int) -> Path:
    """Copy the files into a folder, those after the first turn as further names of the same content."""
    folder.mkdir()
    copies = [folder / f"{number:06}{file.suffix.lower()}" for number, file in enumerate(files)]
    for file, copy in zip(files, copies, strict=True):
        shutil.copyfile(file, copy)
    for number in range(len(files), count):
        first = copies[number % len(files)]
        (folder / f"{number:06}{first.suffix}").hardlink_to(first)
    return folder


def compare_arrow(folder: Path, rounds: int) -> str:
    """Compare `predict_arrow` with `predict_batch`, turn by turn, on one thread."""
    contents = [path.read_bytes() for path in chosen(folder, 4 * BATCH)]
    batches = [contents[start : start + BATCH] for start in range(0, len(contents), BATCH)]
    columns = [pa.record_batch({"bytes": batch}) for batch in batches]
    classifier = fer.Classifier(threads=1)

    def by_batch() -> None:
        for batch in batches:
            classifier.predict_batch(batch, progress=False).to_arrow()

    def by_arrow() -> None:
        for column in columns:
            classifier.predict_arrow(column).read_all()

    ratios = []
    for number in range(rounds + 1):
        sides = [by_batch, by_arrow] if number % 2 else [by_arrow, by_batch]
        seconds = {side: processor_seconds(side) for side in sides}
        if number > 0:  # the first round warms up
            ratios.append(seconds[by_arrow] / seconds[by_batch])
    return f"predict_arrow over predict_batch: {statistics.median(ratios):.3f}x (median of {rounds} turns)"


def processor_seconds(work: Callable[[], None]) -> float:
    """Return the processor time of some work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def pickled() -> str:
    """Tell the size of pickled classifiers."""
    sizes = {model: len(pickle.dumps(fer.Classifier(model))) for model in fer.MODELS}
    return "\n".join(f"pickle of {model}: {size} bytes" for model, size in sizes.items())


def watch_memory(folder: Path, count: int) -> str:
    """Predict many files by the command; return a table of its resident memory at each tenth of the way."""
    with tempfile.TemporaryDirectory() as directory:
        many = copied(chosen(folder, CROPS), Path(directory) / "many", count)
        out = Path(directory) / "faces.jsonl"
        command = [sys.executable, "-m", "fer", "-q", "predict", str(many), "--output", str(out)]
        with subprocess.Popen(command) as process:
            samples = list(samples_of(process, out.with_name(f"{out.name}.partial")))
        if process.returncode != 0:
            raise SystemExit(f"the command ended with {process.returncode}")
        total = out.stat().st_size
    lines = ["| files | resident, MB |", "|---:|---:|"]
    for tenth in range(1, 11):
        size = max((memory for written, memory in samples if written <= total * tenth / 10), default=0)
        lines.append(f"| {count * tenth // 10:,} | {size:.0f} |")
    return "\n".join([*lines, "", f"Largest: {max(memory for _, memory in samples):.0f} MB"])


def samples_of(process: subprocess.Popen[bytes], partial: Path) -> Iterator[tuple[int, float]]:
    """Give bytes written and megabytes resident, four times a second, while a process runs."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        lines = status.read_text().splitlines()
        resident = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), None)
        if resident is not None and partial.exists():
            yield partial.stat().st_size, int(resident) / 1024
        time.sleep(0.25)


def main() -> None:
    """Measure what is asked for."""
    if sys.argv[1:2] == ["joblib"]:
        by_joblib(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["engines", "arrow", "pickle", "memory"])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "examples" / "faces")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default: %(default)s)")
    parser.add_argument("--files", type=int, default=FILES, help="files for memory (default: %(default)s)")
    parser.add_argument("--document", type=Path, help="write the figures between the marks of this file")
    arguments = parser.parse_args()
    measure = {
        "engines": lambda: compare_engines(arguments.folder, arguments.rounds),
        "arrow": lambda: compare_arrow(arguments.folder, arguments.rounds),
        "pickle": pickled,
        "memory": lambda: watch_memory(arguments.folder, arguments.files),
    }
    text = measure[arguments.what]()
    where = processor()
    text = f"{text}\n\n{where['cpu']}, {where['cores']} cores, load {where['load']:.1f} at the end."
    print(text)
    if arguments.document is not None:
        write_between_marks(arguments.document, f"engines-{arguments.what}", text)


if __name__ == "__main__":
    main()
