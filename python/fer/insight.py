"""Answers about many faces: shares with intervals that hold, comparisons, trends, conversations.

>>> from fer import insight
>>> p = {"happy": 0.96, "sad": 0.01, "neutral": 0.02, "surprise": 0.01}
>>> faces = {name: [value] * 60 for name, value in p.items()}
>>> shares = insight.shares(faces | {"visitor": [i % 12 for i in range(60)]}, cluster="visitor")
>>> shares.to_dict()["total"]["people"]
12

A table of faces is a CSV or Parquet file as ``fer predict`` writes it, or any data frame with the columns
``happy``, ``sad``, ``neutral`` and ``surprise``: pandas, Polars, PyArrow, DuckDB, ``fer.Batch``,
``fer.Timeline``, ``fer.Table``, or a dictionary of columns. The memory of data frames is read where it lies.
What the purpose does not allow raises ``fer.PolicyError``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fer import _fer
from fer._insight_options import DEFAULTS, SHARE_DEFAULTS, ShareOptions, StudyOptions, ask, names_of
from fer._insight_results import (
    Baselines,
    Comparison,
    Relation,
    Result,
    Shares,
    Simulation,
    Timelines,
    Trend,
)
from fer._labels import Agreement, LabelPage, Sheet, agreement, label, sample
from fer._table import Table
from fer.exceptions import ConfigError

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "Agreement",
    "Baselines",
    "Comparison",
    "LabelPage",
    "Relation",
    "Result",
    "ShareOptions",
    "Shares",
    "Sheet",
    "Simulation",
    "StudyOptions",
    "Timelines",
    "Trend",
    "agreement",
    "baseline",
    "compare",
    "label",
    "relate",
    "sample",
    "shares",
    "simulate",
    "timeline",
    "trend",
]


def shares(faces: object, *, by: str | Sequence[str] = (), **options: Unpack[ShareOptions]) -> Shares:
    """Estimate the share of each expression, by group, with intervals that hold.

    Parameters
    ----------
    faces
        Table of faces: a path of a CSV or Parquet file, a data frame, or a dictionary of columns.
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
    return Shares(*ask("shares", faces, SHARE_DEFAULTS, options, by=names_of(by)))


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
    by_all = [*names_of(by), *names_of(within)]
    return Comparison(*ask("compare", faces, SHARE_DEFAULTS, options, by=by_all, **own))


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
    return Trend(*ask("trend", faces, SHARE_DEFAULTS, options, by=names_of(by), time=time, every=every))


def timeline(
    faces: object, *, markers: Iterable[Mapping[str, Any]] = (), **options: Unpack[StudyOptions]
) -> Timelines:
    """Follow conversations: episodes, reactions at markers, the end against the start.

    Parameters
    ----------
    faces
        Table with the columns ``person`` and ``time``, and ``path`` unless it is of one video: the
        ``fer.Timeline`` of a video is one.
    markers
        Moments at which reactions are computed: rows with ``time`` in seconds, ``label``, and perhaps
        ``path``.
    **options
        Those of ``StudyOptions``.
    """
    rows = [dict(row) for row in markers]
    return Timelines(*ask("timeline", faces, DEFAULTS, options, markers=rows))


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
    defaults = DEFAULTS | {"purpose": "clinical"}
    return Baselines(*ask("baseline", faces, defaults, options, **own))


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
    return Relation(*ask("relate", faces, DEFAULTS, options, cluster=cluster, outcome=outcome))


def simulate(
    shares: Mapping[str, float],
    *,
    people: int,
    faces_per_person: int = 1,
    unclear: float = 0.1,
    seed: int = 0,
    model: str | None = None,
    reference: str | os.PathLike[str] | None = None,
) -> Simulation:
    """Draw faces whose truth is known, to plan with and to try analyses on.

    Each person has shares of their own around `shares`; each face is answered as the model answered a face
    of that kind in its reference, and a person's faces repeat its errors. No image is behind them.

    Parameters
    ----------
    shares
        Share of each expression among the faces that are clear; their sum is 1.
    people
        Number of people.
    faces_per_person
        Faces of each person.
    unclear
        Share of faces without a majority for one of the four, from 0 to 1.
    seed
        Seed of the draws.
    model
        Built-in model whose errors are simulated; the default model when absent.
    reference
        Labeled set with the errors of another model: the JSON of ``fer evaluate``, or a reference file.

    Returns
    -------
    Simulation
        The faces, a table that every analysis takes, and the truth.

    Raises
    ------
    ConfigError
        If a value is out of range.
    """
    if set(shares) != set(_fer.EMOTIONS):
        raise ConfigError(f"shares has {sorted(shares)}, expected {', '.join(_fer.EMOTIONS)}", "config")
    request = {
        "shares": [shares[emotion] for emotion in _fer.EMOTIONS],
        "people": people,
        "faces_per_person": faces_per_person,
        "unclear": unclear,
        "seed": seed,
        "model": model,
        "reference": None if reference is None else os.fspath(reference),
    }
    truth, persons, probabilities = _fer.simulate(request)
    columns = {
        "path": [f"{number}.png" for number in range(len(persons))],
        "person": persons.tolist(),
        **dict(zip(_fer.EMOTIONS, probabilities.T.tolist(), strict=True)),
    }
    return Simulation(Table(columns), dict(zip(_fer.EMOTIONS, truth, strict=True)))
