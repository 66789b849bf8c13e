"""Plots of trainings and evaluations, in one style, with colors that everybody can tell apart."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._html import COLORS

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    raise ImportError("plots need matplotlib: pip install matplotlib") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fer._evaluation import Scores
    from fer._prediction import Explanation
    from fer._table import Table

_TRAIN, _VALIDATION, _ACCENT = "#0072B2", "#D55E00", "#009E73"
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.dpi": 110,
}


class _Figure(Figure):
    """A figure outside pyplot: a notebook shows it once, and nothing has to close it."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png", bbox_inches="tight")
        return png.getvalue()


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """Make a figure in the style of all plots."""
    with mpl.rc_context(_STYLE):
        yield _Figure(figsize=(width, height), layout="constrained")


def plot_confusion(scores: Scores) -> Figure:
    """Confusion matrix, shaded by the share of each row."""
    classes, confusion = scores.classes, scores.confusion
    shares = [[count / max(sum(row), 1) for count in row] for row in confusion]
    with new_figure(4.6, 4.2) as figure:
        axes = figure.subplots()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for i, row in enumerate(confusion):
            for j, count in enumerate(row):
                color = "white" if shares[i][j] > 0.55 else "black"
                axes.text(j, i, f"{shares[i][j]:.0%}\n{count}", ha="center", va="center", color=color)
        axes.set_xticks(range(len(classes)), classes)
        axes.set_yticks(range(len(classes)), classes)
        axes.set(xlabel="answer", ylabel="truth", title=f"accuracy {scores.accuracy:.3f}, n = {scores.n}")
        axes.grid(visible=False)
        return figure


def plot_reliability(scores: Scores) -> Figure:
    """Reliability diagram: how often answers of each confidence are right."""
    bins = [row for row in scores.to_dict()["reliability"] if row["count"]]
    with new_figure(4.6, 4.2) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="perfectly calibrated")
        axes.errorbar(
            [row["confidence"] for row in bins],
            [row["accuracy"] for row in bins],
            yerr=list(zip(*(_distances(row) for row in bins), strict=True)),
            color=_TRAIN,
            linestyle="none",
            marker="o",
            capsize=2,
            label=f"model with 95 % intervals, ECE {scores.ece:.3f}",
        )
        for row in bins:
            axes.annotate(
                f"n={row['count']}",
                (row["confidence"], row["accuracy"]),
                xytext=(5, -11),
                textcoords="offset points",
                fontsize=7,
            )
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02), title="reliability")
        axes.legend(loc="upper left")
        return figure


def plot_history(history: Table) -> Figure:
    """Loss and accuracy by epoch."""
    with new_figure(9, 3.4) as figure:
        loss, accuracy = figure.subplots(1, 2)
        _curve(loss, history, "train_loss", "train", _TRAIN)
        _curve(loss, history, "validation_loss", "validation", _VALIDATION)
        loss.set(xlabel="epoch", title="loss")
        _curve(accuracy, history, "validation_accuracy", "accuracy", _VALIDATION)
        _curve(accuracy, history, "validation_balanced_accuracy", "balanced accuracy", _ACCENT, "--")
        accuracy.set(xlabel="epoch", title="validation")
        for axes in (loss, accuracy):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend()
        return figure


def plot_mistakes(rows: Sequence[Mapping[str, Any]], columns: int) -> Figure:
    """Images of mistakes in a grid."""
    lines = max(-(-len(rows) // columns), 1)
    with new_figure(1.7 * columns, 2.0 * lines) as figure:
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for axes, row in zip(grid.flat, rows, strict=False):
            # The color map is for gray images; others keep their colors.
            axes.imshow(_pixels(row["file"]), cmap="gray", vmin=0, vmax=255)
            axes.set_title(f"{row['truth']} → {row['emotion']} {row['confidence']:.2f}", fontsize=8)
        return figure


def plot_explanation(explanation: Explanation) -> Figure:
    """Map of an explanation over its face: orange for the emotion, blue against it."""
    with new_figure(6.4, 3.2) as figure:
        face, heat = figure.subplots(1, 2)
        face.imshow(explanation.crop, cmap="gray", vmin=0, vmax=255)
        heat.imshow(explanation.overlay())
        for axes in (face, heat):
            axes.axis("off")
        face.set_title("face")
        heat.set_title(f"for {explanation.emotion} (orange), against (blue)")
        return figure


def plot_timeline(table: Table) -> Figure:
    """Probabilities over time, one panel per person: smoothed, and the raw ones as dots."""
    people = sorted({row["person"] for row in table if row["person"] is not None})
    with new_figure(9, 1.2 + 1.6 * max(len(people), 1)) as figure:
        panels = figure.subplots(max(len(people), 1), 1, squeeze=False, sharex=True)[:, 0]
        for axes, person in zip(panels, people, strict=False):
            rows = [row for row in table if row["person"] == person]
            times = [row["time"] for row in rows]
            for emotion, color in COLORS.items():
                axes.plot(times, [row[emotion] for row in rows], ".", color=color, alpha=0.35)
                axes.plot(times, [row[f"smoothed_{emotion}"] for row in rows], color=color, label=emotion)
            axes.set(ylim=(0, 1.02), ylabel=f"person {person}")
        panels[-1].set_xlabel("seconds")
        panels[0].legend(ncols=len(COLORS), loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return figure


def _distances(row: Mapping[str, Any]) -> tuple[float, float]:
    """Return how far the ends of a bin's interval lie below and above its accuracy."""
    low, high = _fer.wilson(round(row["accuracy"] * row["count"]), row["count"])
    return max(row["accuracy"] - low, 0), max(high - row["accuracy"], 0)


def _curve(axes: Axes, history: Table, name: str, label: str, color: str, line: str = "-") -> None:
    if name in history.columns:
        axes.plot(history["epoch"], history[name], line, color=color, label=label, marker=".")


def _pixels(source: object) -> Any:
    """Read a small copy: values from 0 to 255, two or three dimensions."""
    from matplotlib.image import imread

    return imread(io.BytesIO(_fer.thumbnail(source, 160)[0]), format="jpeg")
