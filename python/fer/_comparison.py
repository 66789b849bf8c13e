"""Two models on the same images."""

from __future__ import annotations

from copy import deepcopy
from html import escape
from pathlib import Path
from typing import Any

from fer import _fer, _html
from fer._evaluation import Evaluation
from fer._table import Table
from fer.exceptions import ConfigError

__all__ = ["Comparison", "compare"]

# Images that a notebook shows.
_SHOWN = 12


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compare two models by their evaluations on the same folder.

    The images are the same, so that only those count which one model names rightly and the other does not.

    Parameters
    ----------
    a
        Evaluation of the first model.
    b
        Evaluation of the second model.

    Returns
    -------
    Comparison
        Difference of the accuracies with its interval, exact McNemar test, and the images that decide.

    Raises
    ------
    DatasetError
        If no image was answered by both.
    ConfigError
        If the evaluations are of different folders or against different labels.
    """
    if a.folder is not None and b.folder is not None and a.folder.resolve() != b.folder.resolve():
        raise ConfigError(
            f"the evaluations are of different folders, {a.folder} and {b.folder}: "
            "evaluate both models on the same images",
            "invalid_argument",
        )
    answers = [
        [(row["path"], row["truth"], row["emotion"]) for row in evaluation.predictions]
        for evaluation in (a, b)
    ]
    return Comparison(_fer.compare(*answers), a.folder)


class Comparison:
    """Two models, a and b, on the images that both have answered.

    Parameters
    ----------
    figures
        Content of the JSON that ``fer compare`` writes.
    folder
        Folder that the images' paths are relative to.
    """

    __slots__ = ("_figures", "_folder")

    def __init__(self, figures: dict[str, Any], folder: Path | None = None) -> None:
        self._figures = figures
        self._folder = folder

    @property
    def n(self) -> int:
        """Number of images compared."""
        return int(self._figures["n"])

    @property
    def unpaired(self) -> int:
        """Number of images that only one of the models answered; they are not compared."""
        return int(self._figures["unpaired"])

    @property
    def accuracies(self) -> tuple[float, float]:
        """Share of right answers of a and of b, in [0, 1]."""
        return float(self._figures["accuracy_a"]), float(self._figures["accuracy_b"])

    @property
    def difference(self) -> float:
        """Accuracy of b less that of a, in [-1, 1]."""
        return float(self._figures["difference"])

    @property
    def difference_ci95(self) -> tuple[float, float]:
        """95 % interval of the difference (Newcombe 1998, method 10 for paired data)."""
        low, high = self._figures["difference_ci95"]
        return low, high

    @property
    def p_value(self) -> float:
        """Two-sided p-value of the exact McNemar test, in [0, 1]."""
        return float(self._figures["p_value"])

    @property
    def only_a(self) -> int:
        """Number of images that only a names rightly."""
        return int(self._figures["only_a"])

    @property
    def only_b(self) -> int:
        """Number of images that only b names rightly."""
        return int(self._figures["only_b"])

    @property
    def per_class(self) -> Table:
        """A row per class: who is right on its images, and the difference with its interval."""
        rows = []
        for emotion, figures in self._figures["per_class"].items():
            low, high = figures["difference_ci95"]
            rows.append({"class": emotion, **figures, "difference_low": low, "difference_high": high})
            del rows[-1]["difference_ci95"]
        return Table.from_rows(rows)

    @property
    def decisive(self) -> Table:
        """The images on which exactly one model is right: ``path``, ``truth``, ``a`` and ``b``."""
        return Table.from_rows(self._figures["decisive"], dict.fromkeys(("path", "truth", "a", "b"), str))

    def to_dict(self) -> dict[str, Any]:
        """Content of the JSON that ``fer compare`` writes."""
        return deepcopy(self._figures)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparison) and self._figures == other._figures

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        low, high = self.difference_ci95
        return (
            f"Comparison(n={self.n}, difference={self.difference:+.3f} [{low:+.3f}, {high:+.3f}], "
            f"p_value={self.p_value:.2g}, only_a={self.only_a}, only_b={self.only_b})"
        )

    def _repr_html_(self) -> str:
        low, high = self.difference_ci95
        figures = {
            "images": f"{self.n:,}",
            "accuracy of a, b": "{:.3f}, {:.3f}".format(*self.accuracies),
            "difference, b less a": f"{self.difference:+.3f} <small>[{low:+.3f}, {high:+.3f}]</small>",
            "only a, only b right": f"{self.only_a:,}, {self.only_b:,}",
            "p, exact McNemar": f"{self.p_value:.2g}",
        }
        if self._folder is None:
            return _html.named(figures)
        shown = _html.grid(
            _html.cell(
                _html.image(_fer.thumbnail(self._folder / row["path"], _html.THUMBNAIL_SIDE)[0], row["path"]),
                f"{escape(row['truth'])}: a {escape(row['a'])}, b {escape(row['b'])}",
                row["path"],
            )
            for row in self.decisive[:_SHOWN]
        )
        return _html.side_by_side(_html.named(figures), shown)
