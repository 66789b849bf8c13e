"""Columns of images to columns of faces, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._schema import SCHEMA
from fer._table import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from fer._batch import Batch

__all__ = ["predicted"]

# Images that are decoded at a time.
_IMAGES_AT_ONCE = 256


def predicted(
    data: Any,
    predict_batch: Callable[[list[Any]], Batch],
    *,
    image: str,
    keep: Sequence[str],
    largest: bool,
) -> pa.RecordBatchReader:
    """Read `data` as the result is read, and give rows of faces for its images."""
    import pyarrow as pa

    if isinstance(keep, str):
        raise TypeError(f"keep is {keep!r}, expected a list of columns: [{keep!r}]")
    reader = _reader(data)
    kept = [_column(reader.schema, name) for name in keep]
    images = _column(reader.schema, image)
    taken = sorted({field.name for field in kept} & set(SCHEMA))
    if taken:
        raise ValueError(f"{', '.join(taken)}: a column of the result has this name, rename the one to keep")
    if not _holds_images(images.type):
        raise TypeError(
            f"column {image!r} is of type {images.type}, expected the content of image files (binary) or "
            "their paths (string)"
        )
    schema = pa.schema([*kept, *SCHEMA.to_arrow()])

    def batches() -> Iterator[pa.RecordBatch]:
        for whole in reader:
            for start in range(0, len(whole), _IMAGES_AT_ONCE):
                batch = whole.slice(start, _IMAGES_AT_ONCE)
                found = predict_batch(batch.column(image).to_pylist())
                numbers, table = _rows(found, largest)
                columns = [_taken(batch.column(name), numbers) for name in keep]
                (ours,) = table.to_arrow().to_batches()
                yield pa.record_batch([*columns, *ours.columns], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _reader(data: Any) -> pa.RecordBatchReader:
    import pyarrow as pa

    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    if hasattr(data, "__arrow_c_array__"):
        batch = pa.record_batch(data)
        return pa.RecordBatchReader.from_batches(batch.schema, [batch])
    raise TypeError(
        "expected a table or a stream of batches with the Arrow PyCapsule interface, found "
        f"{type(data).__name__}"
    )


def _column(schema: pa.Schema, name: str) -> pa.Field:
    index = schema.get_field_index(name)
    if index < 0:
        raise ValueError(f"there is no one column {name!r}; the columns are {', '.join(schema.names)}")
    return schema.field(index)


def _taken(column: pa.Array, numbers: list[int]) -> pa.Array:
    import pyarrow as pa

    try:
        return column.take(numbers)
    except pa.ArrowNotImplementedError:  # for views, which Polars exports
        values = column.to_pylist()
        return pa.array([values[number] for number in numbers], column.type)


def _holds_images(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    if types.is_dictionary(kind):  # categories of data frames
        return _holds_images(kind.value_type)
    tests = (
        types.is_binary,
        types.is_fixed_size_binary,
        types.is_large_binary,
        types.is_binary_view,
        types.is_string,
        types.is_large_string,
        types.is_string_view,
    )
    return any(test(kind) for test in tests)


def _rows(found: Batch, largest: bool) -> tuple[list[int], Table]:
    """Return the rows of the images, and the number of the image of each."""
    numbers: list[int] = []
    rows: list[dict[str, Any]] = []
    for number, prediction in enumerate(found):
        faces = prediction.faces[:1] if largest else prediction.faces
        error = prediction.error
        message = None if error is None else str(error)
        for row in _fer.face_rows(None, faces, message):
            numbers.append(number)
            rows.append({**row, "error_kind": None if error is None else error.kind})
    columns = {name: [row[name] for row in rows] for name in SCHEMA}
    return numbers, Table(columns, SCHEMA)
