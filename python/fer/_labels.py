"""Faces to label: the sheet, the page on which people label it in a notebook, and how well they agree."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from fer import _fer, _html
from fer._frames import source_of
from fer._insight_options import FACE_COLUMNS, Where, conditions, sources_of
from fer._table import Table, Tabular

__all__ = ["Agreement", "LabelPage", "Sheet", "agreement", "label", "sample"]

_FRAME_HEIGHT = 660
_SHEET_COLUMNS = [*FACE_COLUMNS, "label"]
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


class Sheet(Tabular):
    """Faces drawn at random, for people to label: immutable, and a table for any data frame library.

    ``polars.DataFrame(sheet)``, ``pyarrow.table(sheet)`` and DuckDB take it as it is.
    """

    __slots__ = ("_drawn",)

    def __init__(self, drawn: _fer.DrawnSheet) -> None:
        columns = drawn.columns()
        # A column without a value has no type of its own.
        types = {name: str if name == "label" else _TYPES[kind] for name, kind, _ in columns}
        self._drawn = drawn
        self._table = Table({name: values for name, _, values in columns}, types)

    @property
    def table(self) -> Table:
        """One row per face: ``path``, ``face``, ``time`` and ``person``, its box, and ``label``, empty."""
        return self._table

    @property
    def rows(self) -> dict[str, int]:
        """Rows of the table of faces by what became of them, as in the JSON of the analyses."""
        return self._drawn.rows()

    @property
    def one_per_person(self) -> bool:
        """Whether the table has people, so that each gave one face."""
        return self._drawn.clustered()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the sheet as CSV.

        Parameters
        ----------
        path : path-like
            The file. One of another content is not replaced: it may hold labels.

        Raises
        ------
        OutputError
            If the file cannot be written, or is there with another content.
        """
        self._drawn.save(Path(path))

    def __len__(self) -> int:
        return len(self._table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sheet) and self._table == other._table

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        return f"Sheet({len(self)} faces)"

    def _repr_html_(self) -> str:
        return self._table._repr_html_()


def sample(
    faces: object,
    count: int = 200,
    *,
    cluster: str | None = None,
    consent: str | None = None,
    where: Where | None = None,
    join: object | None = None,
    on: str | None = None,
    seed: int = 0,
) -> Sheet:
    """Draw faces at random for people to label.

    The draw depends on the seed and on which faces the table has, not on their order.

    Parameters
    ----------
    faces
        Table of faces, as for ``shares``, with the column ``path``, and ``face``, or ``time`` and ``person``,
        where an image has several.
    count
        Faces to draw, 1 to 10,000.
    cluster
        Column of the people: each drawn one gives one face, so that the labels weigh as people do in the
        shares. A table of videos takes its people by itself.
    consent
        Column of consent: rows without ``True``, ``"yes"`` or 1 in it are not read.
    where
        Values that a row must have, by column.
    join, on
        Table with further columns, and the column that both tables have, as for ``shares``.
    seed
        Seed of the draw.

    Returns
    -------
    Sheet
        The faces, without labels.

    Raises
    ------
    DatasetError
        If the table is not what it must be, with the row: a face that is there twice, for one.
    ConfigError
        If `count` is out of range.
    """
    request = {
        "cluster": cluster,
        "consent": consent,
        "only": conditions(where),
        "on": on,
        "count": count,
        "seed": seed,
    }
    source, other = sources_of(faces, join, request)
    return Sheet(_fer.sample(source, request, join=other))


