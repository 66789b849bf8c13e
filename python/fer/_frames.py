"""Tables of any library as the Rust side reads them; none of the libraries is a dependency."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["source_of"]


def source_of(table: Any, names: Sequence[str], *, open_result: bool = True) -> Any:
    """Return a table as the Rust side reads it: the path of a file, an Arrow stream, or columns.

    The memory of a data frame is read where it lies. Copied are columns by name, data frames of pandas
    without PyArrow or with a column of mixed values, and the tables of this package.

    Parameters
    ----------
    table
        Path of a file; data frame of pandas or Polars, table of PyArrow, relation of DuckDB, result of this
        package, or anything else that exports an Arrow stream; or a mapping of columns.
    names
        Columns that are read, where the table has them.
    open_result
        Whether a relation of DuckDB may be left open, to be read as it comes; else it is copied.
    """
    if isinstance(table, str | os.PathLike):
        return Path(table)
    is_read_whole = _is_relation(table) and not open_result
    if is_read_whole or isinstance(table, Mapping) or not hasattr(table, "__arrow_c_stream__"):
        return _columns_of(table, names)
    try:
        return _narrow(table, set(names)).__arrow_c_stream__()
    except (ImportError, TypeError, ValueError):
        return _columns_of(table, names)


def _is_relation(frame: Any) -> bool:
    """Return whether `frame` is a relation of DuckDB: a query that may not have run."""
    return hasattr(frame, "fetchnumpy")


def _narrow(frame: Any, names: set[str]) -> Any:
    """Return the columns of a data frame that are among `names`: others need not be exported."""
    if _is_relation(frame):
        quoted = ['"' + name.replace('"', '""') + '"' for name in frame.columns if name in names]
        return frame.project(", ".join(quoted)) if quoted else frame
    if hasattr(frame, "column_names"):  # PyArrow
        return frame.select([name for name in frame.column_names if name in names])
    if hasattr(frame, "iloc") or hasattr(frame, "with_columns"):  # pandas, Polars
        return frame[[name for name in frame.columns if name in names]]
    return frame


def _columns_of(frame: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the columns of `frame` that are among `names`.

    Numbers are float64 arrays with NaN where a value is missing; all else is a list of texts.
    """
    columns = _mapping(frame)
    return [(name, _cells(columns[name])) for name in names if name in columns]


def _mapping(frame: Any) -> Mapping[str, Any]:
    """Return `frame` as a mapping of columns."""
    if isinstance(frame, Mapping):
        return frame
    if _is_relation(frame):
        return _Columns(frame.columns, frame.fetchnumpy().__getitem__)
    if hasattr(frame, "to_table"):  # fer.Batch
        frame = frame.to_table()
    if hasattr(frame, "columns") and hasattr(frame, "__getitem__"):  # pandas, Polars, fer.Table
        return _Columns(list(frame.columns), frame.__getitem__)
    raise TypeError(f"expected a table (a path, a data frame, columns by name), found {type(frame).__name__}")


class _Columns(Mapping[str, Any]):
    """Columns that are taken only when they are asked for."""

    def __init__(self, names: Sequence[str], get: Any) -> None:
        self._names, self._get = list(names), get

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _cells(column: Any) -> Any:
    """Return the cells of a column as numbers if it has numbers only, else as texts."""
    array = column.tolist() if isinstance(column, np.ma.MaskedArray) else column
    if not isinstance(array, list | tuple | np.ndarray):
        array = array.to_list() if hasattr(array, "to_list") else array.to_pylist()
    if isinstance(array, np.ndarray) and array.dtype.kind in "fiu":
        return array.astype(np.float64)
    values = list(array)
    if all(_is_missing(value) or _is_number(value) for value in values):
        return np.array([np.nan if _is_missing(value) else value for value in values], np.float64)
    return [_text(value) for value in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _is_missing(value: Any) -> bool:
    # NaN and NaT differ from themselves; the NA of pandas compares with nothing.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _text(value: Any) -> str:
    if _is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
