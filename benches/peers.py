"""Measure fer-kernels beside ONNX Runtime, PyTorch and Candle, turn by turn: same network, weights, machine.

    pip install -r benches/requirements.txt
    python benches/peers.py --json peers.json

Each side is a warm process of its own that measures on command; only one works at a time. A round runs
both sides of a comparison, in alternating order, and yields one ratio of their medians; the figure is the
median over the rounds. Before anything is measured, logits and gradients of all sides are compared with
PyTorch's in float64.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from report import processor, write_between_marks

ROOT = Path(__file__).resolve().parent.parent
WORKERS = Path(__file__).resolve().parent / "peer" / "workers.py"

#: Seconds between two sides, in which the threads of the first stop spinning.
PAUSE = 0.05

#: Largest difference from float64 that a side may show, relative to the largest magnitude.
TOLERANCE = {"logits": 1e-4, "int8 logits": 0.2, "gradients": 5e-3}


class Side:
    """A process that answers each command with a line of JSON."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.command = command
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"no answer to {command!r} from {shlex.join(self.command)}")
        result: dict[str, Any] = json.loads(answer)
        return result

    def values(self, command: str, directory: Path) -> np.ndarray:
        """Ask for values, which come in a file."""
        path = directory / "values.bin"
        self.ask(f"{command} {path}")
        return np.fromfile(path, dtype=np.float32)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@dataclass
class Comparison:
    """What two sides are asked to do; the first is ours, or the one that ought to be faster."""

    name: str
    ours: tuple[Side, str]
    theirs: tuple[Side, str]
    repeats: int

    def run(self, rounds: int) -> dict[str, Any]:
        """Run both sides turn by turn; the first round only warms them up."""
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        peaks: dict[str, int] = {}
        for round_ in range(rounds + 1):
            order = ["ours", "theirs"] if round_ % 2 else ["theirs", "ours"]
            for who in order:
                side, command = getattr(self, who)
                time.sleep(PAUSE)
                answer = side.ask(f"{command} {self.repeats}")
                peaks[who] = answer["peak_bytes"]
                if round_ > 0:
                    times[who].append(statistics.median(answer["seconds"]))
        ratios = [theirs / ours for ours, theirs in zip(times["ours"], times["theirs"], strict=True)]
        result = {
            "speedup": statistics.median(ratios),
            "ratios": ratios,
            "seconds": {who: statistics.median(values) for who, values in times.items()},
            "rounds": times,
            "peak_bytes": peaks,
            "commands": {"ours": self.ours[1], "theirs": self.theirs[1]},
        }
        milliseconds = {who: 1000 * seconds for who, seconds in result["seconds"].items()}
        print(
            f"{self.name:38} {result['speedup']:6.2f}x   "
            f"{milliseconds['ours']:9.2f} ms against {milliseconds['theirs']:9.2f} ms",
            flush=True,
        )
        return result


def compare_values(sides: dict[str, Side], truth: dict[str, np.ndarray], directory: Path) -> dict[str, float]:
    """Check that all sides compute the same network; return their relative errors."""

    def error(found: np.ndarray, true: np.ndarray) -> float:
        return float(np.abs(found - true).max() / np.abs(true).max())

    errors = {}
    for name, set_, what in [
        ("ours", "best", "logits"),
        ("ours", "avx2", "logits"),
        ("ours", "candle", "logits"),
        ("ort", "-", "logits"),
        ("ort_int8", "-", "int8 logits"),
        ("torch_eager", "-", "logits"),
        ("ours", "best", "gradients"),
        ("torch_eager", "-", "gradients"),
    ]:
        verb = what.split()[-1]
        found = sides[name].values(f"{verb} {set_} 2 16", directory)
        key = f"{name} {set_} {what}".replace(" - ", " ")
        errors[key] = error(found, truth[verb])
        if errors[key] > TOLERANCE[what]:
            raise SystemExit(f"{key}: differs by {errors[key]:.2e}, expected at most {TOLERANCE[what]:.0e}")
    return errors


