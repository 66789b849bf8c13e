"""Images and keys as they are handed over, brought into the form that the work takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fer.exceptions import ImageError

__all__ = ["is_missing", "read", "scalars", "several"]


def read(image: Any) -> Any:
    """Return the content of an open file, and anything else as it is.

    What cannot be read is returned too: reading it again says why, as an error of the image.
    """
    if not hasattr(image, "read"):
        return image
    try:
        if image.seekable():
            image.seek(0)
        content = image.read()
    except (AttributeError, OSError, ValueError):
        return image
    return content if isinstance(content, bytes) else image


def several(images: Iterable[Any]) -> Iterator[Any]:
    """Return the images of an iterable one by one; it must not be one image itself."""
    shape = tuple(getattr(images, "shape", ()))
    one_array = len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 3, 4))
    if one_array and not hasattr(images, "columns"):
        raise ImageError(
            f"an array of shape {list(shape)} is one image, expected several: pass it to predict, or [image]",
            "invalid_image",
        )
    if isinstance(images, bytes | bytearray | memoryview) or hasattr(images, "read"):
        raise ImageError(
            f"{type(images).__name__} is one image, expected several: pass it to predict, or [image]",
            "invalid_image",
        )
    return map(read, images)


def scalars(ids: Iterable[Any], count: int) -> list[Any]:
    """Return ids as the values of one column: of one plain type, a missing one as ``None``.

    Parameters
    ----------
    ids
        Numbers, texts, dates or other scalars; those that are no plain type, or of several, become text.
    count
        Number of images.
    """
    plain = [_plain(value) for value in ids]
    if len(plain) != count:
        raise ValueError(f"{len(plain)} ids for {count} images")
    types = {type(value) for value in plain if value is not None}
    one_type = len(types) <= 1 or types == {int, float}
    if one_type and types <= {str, int, float, bool} and not any(map(_is_long, plain)):
        return plain
    return [None if value is None else str(value) for value in plain]


def is_missing(value: Any) -> bool:
    """Return ``True`` for what stands for no value in a table: ``None``, NaN, pandas' ``NA`` and ``NaT``."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _plain(value: Any) -> Any:
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()  # a scalar of NumPy
    if isinstance(value, list | tuple | dict | set) or getattr(value, "ndim", 0) != 0:
        raise TypeError(f"an id is of type {type(value).__name__}, expected a scalar")
    return None if is_missing(value) else value


def _is_long(value: Any) -> bool:
    """Return ``True`` if `value` is an integer beyond the 64 bits of a column."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63
