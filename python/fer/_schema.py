"""Columns of the tables of faces, by the names that other systems have for their types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fer import _fer

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "SCHEMA", "Schema"]

_PYTHON_TYPES: dict[str, type] = {"text": str, "boolean": bool, "integer": int, "number": float}
_SQL_TYPES = {str: "string", bool: "boolean", int: "bigint", float: "double"}

# Types of the columns of a table of faces, so that a column keeps its type where every value is missing.
COLUMNS: dict[str, type] = {name: _PYTHON_TYPES[kind] for name, kind in _fer.FACE_COLUMNS}


class Schema(Mapping[str, type]):
    """Names of columns with the Python types of their values, in a fixed order."""

    __slots__ = ("_types",)

    def __init__(self, types: Mapping[str, type]) -> None:
        self._types = dict(types)

    def to_arrow(self) -> pa.Schema:
        """Convert to a PyArrow schema."""
        import pyarrow as pa

        arrow_types = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
        return pa.schema([(name, arrow_types[kind]) for name, kind in self._types.items()])

    def ddl(self) -> str:
        """Return the columns as Spark's SQL declares them: ``face bigint, x bigint, ...``."""
        return ", ".join(f"{name} {_SQL_TYPES[kind]}" for name, kind in self._types.items())

    def __getitem__(self, name: str) -> type:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __repr__(self) -> str:
        return f"Schema({self.ddl()})"


# Columns that ``fer.Classifier.predict_arrow`` appends to those that are kept, in their order.
SCHEMA = Schema(
    {
        **{name: kind for name, kind in COLUMNS.items() if name not in ("path", "error")},
        "error_kind": str,
        "error": str,
    }
)
