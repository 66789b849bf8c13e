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
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from fer import _fer
from fer._frames import columns_of
from fer._labels import LabelPage, label
from fer._options import check_names
from fer._table import Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray
    from typing_extensions import Unpack

__all__ = [
    "Baselines",
    "Comparison",
    "LabelPage",
    "Relation",
    "Result",
    "ShareOptions",
    "Shares",
    "StudyOptions",
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


class StudyOptions(TypedDict, total=False):
    """Options of every analysis, by name.

    Attributes
    ----------
    consent
        Column of consent: rows without ``True``, ``"yes"`` or 1 in it are not read.
    where
        Values that a row must have, by column.
    purpose
        Use of the figures; it decides what may be shown. ``"audience"`` unless it is given.
    basis
        Lawful ground of an analysis at work or in education.
    min_people
        Smallest number of people of a figure shown.
    model
        Built-in model whose answers the table holds; the default model when absent.
    reference
        Labeled set that corrects the shares: the JSON of ``fer evaluate``, or a reference file.
    draws, seed, level
        Draws of the posterior (2,000), their seed (0), and the level of the intervals (0.95).
    threads
        Threads to compute with; 0, the default, uses every core. The result does not depend on it.
    """

    consent: str | None
    where: Where | None
    purpose: Purpose
    basis: Basis | None
    min_people: int | None
    model: str | None
    reference: str | os.PathLike[str] | None
    draws: int
    seed: int
    level: float
    threads: int


class ShareOptions(StudyOptions, total=False):
    """Options of analyses of shares, by name: those of ``StudyOptions``, and two more.

    Attributes
    ----------
    cluster
        Column of the unit that repeats: a person, a customer, a visit.
    weight
        Units that weigh equally: each cluster (``"cluster"``, the default) or each face.
    """

    cluster: str | None
    weight: Literal["cluster", "faces"]


_DEFAULTS: dict[str, Any] = {
    "consent": None,
    "where": None,
    "purpose": "audience",
    "basis": None,
    "min_people": None,
    "model": None,
    "reference": None,
    "draws": 2000,
    "seed": 0,
    "level": 0.95,
    "threads": 0,
}
_SHARE_DEFAULTS: dict[str, Any] = _DEFAULTS | {"cluster": None, "weight": "cluster"}


def shares(faces: object, *, by: str | Sequence[str] = (), **options: Unpack[ShareOptions]) -> Shares:
    """Estimate the share of each expression, by group, with intervals that hold.

    Parameters
    ----------
    faces
        Table of faces: a path of a CSV, a data frame, or a dictionary of columns.
    by
        Columns whose values make the groups.
    **options
        Those of ``ShareOptions``.

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
    ConfigError
        If an option's name or value is not allowed.
    """
    return Shares(*_ask("shares", faces, _SHARE_DEFAULTS, options, by=_names(by)))


def compare(
    faces: object,
    *,
    by: str,
    versus: str | None = None,
    within: str | Sequence[str] = (),
    adjust: Literal["holm", "bh"] = "holm",
    permutations: int = 9999,
    **options: Unpack[ShareOptions],
) -> Comparison:
    """Compare groups: differences with intervals, and whether chance makes them.

    Parameters
    ----------
    faces
        Table of faces, as for ``shares``.
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
    **options
        Those of ``ShareOptions``.
    """
    own = {"versus": versus, "adjust": adjust, "permutations": permutations}
    by_all = [*_names(by), *_names(within)]
    return Comparison(*_ask("compare", faces, _SHARE_DEFAULTS, options, by=by_all, **own))


def trend(
    faces: object,
    *,
    time: str,
    every: str,
    by: str | Sequence[str] = (),
    **options: Unpack[ShareOptions],
) -> Trend:
    """Follow shares over periods: slopes of weeks and months, or the trace of a recording.

    Parameters
    ----------
    faces
        Table of faces, as for ``shares``.
    time
        Column of the time: dates, or seconds of a recording.
    every
        Length of a period: ``"1s"``, ``"1min"``, ``"1h"``, ``"day"``, ``"week"`` or ``"month"``.
    by
        Columns whose values make the groups.
    **options
        Those of ``ShareOptions``.
    """
    return Trend(*_ask("trend", faces, _SHARE_DEFAULTS, options, by=_names(by), time=time, every=every))


def timeline(
    faces: object, *, markers: Iterable[Mapping[str, Any]] = (), **options: Unpack[StudyOptions]
) -> Timelines:
    """Follow conversations: episodes, reactions at markers, the end against the start.

    Parameters
    ----------
    faces
        Table with the columns ``path``, ``person`` and ``time``, or the ``fer.Timeline`` of a video.
    markers
        Moments at which reactions are computed: rows with ``time`` in seconds, ``label``, and perhaps
        ``path``.
    **options
        Those of ``StudyOptions``.
    """
    rows = [dict(row) for row in markers]
    return Timelines(*_ask("timeline", faces, _DEFAULTS, options, markers=rows))


def baseline(
    faces: object,
    *,
    subject: str,
    session: str,
    phase: str,
    baseline: str,
    **options: Unpack[StudyOptions],
) -> Baselines:
    """Hold sessions of one person against that person's baseline.

    Parameters
    ----------
    faces
        Table of faces, as for ``shares``.
    subject, session, phase
        Columns of the person, of the session, and of the phase, one value per session.
    baseline
        Phase that is the baseline.
    **options
        Those of ``StudyOptions``; `purpose` is ``"clinical"`` unless it is given.
    """
    own = {"subject": subject, "session": session, "phase": phase, "baseline": baseline}
    defaults = _DEFAULTS | {"purpose": "clinical"}
    return Baselines(*_ask("baseline", faces, defaults, options, **own))


def relate(faces: object, *, cluster: str, outcome: str, **options: Unpack[StudyOptions]) -> Relation:
    """Relate the faces of people or visits to an outcome.

    Parameters
    ----------
    faces
        Table of faces, as for ``shares``.
    cluster
        Column of the people or visits.
    outcome
        Column of the outcome: a number or one of two values per unit; missing where unknown.
    **options
        Those of ``StudyOptions``.
    """
    return Relation(*_ask("relate", faces, _DEFAULTS, options, cluster=cluster, outcome=outcome))


def _ask(
    analysis: str,
    faces: object,
    defaults: Mapping[str, Any],
    options: Mapping[str, Any],
    **own: Any,
) -> tuple[_fer.InsightAnswer, str]:
    """Ask the Rust side for `analysis` with its `own` arguments, and `options` in place of `defaults`."""
    check_names(options, defaults)
    request = {"by": [], "cluster": None, "weight": "cluster", **defaults, **options, **own}
    where, reference = request.pop("where") or {}, request["reference"]
    request |= {
        "analysis": analysis,
        "only": [[name, _text(value)] for name, value in where.items()],
        "reference": None if reference is None else os.fspath(reference),
    }
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