@dataclass(frozen=True)
class LabelPage:
    """A page on which people label faces. In a notebook it shows itself, ready to be used.

    Attributes
    ----------
    html : str
        The page: one file that needs no network.
    faces : int
        Number of faces on it.
    """

    html: str
    faces: int

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file, to be opened in a browser or handed to others.

        Parameters
        ----------
        path : path-like
            The file. One that exists is replaced.
        """
        Path(path).write_text(self.html, encoding="utf-8")

    def __repr__(self) -> str:
        return f"LabelPage(faces={self.faces})"

    def _repr_html_(self) -> str:
        # The page's own policy forbids the network; the frame keeps it from the notebook's page.
        return (
            f'<iframe title="Label faces" srcdoc="{escape(self.html)}" '
            'sandbox="allow-scripts allow-same-origin allow-downloads" '
            f'style="width:100%;height:{_FRAME_HEIGHT}px;border:0;color-scheme:normal"></iframe>'
        )


def label(sheet: object) -> LabelPage:
    """Make the page on which people label the faces of a sheet.

    It is the page of ``fer insight sample --html``: one face at a time, keys 1 to 6, *undo*, and a CSV file
    for each person, saved by download.

    Parameters
    ----------
    sheet
        Sheet of ``sample``, or the file or data frame that holds one. Its images are found by their paths.

    Returns
    -------
    LabelPage
        The page; in a notebook it shows itself.

    Raises
    ------
    DatasetError
        If the sheet is none, with the row.
    DatasetNotFoundError
        If the sheet, or each of its images, is not there.

    Warns
    -----
    UserWarning
        For each image that cannot be read: its faces are left out.
    """
    html, faces, unreadable = _fer.label_page(source_of(sheet, _SHEET_COLUMNS), _name_of(sheet, "sheet"))
    for line in unreadable:
        warnings.warn(f"left out of the page: {line}", stacklevel=2)
    return LabelPage(html, faces)


class Agreement(Tabular):
    """How well people agree who labeled the same faces: immutable, compared by value.

    ``table`` has one row per two raters.
    """

    __slots__ = ("_content", "_headline")

    def __init__(
        self, content: dict[str, Any], columns: Sequence[tuple[str, str, list[Any]]], headline: str
    ) -> None:
        types = {name: _TYPES[kind] for name, kind, _ in columns}
        self._content = content
        self._headline = headline
        self._table = Table({name: values for name, _, values in columns}, types)

    @property
    def headline(self) -> str:
        """Krippendorff's alpha with its interval, in one line."""
        return self._headline

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha: 1 is perfect, 0 is chance; None if all answers are the same."""
        alpha: dict[str, Any] | None = self._content["alpha"]
        return None if alpha is None else float(alpha["estimate"])

    @property
    def table(self) -> Table:
        """One row per two raters: the faces that both answered, and the share on which they agree."""
        return self._table

    def to_dict(self) -> dict[str, Any]:
        """Content of the JSON that ``fer insight agreement --json`` prints, with every confusion."""
        return deepcopy(self._content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Agreement) and self._content == other._content

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        return f"Agreement({self.headline!r})"

    def _repr_html_(self) -> str:
        pairs = []
        for pair in self._content["pairs"]:
            labels = list(pair["confusion"])
            rows = {label: list(row.values()) for label, row in pair["confusion"].items()}
            title = f"<p>{escape(pair['a'])} (rows) and {escape(pair['b'])}</p>"
            pairs.append(title + _html.counts(labels, rows))
        return f"<p><b>{escape(self.headline)}</b></p>{self._table._repr_html_()}{''.join(pairs)}"


def agreement(
    sheets: Mapping[str, object] | Sequence[object],
    *,
    faces: object | None = None,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Agreement:
    """Compare the labels of people, and of the model, for the same faces.

    Faces that somebody could not tell, or did not label, are left out. From an alpha of .80 on labels are
    reliable; below .67 they are not, and neither is a figure that rests on them (Krippendorff 2004).

    Parameters
    ----------
    sheets
        Labeled sheets, one of each person, by the names of the people; or a list, whose files name them. Each
        is a file or a data frame.
    faces
        Table that the sheets were drawn from: its model, named ``model``, is one more rater.
    resamples, seed, level
        Resamples of the faces for the interval of alpha (2,000), their seed (0), and the level of the
        intervals (0.95).

    Returns
    -------
    Agreement
        Krippendorff's alpha, and each two raters' agreement and confusion.

    Raises
    ------
    DatasetError
        If a sheet is none, with the row, or no face was answered by two.
    ConfigError
        If there are fewer than two raters, or an option is out of range.
    """
    if isinstance(sheets, str | PathLike) or hasattr(sheets, "__arrow_c_stream__"):
        raise TypeError("expected sheets by name, or a list of them, found one sheet: [sheet]")
    if isinstance(sheets, Mapping):
        named = list(sheets.items())
    else:
        named = [(_name_of(sheet, f"rater {number}"), sheet) for number, sheet in enumerate(sheets, 1)]
    # Copied, for two results of one connection to a database cannot be open.
    raters = [(name, source_of(sheet, _SHEET_COLUMNS, open_result=False)) for name, sheet in named]
    table = None if faces is None else source_of(faces, [*_fer.EMOTIONS, "error", *FACE_COLUMNS])
    request = {"resamples": resamples, "seed": seed, "level": level}
    return Agreement(*_fer.agreement(raters, request, faces=table))


def _name_of(sheet: object, otherwise: str) -> str:
    """Return the name of a sheet: the file's, without its ending."""
    return Path(sheet).stem if isinstance(sheet, str | PathLike) else otherwise
