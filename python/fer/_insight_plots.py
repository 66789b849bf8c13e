"""Plots of answers about many faces: every figure with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fer._html import COLORS
from fer._plots import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fer._insight_results import Baselines, Comparison, Relation, Shares, Timelines, Trend
    from fer._table import Table

__all__ = [
    "plot_baselines",
    "plot_comparison",
    "plot_relation",
    "plot_shares",
    "plot_timelines",
    "plot_trend",
]

_NET = "#333333"
_FIGURES = {**COLORS, "net": _NET}
_STEP = 0.2  # seconds between two steps of a course
_HATCHED: dict[str, Any] = {"facecolor": "none", "edgecolor": "0.8", "hatch": "//", "linewidth": 0}


def plot_shares(shares: Shares) -> Figure:
    """Draw one panel per figure, one line per group."""
    return _panels(shares.table, "people", ", ", "answers in 100")


def plot_comparison(comparison: Comparison) -> Figure:
    """Draw one panel per figure, one line per pair."""
    return _panels(comparison.table, "paired", " - ", "difference of answers in 100")


def _panels(table: Table, after: str, between: str, unit: str) -> Figure:
    rows = list(table)
    named = table.columns[: table.columns.index(after)]
    with new_figure(11, 1.4 + 0.32 * max(len(rows), 1)) as figure:
        panels = figure.subplots(1, len(_FIGURES), sharey=True)
        for axes, (name, color) in zip(panels, _FIGURES.items(), strict=True):
            _dots(axes, rows, name, color)
            axes.set_title(name)
            if after == "paired" or name == "net":
                axes.axvline(0, color="0.6", linewidth=1)
        labels = [_label([row[name] for name in named], between) for row in rows]
        panels[0].set_yticks(range(len(rows)), labels)
        panels[0].invert_yaxis()
        figure.supxlabel(unit, fontsize=9)
        return figure


def _label(values: Sequence[object], between: str) -> str:
    return between.join(str(value) for value in values) or "all"


def _dots(axes: Axes, rows: Sequence[dict[str, Any]], name: str, color: str) -> None:
    """Draw the estimate and the interval of a figure in each row; a suppressed one is hatched."""
    for line, row in enumerate(rows):
        if row[name] is None:
            axes.axhspan(line - 0.3, line + 0.3, **_HATCHED)
            continue
        axes.plot([100 * row[f"{name}_low"], 100 * row[f"{name}_high"]], [line, line], color=color)
        axes.plot([100 * row[name]], [line], "o", color=color)


def plot_trend(trend: Trend) -> Figure:
    """Draw one panel per group: a line with a band for each expression; a suppressed period is hatched."""
    table = trend.table
    named = table.columns[: table.columns.index("start")]
    groups: dict[tuple[object, ...], dict[str, dict[str, Any]]] = {}
    for row in table:
        groups.setdefault(tuple(row[name] for name in named), {})[row["start"]] = row
    starts = sorted({row["start"] for row in table}, key=_moment)
    with new_figure(8, 1.0 + 1.5 * max(len(groups), 1)) as figure:
        panels = figure.subplots(max(len(groups), 1), 1, squeeze=False, sharex=True)[:, 0]
        for axes, (group, rows) in zip(panels, groups.items(), strict=False):
            for name, color in COLORS.items():
                middle, low, high = (
                    [_points(rows.get(start), f"{name}{end}") for start in starts]
                    for end in ("", "_low", "_high")
                )
                axes.fill_between(range(len(starts)), low, high, color=color, alpha=0.15, linewidth=0)
                axes.plot(range(len(starts)), middle, ".-", color=color, label=name)
            for place, start in enumerate(starts):
                if start in rows and rows[start]["suppressed"]:
                    axes.axvspan(place - 0.5, place + 0.5, **_HATCHED)
            if all(row["happy"] is None for row in rows.values()):
                axes.set_yticks([])
            axes.set(ylabel="answers in 100", title=_label(group, ", "))
        every = max(-(-len(starts) // 8), 1)
        panels[-1].set_xticks(range(0, len(starts), every), starts[::every])
        panels[0].legend(ncols=len(COLORS), loc="lower right", bbox_to_anchor=(1.0, 1.0))
        return figure


def _moment(start: str) -> tuple[float, str]:
    """Return what orders periods by time: seconds as numbers, dates by their text."""
    try:
        return float(start), ""
    except ValueError:
        return 0.0, start


def _points(row: dict[str, Any] | None, name: str) -> float:
    """Return a figure in hundredths; NaN, which is not drawn, where there is none."""
    return math.nan if row is None or row[name] is None else 100 * row[name]


def plot_timelines(timelines: Timelines) -> Figure:
    """Draw the probabilities of each conversation over time, and its markers."""
    conversations = timelines.to_dict()["conversations"]
    with new_figure(9, 1.0 + 1.7 * max(len(conversations), 1)) as figure:
        panels = figure.subplots(max(len(conversations), 1), 1, squeeze=False)[:, 0]
        courses = zip(conversations, timelines.courses, timelines.starts, strict=True)
        for axes, (told, course, start) in zip(panels, courses, strict=False):
            times = [start + _STEP * step for step in range(len(course))]
            axes.stackplot(times, course.T, colors=list(COLORS.values()), labels=list(COLORS), alpha=0.85)
            for marker in told["markers"]:
                axes.axvline(marker["time"], color="black", linewidth=1)
                axes.annotate(marker["label"], (marker["time"], 1.0), fontsize=8, rotation=30)
            axes.set(ylim=(0, 1), ylabel=f"person {told['person']}")
            axes.margins(x=0)
        panels[-1].set_xlabel("seconds")
        figure.legend(*panels[0].get_legend_handles_labels(), ncols=len(COLORS), loc="outside lower center")
        return figure


def plot_baselines(baselines: Baselines) -> Figure:
    """Draw net of each session, one panel per subject; sessions of the baseline are hollow."""
    rows = list(baselines.table)
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    with new_figure(9, 1.0 + 1.7 * max(len(subjects), 1)) as figure:
        panels = figure.subplots(max(len(subjects), 1), 1, squeeze=False)[:, 0]
        for axes, subject in zip(panels, subjects, strict=False):
            own = [row for row in rows if row["subject"] == subject]
            for place, row in enumerate(own):
                if row["net"] is None:
                    continue
                axes.plot([place, place], [100 * row["net_low"], 100 * row["net_high"]], color=_NET)
                inside = "white" if row["in_baseline"] else _NET
                axes.plot([place], [100 * row["net"]], "o", color=_NET, markerfacecolor=inside)
            axes.set_xticks(range(len(own)), [row["session"] for row in own])
            axes.set(ylabel="net", title=str(subject))
        panels[-1].set_xlabel("session; hollow: baseline")
        return figure


def plot_relation(relation: Relation) -> Figure:
    """Draw each association with its interval."""
    rows = list(relation.table)
    measure = relation.to_dict()["measure"]
    with new_figure(6, 1.0 + 0.35 * len(rows)) as figure:
        axes = figure.subplots()
        for line, row in enumerate(rows):
            color = _FIGURES.get(row["figure"], _NET)
            axes.plot([row["low"], row["high"]], [line, line], color=color)
            axes.plot([row["estimate"]], [line], "o", color=color)
        axes.axvline(0.5 if measure == "auc" else 0, color="0.6", linewidth=1)
        axes.set_yticks(range(len(rows)), [row["figure"] for row in rows])
        axes.invert_yaxis()
        axes.set_xlabel("AUC" if measure == "auc" else "rank correlation")
        return figure
