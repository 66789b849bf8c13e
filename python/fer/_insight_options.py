"""Options of analyses of many faces, and the question that they make."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from fer import _fer
from fer._frames import source_of
from fer._options import check_names
from fer.exceptions import ConfigError

__all__ = [
    "DEFAULTS",
    "FACE_COLUMNS",
    "SHARE_DEFAULTS",
    "ShareOptions",
    "StudyOptions",
    "Where",
    "ask",
    "conditions",
    "names_of",
    "sources_of",
]

Purpose = Literal["audience", "customers", "campaign", "workplace", "education", "clinical"]
Basis = Literal["outside-eu", "safety", "medical"]
Where = Mapping[str, object]


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
    join, on
        Table with further columns, one row per customer or visit, and the column that both tables have, or
        ``"own=other"``. Faces without a row in it are left out. A file or a data frame, as the faces.
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
    join: object | None
    on: str | None
    threads: int


class ShareOptions(StudyOptions, total=False):
    """Options of analyses of shares, by name: those of ``StudyOptions``, and three more.

    Attributes
    ----------
    cluster
        Column of the unit that repeats: a person, a customer, a visit.
    weight
        Units that weigh equally: each cluster (``"cluster"``, the default) or each face.
    labels
        Sheet of labels of your own, drawn with ``fer insight sample``: a file or a data frame. They correct
        the shares in place of the reference.
    """

    cluster: str | None
    weight: Literal["cluster", "faces"]
    labels: object | None


DEFAULTS: dict[str, Any] = {
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
    "join": None,
    "on": None,
    "threads": 0,
}
SHARE_DEFAULTS: dict[str, Any] = DEFAULTS | {"cluster": None, "weight": "cluster", "labels": None}


def ask(
    analysis: str,
    faces: object,
    defaults: Mapping[str, Any],
    options: Mapping[str, Any],
    **own: Any,
) -> tuple[_fer.InsightAnswer, str]:
    """Ask the Rust side for `analysis` with its `own` arguments, and `options` in place of `defaults`."""
    check_names(options, defaults)
    request = {"by": [], "cluster": None, "weight": "cluster", **defaults, **options, **own}
    where, reference = request.pop("where"), request["reference"]
    join, labels = request.pop("join"), request.pop("labels", None)
    request |= {
        "analysis": analysis,
        "only": conditions(where),
        "reference": None if reference is None else os.fspath(reference),
    }
    # The faces last: a connection to a database has one open result.
    sheet = None if labels is None else source_of(labels, [*FACE_COLUMNS, "label"], open_result=False)
    source, other = sources_of(faces, join, request)
    answer = _fer.insight(source, request, join=other, labels=sheet)
    return answer, str(faces) if isinstance(faces, str | os.PathLike) else type(faces).__name__


def sources_of(faces: object, join: object | None, request: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the faces, and the table that is joined with them, as the Rust side reads them for a request."""
    if (join is None) != (request["on"] is None):
        raise ConfigError("join needs on, the column that both tables have, and on needs join", "config")
    needed = _needed(request)
    # The faces last: a connection to a database has one open result.
    other = None if join is None else source_of(join, needed, open_result=False)
    return source_of(faces, needed), other


def conditions(where: Where | None) -> list[list[str]]:
    """Return the columns and the values, as text, that a row must have."""
    return [[name, _text(value)] for name, value in (where or {}).items()]


def names_of(columns: str | Sequence[str]) -> list[str]:
    """Return one name, or several, as a list."""
    return [columns] if isinstance(columns, str) else list(columns)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# Columns that tell a face from the others of a table.
FACE_COLUMNS = ["path", "face", "time", "person", "x", "y", "width", "height"]


def _needed(request: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns that an analysis may read, where a table has them."""
    named = ("cluster", "consent", "time", "subject", "session", "phase", "outcome")
    asked = [request.get(name) for name in named]
    where = [name for name, _ in request["only"]]
    keys = (request["on"] or "").split("=")
    columns = [*_fer.EMOTIONS, *FACE_COLUMNS, "error", *request.get("by", ()), *where, *keys, *asked]
    return list(dict.fromkeys(name for name in columns if name))
