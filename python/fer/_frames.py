"""Columns of any data frame as NumPy numbers or texts, none of whose libraries is a dependency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["columns_of"]


def columns_of(frame: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the columns of `frame` that are among `names`.

    Numbers are float64 arrays with NaN where a value is missing; all else is a list of texts.

    Parameters
    ----------
    frame
        Data frame of pandas or Polars, table of PyArrow, relation of DuckDB, result of this package, or a
        mapping of columns. Anything else that exports an Arrow stream is read by PyArrow or Polars.
    names
        Columns to take.
    """
    columns = _mapping(frame)
    return [(name, _cells(columns[name])) for name in names if name in columns]


def _mapping(frame: Any) -> Mapping[str, Any]:
    """Return `frame` as a mapping of columns."""
    if isinstance(frame, Mapping):
        return frame
    if hasattr(frame, "fetchnumpy"):  # a relation of DuckDB
        return _Columns(frame.columns, frame.fetchnumpy().__getitem__)
    if hasattr(frame, "to_table"):  # fer.Batch, fer.Timeline
        frame = frame.to_table()
    if hasattr(frame, "column_names"):  # PyArrow
        return _Columns(frame.column_names, frame.column)
    if hasattr(frame, "columns") and hasattr(frame, "__getitem__"):  # pandas, Polars, fer.Table
        return _Columns(list(frame.columns), frame.__getitem__)
    if hasattr(frame, "__arrow_c_stream__"):
        return _mapping(_read_stream(frame))
    raise TypeError(f"expected a table (a path, a data frame, columns by name), found {type(frame).__name__}")


def _read_stream(stream: Any) -> Any:
    try:
        import pyarrow
    except ImportError:
        import polars

        return polars.DataFrame(stream)
    return pyarrow.table(stream)


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
    array = np.ma.filled(column, None) if isinstance(column, np.ma.MaskedArray) else column
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
