"""Scores of a model on labeled images."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer, _html
from fer._classifier import Classifier
from fer._progress import counter
from fer._table import Table

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from fer._progress import Counter
    from fer._types import FaceMode

__all__ = ["Evaluation", "Mistakes", "Scores", "evaluate"]


def evaluate(
    folder: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | Classifier | None = None,
    faces: FaceMode = "auto",
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
    votes: str | os.PathLike[str] | None = None,
    groups: str | os.PathLike[str] | None = None,
    exclude: str | os.PathLike[str] | Sequence[str] | None = None,
    ignore_unknown: bool = False,
    html: str | os.PathLike[str] | None = None,
    threads: int = 0,
    progress: bool | Counter = True,
) -> Evaluation:
    """Score a model on a folder that holds one folder per class.

    Parameters
    ----------
    folder
        Folder with the class folders ``happy``, ``sad``, ``neutral`` and ``surprise``. Missing ones are
        reported.
    model
        Name of a built-in model, path of a model file, or a ``fer.Classifier``. The default model when
        absent.
    faces
        ``"auto"``, ``"find"`` or ``"whole"``, as in ``fer.predict``.
    priors
        Class mix that the probabilities assume: ``"natural"``, ``"uniform"`` or four shares.
    votes
        CSV of crowd votes: the images on which most voters agree are scored separately too.
    groups
        CSV of groups of images: a column ``file`` with paths as in `votes`, and one or more columns such as
        ``site`` or ``age``. Adds ``Evaluation.groups`` and ``Evaluation.largest_gaps``.
    exclude
        Images to leave out, relative to `folder`: a file with one path per line, or the paths.
    ignore_unknown
        Skip class folders that name none of the four classes, instead of refusing the folder.
    html
        Where to write a self-contained page of the evaluation.
    threads
        Threads to compute with; 0 uses every core.
    progress
        As in ``fer.predict_batch``.

    Returns
    -------
    Evaluation
        Figures, confusion matrix and every prediction.

    Raises
    ------
    DatasetError
        If `folder` is no folder of class folders.
    OutputError
        If the page cannot be written, or would replace an input, an image or a folder.
    """
    folder = Path(folder)
    if not isinstance(model, Classifier):
        model = Classifier(model, threads=threads)
    if priors is not None:
        model = model.with_priors(priors)
    if exclude is not None and not isinstance(exclude, str | os.PathLike):
        exclude = [os.fspath(path) for path in exclude]
    with counter(progress) as count:
        figures = _fer.evaluate(
            folder,
            model._analyzer,
            faces=faces,
            votes=votes,
            groups=groups,
            exclude=exclude,
            ignore_unknown=ignore_unknown,
            html=html,
            threads=threads,
            progress=count,
        )
    return Evaluation(figures, folder)


class Scores:
    """Figures of answers against the truth, each in [0, 1] unless it says otherwise.

    ``np.asarray(scores)`` is the confusion matrix.

    Parameters
    ----------
    figures
        Content of the JSON that ``fer evaluate`` writes.
    """

    __slots__ = ("_figures",)

    def __init__(self, figures: dict[str, Any]) -> None:
        self._figures = figures

    @property
    def n(self) -> int:
        """Number of images scored."""
        return int(self._figures["n"])

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(self._figures["accuracy"])

    @property
    def accuracy_ci95(self) -> tuple[float, float]:
        """95 % interval of the accuracy (Wilson 1927)."""
        low, high = self._figures["accuracy_ci95"]
        return low, high

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes."""
        return float(self._figures["balanced_accuracy"])

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes."""
        return float(self._figures["macro_f1"])

    @property
    def nll(self) -> float:
        """Mean negative log-likelihood of the true class, in nats."""
        return float(self._figures["nll"])

    @property
    def ece(self) -> float:
        """Expected calibration error."""
        return float(self._figures["ece"])

    @property
    def coverage(self) -> float:
        """Share of label sets, at an error rate of 0.1, that hold the truth."""
        return float(self._figures["conformal"]["coverage"])

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the confusion matrix."""
        return list(self._figures["classes"])

    @property
    def confusion(self) -> list[list[int]]:
        """Confusion matrix: ``confusion[truth][answer]`` counts images."""
        return [list(row) for row in self._figures["confusion"]]

    @property
    def per_class(self) -> dict[str, dict[str, Any]]:
        """Precision, recall, F1 and support by class."""
        return {name: dict(self._figures["per_class"][name]) for name in self.classes}

    def to_dict(self) -> dict[str, Any]:
        """Content of the JSON that ``fer evaluate`` writes."""
        return deepcopy(self._figures)

    def plot_confusion(self) -> Figure:
        """Draw the confusion matrix as shares of each row (needs matplotlib)."""
        from fer._plots import plot_confusion

        return plot_confusion(self)

    def plot_reliability(self) -> Figure:
        """Draw confidence against accuracy (needs matplotlib)."""
        from fer._plots import plot_reliability

        return plot_reliability(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        import numpy as np

        if copy is False:
            raise ValueError("the array of scores is always a copy: copy=False cannot be met")
        return np.array(self._figures["confusion"], dtype=dtype or np.int64)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._figures == other._figures

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        low, high = self.accuracy_ci95
        return (
            f"{type(self).__name__}(n={self.n}, accuracy={self.accuracy:.3f} [{low:.3f}, {high:.3f}], "
            f"balanced_accuracy={self.balanced_accuracy:.3f}, macro_f1={self.macro_f1:.3f}, "
            f"nll={self.nll:.3f}, ece={self.ece:.3f})"
        )

    def _repr_html_(self) -> str:
        low, high = self.accuracy_ci95
        figures = {
            "images": f"{self.n:,}",
            "accuracy": f"{self.accuracy:.3f} <small>[{low:.3f}, {high:.3f}]</small>",
            "balanced accuracy": f"{self.balanced_accuracy:.3f}",
            "macro F1": f"{self.macro_f1:.3f}",
            "NLL": f"{self.nll:.3f}",
            "ECE": f"{self.ece:.3f}",
            "coverage at 90 %": f"{self.coverage:.3f}",
        }
        return _html.side_by_side(_html.named(figures), _html.confusion(self.classes, self.confusion))


class Evaluation(Scores):
    """Scores of a model on class folders, and every prediction.

    Parameters
    ----------
    figures
        Content of the JSON that ``fer evaluate`` writes.
    folder
        Folder that the predictions' paths are relative to; needed to show images.
    """

    __slots__ = ("_folder",)

    def __init__(self, figures: dict[str, Any], folder: str | os.PathLike[str] | None = None) -> None:
        super().__init__(figures)
        self._folder = None if folder is None else Path(folder)

    @classmethod
    def load(cls, path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> Evaluation:
        """Read the JSON that ``fer evaluate --json`` or ``save`` wrote."""
        return cls(json.loads(Path(path).read_text(encoding="utf-8")), folder)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the evaluation as JSON."""
        Path(path).write_text(json.dumps(self._figures, indent=2) + "\n", encoding="utf-8")

    @property
    def folder(self) -> Path | None:
        """Folder that the predictions' paths are relative to."""
        return self._folder

    @property
    def no_face(self) -> int:
        """Number of images in which no face was found; they are not scored."""
        return int(self._figures["no_face"])

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Images that could not be read, each with the reason; they are not scored."""
        return [dict(error) for error in self._figures["errors"]]

    @property
    def missing_classes(self) -> list[str]:
        """Classes without an image in the folder."""
        return list(self._figures["missing_classes"])

    @property
    def consensus(self) -> Scores | None:
        """Scores on the images whose voters agree, against their label, where votes were given."""
        figures = self._figures.get("consensus")
        return None if figures is None else Scores(figures)

    @property
    def groups(self) -> dict[str, Table]:
        """Figures by group, where groups were given: by column a table with a row per group.

        ``is_small`` marks groups of fewer than 20 images, which are not compared with others. Accuracy has
        its Wilson interval, balanced accuracy a credible one, both of 95 %.
        """
        return {
            column["column"]: Table.from_rows([_flat_group(group) for group in column["groups"]])
            for column in self._group_columns()
        }

    @property
    def largest_gaps(self) -> dict[str, dict[str, Any] | None]:
        """Largest difference of accuracy between two groups, by column; None where no two can be compared.

        ``difference_ci95`` holds for all pairs of groups at once (Newcombe 1998, at the level of Bonferroni).
        ``p_value`` is that of the largest gap by a permutation test within classes (Phipson and Smyth 2010);
        ``adjusted_p_value`` also allows for the number of columns (Holm 1979).
        """
        return {column["column"]: deepcopy(column["largest_gap"]) for column in self._group_columns()}

    def _group_columns(self) -> list[dict[str, Any]]:
        grouped = self._figures.get("groups")
        return [] if grouped is None else list(grouped["columns"])

    @property
    def whole(self) -> Scores | None:
        """Scores with the excluded images among the others, where some were excluded."""
        excluded = self._figures.get("excluded")
        return None if excluded is None else Scores(excluded["whole"])

    @property
    def predictions(self) -> Table:
        """Every prediction: ``path``, ``truth``, ``emotion``, ``confidence`` and a column per class."""
        return Table.from_rows([_flat(row) for row in self._figures["predictions"]])

    def worst_mistakes(self, count: int = 20) -> Mistakes:
        """Wrong answers, the most confident first."""
        wrong = [row for row in self.predictions if row["emotion"] != row["truth"]]
        wrong.sort(key=lambda row: -row["confidence"])
        return Mistakes(wrong[:count], self._folder)


class Mistakes(Sequence[dict[str, Any]]):
    """Wrong answers: rows with ``path``, ``truth``, ``emotion``, ``confidence``; they show their images."""

    __slots__ = ("_folder", "_rows")

    def __init__(self, rows: Sequence[dict[str, Any]], folder: Path | None) -> None:
        self._rows = list(rows)
        self._folder = folder

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Mistakes(self._rows[index], self._folder)
        return self._rows[index]

    def to_table(self) -> Table:
        """Rows as a table."""
        return Table.from_rows(self._rows)

    def plot(self, columns: int = 5) -> Figure:
        """Draw the images in a grid (needs matplotlib)."""
        from fer._plots import plot_mistakes

        return plot_mistakes(self._with_files(), columns)

    def __repr__(self) -> str:
        lines = [
            f"  {row['truth']} -> {row['emotion']} {row['confidence']:.2f}  {row['path']}"
            for row in self._rows
        ]
        return "\n".join([f"Mistakes({len(self._rows)})", *lines])

    def _repr_html_(self) -> str:
        return _html.grid(
            _html.cell(
                _html.image(_fer.thumbnail(row["file"], _html.THUMBNAIL_SIDE)[0], row["path"]),
                f"{escape(row['truth'])} &rarr;<br><b>{escape(row['emotion'])}</b> {row['confidence']:.2f}",
                row["path"],
            )
            for row in self._with_files()
        )

    def _with_files(self) -> list[dict[str, Any]]:
        folder = self._folder or Path()
        return [{**row, "file": folder / row["path"]} for row in self._rows]


def _flat_group(group: dict[str, Any]) -> dict[str, Any]:
    accuracy_low, accuracy_high = group["accuracy_ci95"]
    balanced_low, balanced_high = group["balanced_accuracy_ci95"]
    return {
        "group": group["group"],
        "n": group["n"],
        "is_small": group["is_small"],
        "accuracy": group["accuracy"],
        "accuracy_low": accuracy_low,
        "accuracy_high": accuracy_high,
        "balanced_accuracy": group["balanced_accuracy"],
        "balanced_accuracy_low": balanced_low,
        "balanced_accuracy_high": balanced_high,
    }


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    probabilities = row["probabilities"]
    return {
        "path": row["path"],
        "truth": row["truth"],
        "emotion": row["emotion"],
        "confidence": probabilities[row["emotion"]],
        **probabilities,
    }
