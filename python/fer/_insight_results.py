"""Results of analyses of many faces."""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._table import Table, Tabular

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["Baselines", "Comparison", "Relation", "Result", "Shares", "Simulation", "Timelines", "Trend"]

_TABLES = 200  # rows that a notebook shows


class Result(Tabular):
    """Result of an analysis: immutable, compared by value, a table for any data frame library.

    ``polars.DataFrame(result)``, ``pyarrow.table(result)`` and DuckDB take it as it is.
    """

    __slots__ = ("_answer", "_source")

    def __init__(self, answer: _fer.InsightAnswer, source: str) -> None:
        columns = answer.columns()
        types = {name: _TYPES[kind] for name, kind, _ in columns}
        self._answer = answer
        self._source = source
        self._table = Table({name: values for name, _, values in columns}, types)

    @property
    def headline(self) -> str:
        """Result in one sentence."""
        return self._answer.headline()

    @property
    def table(self) -> Table:
        """One row per group, pair, period, episode, session or figure."""
        return self._table

    @property
    def warnings(self) -> list[str]:
        """Signs that figures may be off, each with the group concerned."""
        return [_sign(warning) for warning in self.to_dict()["warnings"]]

    def to_dict(self) -> dict[str, Any]:
        """Content of the JSON that ``fer insight --json`` prints."""
        return self._answer.to_dict()

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a page with charts and how far to trust the figures: one file that loads nothing."""
        self._answer.save_page(Path(path), self._source, f"fer.insight: {type(self).__name__}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Result) and self._answer == other._answer

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.headline!r})"

    def _repr_html_(self) -> str:
        signs = "".join(f"<li>{escape(sign)}</li>" for sign in self.warnings)
        below = f"<ul>{signs}</ul>" if signs else ""
        return f"<p><b>{escape(self.headline)}</b></p>{self._table[:_TABLES]._repr_html_()}{below}"


_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


def _sign(warning: Mapping[str, Any]) -> str:
    group = ", ".join((warning["group"] or {}).values())
    return f"{group}: {warning['message']}" if group else str(warning["message"])


class Shares(Result):
    """Share of each expression by group. ``table`` has one row per group."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw each share with its interval (needs matplotlib)."""
        from fer._insight_plots import plot_shares

        return plot_shares(self)

    @property
    def draws(self) -> NDArray[np.float64]:
        """Draws of the posterior, ``[draws, groups, 4]``, for contrasts of your own; NaN for groups without.

        The groups are in the order of ``to_dict()["groups"]``, the expressions in that of ``fer.EMOTIONS``.
        Draws with one index belong together: the reference's error cancels in differences.
        """
        draws = self._answer.draws()
        assert draws is not None
        return draws


class Comparison(Shares):
    """Differences between groups. ``table`` has one row per pair."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw each difference with its interval (needs matplotlib)."""
        from fer._insight_plots import plot_comparison

        return plot_comparison(self)


class Trend(Result):
    """Shares by period, and slopes. ``table`` has one row per group and period."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw the shares over time with their intervals (needs matplotlib)."""
        from fer._insight_plots import plot_trend

        return plot_trend(self)


class Timelines(Result):
    """Conversations over time. ``table`` has one row per episode."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw the course of each conversation with its markers (needs matplotlib)."""
        from fer._insight_plots import plot_timelines

        return plot_timelines(self)

    @property
    def courses(self) -> list[NDArray[np.float64]]:
        """Probabilities of each conversation at each step of 0.2 s, ``[steps, 4]``."""
        return self._answer.courses()

    @property
    def starts(self) -> list[float]:
        """Time of the first step of each conversation, in seconds."""
        return self._answer.starts()


class Baselines(Result):
    """Sessions against a baseline. ``table`` has one row per session."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw the net of each session with its interval (needs matplotlib)."""
        from fer._insight_plots import plot_baselines

        return plot_baselines(self)


class Relation(Result):
    """Association of faces with an outcome. ``table`` has one row per figure."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw each association with its interval (needs matplotlib)."""
        from fer._insight_plots import plot_relation

        return plot_relation(self)


class Simulation(Tabular):
    """Simulated faces and their truth: immutable, and a table of faces for every analysis.

    ``insight.shares(simulation, cluster="person")`` estimates what ``truth`` says.
    ``polars.DataFrame(simulation)``, ``pyarrow.table(simulation)`` and DuckDB take it as it is.
    """

    __slots__ = ("_truth",)

    def __init__(self, table: Table, truth: Mapping[str, float]) -> None:
        self._table = table
        self._truth = dict(truth)

    @property
    def table(self) -> Table:
        """One row per face: ``path``, ``person`` and the probabilities."""
        return self._table

    @property
    def truth(self) -> dict[str, float]:
        """Share of people's answers for each expression in the population that the people are drawn from."""
        return dict(self._truth)

    def __len__(self) -> int:
        return len(self._table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Simulation) and (self._table, self._truth) == (other._table, other._truth)

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        truth = ", ".join(f"{emotion} {share:.3f}" for emotion, share in self._truth.items())
        return f"Simulation({len(self)} faces; truth: {truth})"

    def _repr_html_(self) -> str:
        truth = ", ".join(f"{emotion} {share:.3f}" for emotion, share in self._truth.items())
        return f"<p>{len(self)} faces; truth: {escape(truth)}</p>{self._table._repr_html_()}"
