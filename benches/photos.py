"""Measure a photo end to end beside OpenCV's Haar cascade as PyPI's `fer` runs it, turn by turn.

    pip install -r benches/requirements-photos.txt
    python benches/photos.py --json photos.json
    pip install fer==25.10.3 && python benches/photos.py --peer fer   # in an environment of its own

Each side has one thread. Ours reads the JPEG, finds every face from 24 pixels and predicts its expression.
Theirs reads the same JPEG and finds faces from 50 pixels, with the settings of `fer` 25.10.3 (scale factor
1.1, 5 neighbors); its classifier, which needs TensorFlow, is left out: the ratio is in its favor. With
``--peer fer`` it is PyPI's `fer` itself, kept on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
from peers import ROOT, Side, build, target_directory

GROUP = ROOT / "examples" / "photos" / "group.jpg"
SIZE = (640, 480)


def serve_haar() -> None:
    """Answer lines ``COUNT PATH`` with the times of finding the faces of a JPEG so many times."""
    cv2.setNumThreads(1)
    name = cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(name)
    for line in sys.stdin:
        count, path = line.rstrip("\n").split(" ", 1)
        seconds, faces = [], 0
        for _ in range(int(count)):
            start = time.perf_counter()
            gray = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2GRAY)
            boxes = cascade.detectMultiScale(
                gray, scaleFactor=1.1, minNeighbors=5, flags=cv2.CASCADE_SCALE_IMAGE, minSize=(50, 50)
            )
            seconds.append(time.perf_counter() - start)
            faces = len(boxes)
        print(json.dumps({"seconds": seconds, "faces": faces}), flush=True)


def serve_fer() -> None:
    """Answer as ``serve_haar``, with all that PyPI's ``fer`` does with a photo."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # The package prints.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from fer.fer import FER

    cv2.setNumThreads(1)
    detector = FER(mtcnn=False)
    for line in sys.stdin:
        count, path = line.rstrip("\n").split(" ", 1)
        seconds, faces = [], 0
        for _ in range(int(count)):
            start = time.perf_counter()
            found = detector.detect_emotions(cv2.imread(path))
            seconds.append(time.perf_counter() - start)
            faces = len(found)
        print(json.dumps({"seconds": seconds, "faces": faces}), file=answers, flush=True)


PEERS = {"haar": serve_haar, "fer": serve_fer}


def compare(ours: Side, theirs: Side, photo: Path, rounds: int, repeats: int) -> dict[str, Any]:
    """Run both sides turn by turn; the first round only warms them up."""
    sides = {"ours": ours, "theirs": theirs}
    medians: dict[str, list[float]] = {name: [] for name in sides}
    faces = {}
    for round_ in range(rounds + 1):
        order = list(sides) if round_ % 2 else list(reversed(sides))
        for name in order:
            answer = sides[name].ask(f"{repeats} {photo}")
            faces[name] = answer["faces"]
            if round_ > 0:
                medians[name].append(statistics.median(answer["seconds"]))
    ratios = [theirs / ours for ours, theirs in zip(medians["ours"], medians["theirs"], strict=True)]
    return {
        "speedup": statistics.median(ratios),
        "ratios": ratios,
        "milliseconds": {name: 1000 * statistics.median(times) for name, times in medians.items()},
        "fastest": {name: 1000 * min(times) for name, times in medians.items()},
        "faces": faces,
    }


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("side", nargs="?", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--peer", default="haar", choices=PEERS, help="beside what (default: %(default)s)")
    parser.add_argument("--photo", type=Path, help="photo to read (default: the sample group, 640x480)")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--rounds", type=int, default=9, help="rounds (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="photos a round (default: %(default)s)")
    parser.add_argument("--worker", type=Path, help="a build of measure_photos, instead of building it")
    return parser.parse_args()


def main() -> None:
    """Measure both sides and write it down."""
    arguments = parse_arguments()
    if arguments.side is not None:
        PEERS[arguments.side]()
        return
    worker = arguments.worker
    if worker is None:
        build()
        worker = target_directory() / "release" / "examples" / "measure_photos"
    with tempfile.TemporaryDirectory() as folder:
        photo = arguments.photo
        if photo is None:
            photo = Path(folder) / "group.jpg"
            cv2.imwrite(str(photo), cv2.resize(cv2.imread(str(GROUP)), SIZE))
        ours = Side([str(worker), "serve"])
        theirs = Side([sys.executable, __file__, arguments.peer])
        try:
            result = compare(ours, theirs, photo, arguments.rounds, arguments.repeats)
        finally:
            ours.close()
            theirs.close()
    for name, title in {"ours": "ours", "theirs": arguments.peer}.items():
        print(
            f"{title}: {result['faces'][name]} faces, {result['milliseconds'][name]:.1f} ms "
            f"(fastest round {result['fastest'][name]:.1f} ms)"
        )
    low, high = min(result["ratios"]), max(result["ratios"])
    print(f"{arguments.peer} / ours: {result['speedup']:.2f} ({low:.2f} to {high:.2f})")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