def fastest_torch(candidates: dict[str, Side]) -> str:
    """Name the PyTorch setting whose training step is fastest."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for round_ in range(3):
        for name, side in candidates.items():
            answer = side.ask("train - 2 128 2")
            if round_ > 0:
                seconds[name].append(min(answer["seconds"]))
    return min(candidates, key=lambda name: min(seconds[name]))


def epoch_over_steps(fer: list[str], data: Path, epochs: int, directory: Path) -> dict[str, Any]:
    """Say how much longer whole epochs of `fer train` take than their steps alone.

    The first epoch decodes the images and does not count.
    """
    config = directory / "reference.toml"
    config.write_text("[model]\nchannels = [32, 64, 128, 256]\nblocks_per_stage = 2\n")
    run = directory / "run"
    command = [*fer, "train", str(data), "--out", str(run), "--config", str(config)]
    command += ["--epochs", str(epochs + 1), "--batch-size", "128", "--threads", "2"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines[1:]]
    ratios = [epoch["total"] / epoch["step"] for epoch in seconds]
    return {"speedup": statistics.median(ratios), "ratios": ratios, "seconds": seconds}


def build() -> None:
    """Build the workspace's programs as they are released."""
    subprocess.run(["cargo", "build", "--release", "--bins", "--examples"], cwd=ROOT, check=True)


def target_directory() -> Path:
    """Ask Cargo where it builds."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    metadata = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    return Path(json.loads(metadata)["target_directory"])


def default_data() -> Path | None:
    """Find the dataset that the tests use."""
    root = Path(os.environ.get("FER_DATA", ROOT.parent / "shared" / "data"))
    data = root / "fer2013"
    return data if data.is_dir() else None


def table(report: dict[str, Any]) -> str:
    """Lay out the figures for docs/performance.md."""
    machine = report["machine"]
    versions = ", ".join(f"{package} {version}" for package, version in machine["packages"].items())
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load']:.1f} at the end; {versions}.",
        f"PyTorch's best setting was fused AdamW, {report['torch_best']}.",
        "",
        "| comparison | ours | theirs | speedup | memory, ours / theirs |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, result in report["comparisons"].items():
        if "peak_bytes" not in result:
            lines.append(f"| `{name}` | | | {result['speedup']:.3f} | |")
            continue
        ours, theirs = (1000 * result["seconds"][who] for who in ("ours", "theirs"))
        peaks = " / ".join(f"{result['peak_bytes'][who] / 2**20:.0f} MiB" for who in ("ours", "theirs"))
        speedup = f"{result['speedup']:.2f}x"
        lines.append(f"| `{name}` | {ours:.2f} ms | {theirs:.2f} ms | {speedup} | {peaks} |")
    lines += [
        "",
        "`b` is the batch size, `t` the number of threads; above 1 ours is faster. `epoch_vs_steps` is",
        "the time of a whole epoch of `fer train`, loading and validation included, over that of its steps.",
    ]
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Describe what the figures were measured on."""
    packages = ["torch", "onnxruntime", "numpy"]
    return {
        **processor(),
        "python": sys.version.split()[0],
        "packages": {package: version(package) for package in packages},
    }


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--document", type=Path, help="put the table between the marks of this Markdown file")
    parser.add_argument("--rounds", type=int, default=7, help="rounds a comparison (default: %(default)s)")
    parser.add_argument(
        "--allocator", help="shared library of jemalloc or tcmalloc for PyTorch's best setting"
    )
    parser.add_argument("--data", type=Path, default=default_data(), help="dataset for epoch_vs_steps")
    parser.add_argument(
        "--epochs", type=int, default=2, help="epochs for epoch_vs_steps (default: %(default)s)"
    )
    parser.add_argument("--candle", action="store_true", help="compare with Candle's own operations too")
    return parser.parse_args()


def main() -> None:
    """Measure everything and write it down."""
    arguments = parse_arguments()
    build()
    target = target_directory() / "release"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        subprocess.run([sys.executable, str(WORKERS), "prepare", str(directory)], check=True)
        results = measure(arguments, directory, target / "examples" / "peer")
        if arguments.data is not None:
            fer = [str(target / "fer")]
            epochs = epoch_over_steps(fer, arguments.data, arguments.epochs, directory)
            print(f"{'epoch_vs_steps':38} {epochs['speedup']:6.2f}")
            results["comparisons"]["epoch_vs_steps"] = epochs
    comparisons = results["comparisons"].items()
    report = {"speedup": {key: result["speedup"] for key, result in comparisons}, **results}
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    if arguments.document is not None:
        write_between_marks(arguments.document, "peers", table(report))


