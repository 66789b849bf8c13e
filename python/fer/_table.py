"""Columns that turn into a pandas, Polars or PyArrow table, none of which is a dependency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from fer import _fer, _html

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from typing_extensions import Self

__all__ = ["Table", "Tabular", "flat"]

# Types that keep their name when a value is missing.
_PANDAS_TYPES = {str: "str", int: "Int64", float: "float64", bool: "boolean"}
# Rows that a notebook shows.
_SHOWN_ROWS = 20


# No `Sequence` by name, for Polars takes such apart by its items before it asks for Arrow.
class Table:
    """Rows with named columns: a sequence of dictionaries that also speaks Arrow.

    ``table[0]`` is a row, ``table[:5]`` a table of rows, and ``table["emotion"]`` the values of a column.

    Any library that reads the Arrow PyCapsule interface takes it as it is, for example
    ``polars.DataFrame(table)``, ``pyarrow.table(table)`` or DuckDB.

    Parameters
    ----------
    columns
        Values by column name, all of one length. A missing value is ``None``.
    types
        Type of each column's values: ``str``, ``int``, ``float`` or ``bool``. Where it is not given, the
        first value that is not missing tells.
    """

    __slots__ = ("_columns", "_length", "_types")

    def __init__(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, type] | None = None) -> None:
        self._columns = {name: list(values) for name, values in columns.items()}
        self._types = {
            name: (types or {}).get(name) or _type(values) for name, values in self._columns.items()
        }
        lengths = {len(values) for values in self._columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns differ in length: {sorted(lengths)}")
        self._length = lengths.pop() if lengths else 0

    @classmethod
    def from_rows(cls, rows: Sequence[Mapping[str, Any]], types: Mapping[str, type] | None = None) -> Self:
        """Table of rows; its columns are their keys in the order of appearance, or those of `types`."""
        names = dict.fromkeys([name for row in rows for name in row] or types or ())
        return cls({name: [row.get(name) for row in rows] for name in names}, types)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    def column(self, name: str) -> list[Any]:
        """Values of one column."""
        return list(self._columns[name])

    def to_dict(self) -> dict[str, list[Any]]:
        """Values by column name."""
        return {name: list(values) for name, values in self._columns.items()}

    def to_pandas(self) -> pd.DataFrame:
        """Convert to a pandas data frame."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            {
                name: pd.Series(values, dtype=_PANDAS_TYPES[self._types[name]])
                for name, values in self._columns.items()
            }
        )
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Convert to a Polars data frame."""
        import polars as pl

        return pl.DataFrame(self)

    def to_arrow(self) -> pa.Table:
        """Convert to a PyArrow table."""
        import pyarrow as pa

        # `pa.table` would import pandas, which takes longer than the rest.
        return pa.RecordBatchReader.from_stream(self).read_all()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return _fer.arrow_stream(
            [(name, self._types[name].__name__, values) for name, values in self._columns.items()]
        )

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    @overload
    def __getitem__(self, index: str) -> list[Any]: ...
    def __getitem__(self, index: int | slice | str) -> dict[str, Any] | Self | list[Any]:
        if isinstance(index, str):
            return self.column(index)
        if isinstance(index, slice):
            rows = {name: values[index] for name, values in self._columns.items()}
            return type(self)(rows, self._types)
        if not -self._length <= index < self._length:
            raise IndexError(f"row {index} of {self._length}")
        return {name: values[index] for name, values in self._columns.items()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(self._length))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._columns == other._columns

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        return f"Table({self._length} rows: {', '.join(self._columns)})"

    def _repr_html_(self) -> str:
        more = self._length - _SHOWN_ROWS
        foot = f"<p>and {more} more rows</p>" if more > 0 else ""
        return _html.table(self.columns, (row.values() for row in self[:_SHOWN_ROWS])) + foot


class Tabular:
    """What is a table for any data frame library: its own, ``_table``, as it is."""

    __slots__ = ("_table",)
    _table: Table

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


def _type(values: Sequence[Any]) -> type:
    found = {type(value) for value in values if value is not None}
    if found == {int, float}:
        return float
    return found.pop() if len(found) == 1 else str


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one, their keys joined by underscores."""
    joined: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            joined |= flat(value, f"{prefix}{name}_")
        else:
            joined[f"{prefix}{name}"] = value
    return joined
