"""Write the targets of the model `folder`: what class folders and people's votes together say of images.

    python tools/folder_votes.py fer2013 fer2013_other --out run-folder-votes

Half of a training image's hundred votes are its folder's, half go by the probability of each folder given
the votes of ten people: a multinomial regression on the shares of the ten answers, fitted on four fifths of
the training images and applied to the fifth. Images of validation and test have their folder's votes alone,
so that what is measured is the folder's label. The other three folders (angry, disgust, fear) are answers
of their own.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

ANSWERS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
ANSWER_OF_FOLDER = {
    "happy": "happiness",
    "sad": "sadness",
    "neutral": "neutral",
    "surprise": "surprise",
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
}
FOLDERS = ("happy", "sad", "neutral", "surprise")
VOTES = 100
FOLDS = 5
RIDGE = 1e-4


def read_votes(path: Path) -> dict[str, list[int]]:
    """Return the votes of each image, in the order of ANSWERS."""
    with path.open(newline="") as file:
        return {row["file"]: [int(row[answer]) for answer in ANSWERS] for row in csv.DictReader(file)}


def list_images(root: Path) -> list[str]:
    """Return all images of a dataset as `split/folder/name`."""
    return sorted(path.relative_to(root).as_posix() for path in root.glob("*/*/*.jpg"))


def fit(shares: NDArray[np.float64], folders: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the weights of the multinomial regression, of shape (answers + 1, folders)."""
    shape = (shares.shape[1], len(FOLDERS))
    truth = np.eye(len(FOLDERS))[folders]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        logits = shares @ weights
        value = -(truth * log_softmax(logits, axis=1)).sum() / len(truth) + RIDGE * (weights**2).sum()
        slope = shares.T @ (softmax(logits, axis=1) - truth) / len(truth) + 2 * RIDGE * weights
        return value, slope.ravel()

    return minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B").x.reshape(shape)


def predict_folders(images: list[str], votes: dict[str, list[int]]) -> dict[str, NDArray[np.float64]]:
    """Return the probabilities of the four folders given the votes, by fits that have not seen the image."""
    images = [image for image in images if image.startswith("train/") and sum(votes.get(image, [])) > 0]
    counts = np.array([votes[image] for image in images], dtype=float)
    shares = np.hstack([counts / counts.sum(axis=1, keepdims=True), np.ones((len(images), 1))])
    folders = np.array([FOLDERS.index(image.split("/")[1]) for image in images])
    fold = np.arange(len(images)) % FOLDS
    probabilities = np.empty((len(images), len(FOLDERS)))
    for held_out in range(FOLDS):
        inside = fold == held_out
        probabilities[inside] = softmax(shares[inside] @ fit(shares[~inside], folders[~inside]), axis=1)
    right = (probabilities.argmax(axis=1) == folders).mean()
    print(f"the votes name the folder of {right:.3f} of {len(images)} training images")
    return dict(zip(images, probabilities, strict=True))


def write_votes(path: Path, rows: list[tuple[str, dict[str, int]]]) -> None:
    """Write the votes of each image."""
    with path.open("x", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", *ANSWERS])
        for image, counts in rows:
            writer.writerow([image, *(counts.get(answer, 0) for answer in ANSWERS)])


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder dataset, with ferplus_votes.csv")
    parser.add_argument("extra", type=Path, help="the folders of other expressions")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write, which must not exist")
    arguments = parser.parse_args()
    arguments.out.mkdir()

    images = list_images(arguments.data)
    probabilities = predict_folders(images, read_votes(arguments.data / "ferplus_votes.csv"))
    rows = []
    for image in images:
        folder = image.split("/")[1]
        share = np.eye(len(FOLDERS))[FOLDERS.index(folder)]
        if image in probabilities:
            share = (share + probabilities[image]) / 2
        counts = np.rint(VOTES * share).astype(int)
        rows.append(
            (image, {ANSWER_OF_FOLDER[name]: int(count) for name, count in zip(FOLDERS, counts, strict=True)})
        )
    write_votes(arguments.out / "votes.csv", rows)
    others = [
        (image, {ANSWER_OF_FOLDER[image.split("/")[1]]: VOTES}) for image in list_images(arguments.extra)
    ]
    write_votes(arguments.out / "other_votes.csv", others)
    print(f"votes.csv: {len(rows)} images; other_votes.csv: {len(others)} images")


if __name__ == "__main__":
    main()
