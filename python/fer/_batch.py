"""Predictions of many images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, overload

from fer import _html
from fer._prediction import Prediction
from fer._schema import COLUMNS
from fer._table import Table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Batch"]

# Images that a notebook shows.
_SHOWN_ITEMS = 24


# No `Sequence` by name, for Polars takes such apart by its items before it asks for Arrow.
class Batch:
    """Predictions in the order of the images: a sequence that turns into a table.

    The table has one row per face. An image without a face, or one that cannot be read, keeps one row whose
    face columns are missing, so that no image disappears in a join.
    """

    __slots__ = ("_ids", "_items")

    def __init__(self, predictions: Sequence[Prediction], ids: Sequence[Any] | None = None) -> None:
        self._items = list(predictions)
        self._ids = None if ids is None else list(ids)
        if self._ids is not None and len(self._ids) != len(self._items):
            raise ValueError(f"{len(self._ids)} ids for {len(self._items)} images")

    @property
    def errors(self) -> list[Prediction]:
        """Predictions of the images that could not be read."""
        return [prediction for prediction in self._items if prediction.error is not None]

    def to_table(self) -> Table:
        """Table with the columns of ``fer predict --format csv``, and ``id`` first where ids were given."""
        rows: list[dict[str, Any]] = []
        for number, prediction in enumerate(self._items):
            key = {} if self._ids is None else {"id": self._ids[number]}
            rows.extend({**key, **row} for row in prediction.to_table())
        return Table.from_rows(rows, COLUMNS)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per image, as ``fer predict --format json`` prints them."""
        return [prediction.to_dict() for prediction in self._items]

    def to_pandas(self) -> pd.DataFrame:
        """Convert to a pandas data frame, one row per face."""
        return self.to_table().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """Convert to a Polars data frame, one row per face."""
        return self.to_table().to_polars()

    def to_arrow(self) -> pa.Table:
        """Convert to a PyArrow table, one row per face."""
        return self.to_table().to_arrow()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_table().__arrow_c_stream__(requested_schema)

    def summary(self) -> str:
        """One line: how many images and faces, and of which emotions."""
        faces = Counter(face.emotion for prediction in self._items for face in prediction)
        counts = ", ".join(f"{count} {emotion}" for emotion, count in faces.most_common())
        failed = f", {len(self.errors)} unreadable" if self.errors else ""
        return f"{len(self)} images, {faces.total()} faces{f' ({counts})' if counts else ''}{failed}"

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Prediction: ...
    @overload
    def __getitem__(self, index: slice) -> Batch: ...
    def __getitem__(self, index: int | slice) -> Prediction | Batch:
        if isinstance(index, slice):
            return Batch(self._items[index], None if self._ids is None else self._ids[index])
        return self._items[index]

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Batch) and (self._items, self._ids) == (other._items, other._ids)

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        return f"Batch({self.summary()})"

    def _repr_html_(self) -> str:
        more = len(self) - _SHOWN_ITEMS
        foot = f"<p>and {more} more</p>" if more > 0 else ""
        cells = _html.grid(_cell(prediction) for prediction in self._items[:_SHOWN_ITEMS])
        return f"<p>{escape(self.summary())}</p>{cells}{foot}"


def _cell(prediction: Prediction) -> str:
    name = "" if prediction.path is None else prediction.path
    if prediction.error is not None:
        return _html.cell(f"<span>{escape(prediction.error.kind)}</span>", "error", name)
    faces = ", ".join(_html.emotion(face.emotion) for face in prediction)
    return _html.cell(prediction.html(_html.THUMBNAIL_SIDE), faces or "no face", name)
