"""Answers about many faces: shares with intervals that hold, comparisons, trends, conversations.

>>> from fer import insight
>>> p = {"happy": 0.96, "sad": 0.01, "neutral": 0.02, "surprise": 0.01}
>>> faces = {name: [value] * 60 for name, value in p.items()}
>>> shares = insight.shares(faces | {"visitor": [i % 12 for i in range(60)]}, cluster="visitor")
>>> shares.to_dict()["total"]["people"]
12

A table of faces is a CSV as ``fer predict --format csv`` writes it, or any data frame with the columns
``happy``, ``sad``, ``neutral`` and ``surprise``: pandas, Polars, PyArrow, DuckDB, ``fer.Batch``,
``fer.Timeline``, ``fer.Table``, or a dictionary of columns. What the purpose does not allow raises
``fer.PolicyError``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fer import _fer
from fer._frames import columns_of
from fer._labels import LabelPage, label
from fer._table import Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = [
    "Baselines",
    "Comparison",
    "LabelPage",
    "Relation",
    "Result",
    "Shares",
    "Timelines",
    "Trend",
    "baseline",
    "compare",
    "label",
    "relate",
    "shares",
    "timeline",
    "trend",
]

Purpose = Literal["audience", "customers", "campaign", "workplace", "education", "clinical"]
Basis = Literal["outside-eu", "safety", "medical"]
Where = Mapping[str, object]

_TABLES = 200  # rows that a notebook shows


class Result:
    """Result of an analysis: immutable, compared by value, a table for any data frame library.

    ``polars.DataFrame(result)``, ``pyarrow.table(result)`` and DuckDB take it as it is.
    """

    __slots__ = ("_answer", "_source", "_table")

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

    def to_pandas(self) -> pd.DataFrame:
        """Convert the table to a pandas data frame."""
        return self._table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """Convert the table to a Polars data frame."""
        return self._table.to_polars()

    def to_arrow(self) -> pa.Table:
        """Convert the table to a PyArrow table."""
        return self._table.to_arrow()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

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


class Trend(Result):
    """Shares by period, and slopes. ``table`` has one row per group and period."""

    __slots__ = ()


class Timelines(Result):
    """Conversations over time. ``table`` has one row per episode."""

    __slots__ = ()

    @property
    def courses(self) -> list[NDArray[np.float64]]:
        """Probabilities of each conversation at each step of 0.2 s, ``[steps, 4]``."""
        return self._answer.courses()


class Baselines(Result):
    """Sessions against a baseline. ``table`` has one row per session."""

    __slots__ = ()


class Relation(Result):
    """Association of faces with an outcome. ``table`` has one row per figure."""

    __slots__ = ()


def shares(
    faces: object,
    *,
    by: str | Sequence[str] = (),
    cluster: str | None = None,
    consent: str | None = None,
    where: Where | None = None,
    purpose: Purpose = "audience",
    basis: Basis | None = None,
    min_people: int | None = None,
    weight: Literal["cluster", "faces"] = "cluster",
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 0,
) -> Shares:
    """Estimate the share of each expression, by group, with intervals that hold.

    Parameters
    ----------
    faces
        Table of faces: a path of a CSV, a data frame, or a dictionary of columns.
    by
        Columns whose values make the groups.
    cluster
        Column of the unit that repeats: a person, a customer, a visit.
    consent
        Column of consent: rows without ``True``, ``"yes"`` or 1 in it are not read.
    where
        Values that a row must have, by column.
    purpose
        Use of the figures; it decides what may be shown.
    basis
        Lawful ground of an analysis at work or in education.
    min_people
        Smallest number of people of a figure shown.
    weight
        Units that weigh equally: each cluster or each face.
    model
        Built-in model whose answers the table holds; the default model when absent.
    reference
        Labeled set that corrects the shares: the JSON of ``fer evaluate``, or a reference file.
    draws, seed, level
        Draws of the posterior, their seed, and the level of the intervals.
    threads
        Threads to compute with; 0 uses every core. The result does not depend on it.

    Returns
    -------
    Shares
        Corrected shares with intervals; those of too few people are suppressed.

    Raises
    ------
    PolicyError
        If the purpose does not allow the analysis.
    DatasetError
        If the table is not what it must be; the message names the row.
    """
    return Shares(*_ask("shares", faces, locals()))


def compare(
    faces: object,
    *,
    by: str,
    versus: str | None = None,
    within: str | Sequence[str] = (),
    adjust: Literal["holm", "bh"] = "holm",
    permutations: int = 9999,
    cluster: str | None = None,
    consent: str | None = None,
    where: Where | None = None,
    purpose: Purpose = "audience",
    basis: Basis | None = None,
    min_people: int | None = None,
    weight: Literal["cluster", "faces"] = "cluster",
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 0,
) -> Comparison:
    """Compare groups: differences with intervals, and whether chance makes them.

    Parameters
    ----------
    by
        Column whose values are compared.
    versus
        Compare each group with this one; without it, all pairs.
    within
        Compare inside each value of these columns.
    adjust
        Adjustment of p-values for the number of tests.
    permutations
        Permutations of a test.

    The other parameters are those of ``shares``.
    """
    return Comparison(*_ask("compare", faces, locals()))


def trend(
    faces: object,
    *,
    time: str,
    every: str,
    by: str | Sequence[str] = (),
    cluster: str | None = None,
    consent: str | None = None,
    where: Where | None = None,
    purpose: Purpose = "audience",
    basis: Basis | None = None,
    min_people: int | None = None,
    weight: Literal["cluster", "faces"] = "cluster",
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 0,
) -> Trend:
    """Follow shares over periods: slopes of weeks and months, or the trace of a recording.

    Parameters
    ----------
    time
        Column of the time: dates, or seconds of a recording.
    every
        Length of a period: ``"1s"``, ``"1min"``, ``"1h"``, ``"day"``, ``"week"`` or ``"month"``.

    The other parameters are those of ``shares``.
    """
    return Trend(*_ask("trend", faces, locals()))


def timeline(
    faces: object,
    *,
    markers: Iterable[Mapping[str, Any]] = (),
    consent: str | None = None,
    where: Where | None = None,
    purpose: Purpose = "audience",
    basis: Basis | None = None,
    min_people: int | None = None,
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 0,
) -> Timelines:
    """Follow conversations: episodes, reactions at markers, the end against the start.

    Parameters
    ----------
    faces
        Table with the columns ``path``, ``person`` and ``time``, or the ``fer.Timeline`` of a video.
    markers
        Moments at which reactions are computed: rows with ``time`` in seconds, ``label``, and perhaps
        ``path``.

    The other parameters are those of ``shares``.
    """
    return Timelines(*_ask("timeline", faces, locals()))


def baseline(
    faces: object,
    *,
    subject: str,
    session: str,
    phase: str,
    baseline: str,
    consent: str | None = None,
    where: Where | None = None,
    purpose: Purpose = "clinical",
    basis: Basis | None = None,
    min_people: int | None = None,
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 0,
) -> Baselines:
    """Hold sessions of one person against that person's baseline.

    Parameters
    ----------
    subject, session, phase
        Columns of the person, of the session, and of the phase, one value per session.
    baseline
        Phase that is the baseline.

    The other parameters are those of ``shares``.
    """
    return Baselines(*_ask("baseline", faces, locals()))


def relate(
    faces: object,
    *,
    cluster: str,
    outcome: str,
    consent: str | None = None,
    where: Where | None = None,
    purpose: Purpose = "audience",
    basis: Basis | None = None,
    min_people: int | None = None,
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 0,
) -> Relation:
    """Relate the faces of people or visits to an outcome.

    Parameters
    ----------
    cluster
        Column of the people or visits.
    outcome
        Column of the outcome: a number or one of two values per unit; missing where unknown.

    The other parameters are those of ``shares``.
    """
    return Relation(*_ask("relate", faces, locals()))


def _ask(analysis: str, faces: object, options: dict[str, Any]) -> tuple[_fer.InsightAnswer, str]:
    """Ask the Rust side; `options` are the keywords of the function that asks."""
    request = {name: value for name, value in options.items() if name != "faces"}
    where = request.pop("where") or {}
    by, within = request.pop("by", ()), request.pop("within", ())
    request |= {
        "analysis": analysis,
        "by": [*_names(by), *_names(within)],
        "only": [[name, _text(value)] for name, value in where.items()],
        "cluster": request.get("cluster"),
        "weight": request.get("weight", "cluster"),
        "reference": None if request["reference"] is None else os.fspath(request["reference"]),
    }
    if "markers" in request:
        request["markers"] = [dict(row) for row in request["markers"]]
    if isinstance(faces, str | os.PathLike):
        source: Any = Path(faces)
        return _fer.insight(source, request), str(faces)
    columns = columns_of(faces, _needed(request))
    named = {name for name, _ in columns}
    if {"time", "person"} <= named and "path" not in named:  # the fer.Timeline of one video
        columns.append(("path", [""] * len(columns[0][1])))
    return _fer.insight(columns, request), type(faces).__name__


def _names(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _needed(request: Mapping[str, Any]) -> list[str]:
    """Names of the columns that an analysis may read, where the table has them."""
    named = ("cluster", "consent", "time", "subject", "session", "phase", "outcome")
    asked = [request.get(name) for name in named]
    where = [name for name, _ in request["only"]]
    usual = [*_fer.EMOTIONS, "path", "person", "time", "width", "error"]
    return list(dict.fromkeys([*usual, *request["by"], *where, *[name for name in asked if name]]))