def measure(arguments: argparse.Namespace, directory: Path, peer: Path) -> dict[str, Any]:
    """Start every side, check what they compute, and compare them."""

    def worker(*words: str, environment: dict[str, str] | None = None) -> Side:
        return Side([sys.executable, str(WORKERS), *words, str(directory)], environment)

    allocator = arguments.allocator or find_library("jemalloc") or find_library("tcmalloc_minimal")
    tuned = {"LD_PRELOAD": allocator} if allocator else {}
    # Keeps jemalloc from handing pages back between steps.
    tuned["MALLOC_CONF"] = "background_thread:false,dirty_decay_ms:-1,muzzy_decay_ms:-1"
    sides = {
        "ours": Side([str(peer), str(directory / "reference.safetensors")]),
        "ort": worker("ort", "f32"),
        "ort_int8": worker("ort", "int8"),
        "torch_eager": worker("torch", "eager"),
    }
    candidates = {
        f"{layout}{', tuned allocator' if environment else ''}": worker(
            "torch", layout, environment=environment
        )
        for layout in ["fused", "channels_last"]
        for environment in ([{}, tuned] if allocator else [{}])
    }
    try:
        with np.load(directory / "truth.npz") as file:
            truth = {"logits": file["logits"], "gradients": file["gradients"]}
        errors = compare_values(sides, truth, directory)
        best = fastest_torch(candidates)
        for name in [name for name in candidates if name != best]:
            candidates.pop(name).close()
        print(f"PyTorch's best setting here: fused AdamW, {best}")
        sides["torch_best"] = candidates.pop(best)
        comparisons = {c.name: c.run(arguments.rounds) for c in comparisons_of(sides, arguments.candle)}
    finally:
        for side in [*sides.values(), *candidates.values()]:
            side.close()
    return {"comparisons": comparisons, "errors": errors, "torch_best": best, "machine": machine()}


def comparisons_of(sides: dict[str, Side], candle: bool) -> list[Comparison]:
    """List every comparison by the key of its figure."""
    ours, ort, int8 = sides["ours"], sides["ort"], sides["ort_int8"]
    eager, best = sides["torch_eager"], sides["torch_best"]
    all_ = [
        Comparison("inference_b1_t1_vs_ort", (ours, "infer best 1 1"), (ort, "infer - 1 1"), 50),
        Comparison("inference_b1_t2_vs_ort", (ours, "infer best 2 1"), (ort, "infer - 2 1"), 50),
        Comparison("inference_b64_t1_vs_ort", (ours, "infer best 1 64"), (ort, "infer - 1 64"), 3),
        Comparison("inference_b64_t2_vs_ort", (ours, "infer best 2 64"), (ort, "infer - 2 64"), 5),
        Comparison("inference_b64_t2_vs_ort_int8", (ours, "infer best 2 64"), (int8, "infer - 2 64"), 5),
        Comparison("inference_b64_t2_vs_torch", (ours, "infer best 2 64"), (best, "infer - 2 64"), 5),
        Comparison("inference_b64_t2_vs_t1", (ours, "infer best 2 64"), (ours, "infer best 1 64"), 5),
        Comparison("inference_avx2_b64_t2_vs_ort", (ours, "infer avx2 2 64"), (ort, "infer - 2 64"), 5),
        Comparison("train_b128_t2_vs_torch_best", (ours, "train best 2 128"), (best, "train - 2 128"), 2),
        Comparison("train_b128_t2_vs_torch_eager", (ours, "train best 2 128"), (eager, "train - 2 128"), 2),
    ]
    if candle:
        all_ += [
            Comparison(
                "inference_b64_t2_vs_candle", (ours, "infer best 2 64"), (ours, "infer candle 2 64"), 1
            ),
            Comparison("train_b64_t2_vs_candle", (ours, "train best 2 64"), (ours, "train candle 2 64"), 1),
        ]
    return all_


if __name__ == "__main__":
    main()
