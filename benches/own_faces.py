#!/usr/bin/env python3
"""Measure what 100 to 500 labeled faces from another camera teach a trained model: `fer train --from`.

    pip install pillow
    fer audit fer2013 --json audit.json
    python benches/own_faces.py fer2013 --audit audit.json

The other camera delivers negatives (or, with --camera small, faces of 12x12 pixels). Of the
training images that most voters agree on, some are drawn, four fifths to train on and the rest to
validate on; every model is scored on the same faces of the validation folder, of which no training
has seen a copy. Each line is the mean over several draws, with the 95 % interval of its difference
from the model that the training starts from (over draws and faces, by bootstrap). Trainings from
scratch have the same network, on the same images.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

NAMES = {"happiness": "happy", "sadness": "sad", "neutral": "neutral", "surprise": "surprise"}
SIDE, SMALL = 48, 12
WAYS = ("from the start", "from the start, two stages frozen", "from scratch")
SCRATCH = """[model]
channels = [32, 64, 128, 192]
blocks_per_stage = 3
"""


def agreed(data: Path, split: str) -> list[tuple[Path, str]]:
    """List the images of a split with a majority of votes for one of the four, and that one."""
    faces = []
    with (data / "ferplus_votes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            votes = {name: int(count) for name, count in row.items() if name != "file"}
            seen = max(votes, key=lambda name: votes[name])
            if row["file"].startswith(split) and seen in NAMES and 2 * votes[seen] > sum(votes.values()):
                faces.append((data / row["file"], NAMES[seen]))
    return sorted(faces)


def negative(face: Image.Image) -> Image.Image:
    """Show a face with dark and bright exchanged."""
    return ImageOps.invert(face)


def small(face: Image.Image) -> Image.Image:
    """Show a face of 12x12 pixels."""
    return face.resize((SMALL, SMALL), Image.Resampling.BOX).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


CAMERAS = {"negative": negative, "small": small}


def photograph(camera: str, faces: Sequence[tuple[Path, str]], folder: Path) -> None:
    """Write faces as the other camera sees them, into class folders."""
    for path, label in faces:
        (folder / label).mkdir(parents=True, exist_ok=True)
        face = CAMERAS[camera](Image.open(path).convert("L"))
        face.save(folder / label / f"{path.stem}.png")


def answers(fer: str, model: str | Path, faces: Path) -> list[bool]:
    """Tell for each face, in the order of the paths, whether the model is right."""
    report = faces.parent / "report.json"
    command = [fer, "evaluate", str(faces), "--faces", "whole", "--model", str(model), "--json", str(report)]
    subprocess.run(command, check=True, capture_output=True)
    return [face["emotion"] == face["truth"] for face in json.loads(report.read_text())["predictions"]]


def train(fer: str, data: Path, run: Path, *more: str) -> None:
    """Run `fer train`."""
    command = [fer, "train", str(data), "--out", str(run), "--seed", "1", "--keep-copies", *more]
    subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def interval(before: Sequence[bool], after: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean gain over draws and faces."""
    generator = random.Random(0)
    gains = [[int(b) - int(a) for a, b in zip(before, draw, strict=True)] for draw in after]
    faces = range(len(before))
    means = []
    for _ in range(1000):
        draws = generator.choices(gains, k=len(gains))
        chosen = generator.choices(faces, k=len(faces))
        means.append(statistics.fmean(draw[face] for draw in draws for face in chosen))
    means.sort()
    return means[24], means[974]


def main() -> None:
    """Print a line per way and number of faces."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--audit", type=Path, required=True, help="JSON of fer audit")
    parser.add_argument("--fer", default="fer", help="the command")
    parser.add_argument("--start", default="crowd", help="model to start from")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--camera", default="negative", choices=CAMERAS)
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    parser.add_argument("--threads", type=int, default=0, help="threads of a training; 0 uses every core")
    parser.add_argument("--faces", type=int, default=1000, help="faces scored")
    options = parser.parse_args()
    copies = {options.data / path for path in json.loads(options.audit.read_text())["leaked"]["validation"]}
    pool = agreed(options.data, "train")
    held_out = [face for face in agreed(options.data, "validation") if face[0] not in copies]
    generator = random.Random(1)
    print(
        "| labeled faces | training | accuracy | against the start [95 %] |\n|---:|---|---:|---|", flush=True
    )
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        scored = root / "test"
        photograph(options.camera, generator.sample(held_out, options.faces), scored)
        before = answers(options.fer, options.start, scored)
        print(f"| 0 | none | {statistics.fmean(before):.3f} | |", flush=True)
        scratch = root / "scratch.toml"
        scratch.write_text(SCRATCH)
        settings = (
            ["--from", options.start],
            ["--from", options.start, "--freeze", "2"],
            ["--config", str(scratch)],
        )
        ways = dict(zip(WAYS, settings, strict=True))
        ways = {way: more for way, more in ways.items() if way in options.ways}
        for size in options.sizes:
            after: dict[str, list[list[bool]]] = {way: [] for way in ways}
            for draw in range(options.draws):
                # By class, so that every class is in both parts.
                faces = sorted(generator.sample(pool, size), key=lambda face: face[1])
                data = root / f"data-{size}-{draw}"
                photograph(options.camera, faces[::5], data / "validation")
                photograph(options.camera, [face for at, face in enumerate(faces) if at % 5], data / "train")
                for number, (way, more) in enumerate(ways.items()):
                    run = root / f"run-{size}-{draw}-{number}"
                    train(options.fer, data, run, "--threads", str(options.threads), *more)
                    after[way].append(answers(options.fer, run, scored))
            for way, runs in after.items():
                accuracy = statistics.fmean(right for run in runs for right in run)
                low, high = interval(before, runs)
                gain = accuracy - statistics.fmean(before)
                print(
                    f"| {size} | {way} | {accuracy:.3f} | {gain:+.3f} [{low:+.3f}, {high:+.3f}] |", flush=True
                )


if __name__ == "__main__":
    main()
