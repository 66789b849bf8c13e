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
    if hasattr(image, "as_py"):  # a scalar of PyArrow
        image = image.as_py()
    if not hasattr(image, "read"):
        return image
    try:
        if image.seekable():
            image.seek(0)
        content = image.read()
    except Exception:
        return image
    return content if isinstance(content, bytes) else image


def several(images: Iterable[Any]) -> Iterator[Any]:
    """Return the images of an iterable one by one; it must not be one image itself.

    An iterator may fill one buffer again and again: its arrays and frames are copied.
    """
    if hasattr(images, "columns") or hasattr(images, "column_names"):
        raise TypeError(f'{type(images).__name__} is a table: pass its column of images, table["path"]')
    shape = tuple(getattr(images, "shape", ()))
    if len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 3, 4)):
        raise _one_image(f"an array of shape {list(shape)}")
    is_pillow = type(images).__module__.partition(".")[0] == "PIL" and hasattr(images, "getbands")
    if is_pillow or isinstance(images, bytes | bytearray | memoryview) or hasattr(images, "read"):
        raise _one_image(type(images).__name__)
    if isinstance(images, Iterator):
        return map(_kept, map(read, images))
    return map(read, images)


def _one_image(what: str) -> ImageError:
    return ImageError(
        f"{what} is one image, expected several: pass it to predict, or [image]", "invalid_image"
    )


def _kept(image: Any) -> Any:
    """Return what stays as it is when the iterator goes on."""
    is_frame = getattr(image, "is_animated", False)
    if not (is_frame or (hasattr(image, "__array_interface__") and hasattr(image, "strides"))):
        return image
    try:
        return image.copy()
    except Exception:  # one that cannot be read says so when it is
        return image


def scalars(ids: Iterable[Any], count: int) -> list[Any]:
    """Return ids as the values of one column: of one plain type, a missing one as ``None``.

    Parameters
    ----------
    ids
        Numbers, texts, dates or other scalars; those that are no plain type, or of several, become text.
    count
        Number of images.
    """
    if isinstance(ids, str | bytes) or getattr(ids, "ndim", 1) != 1:
        raise TypeError(f"ids is of type {type(ids).__name__}, expected one scalar for each image")
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
    if isinstance(value, float) or type(value).__module__ in ("numpy", "decimal"):
        return not hasattr(value, "__len__") and bool(value != value)
    return False


def _plain(value: Any) -> Any:
    if hasattr(value, "as_py"):
        value = value.as_py()  # a scalar of PyArrow
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()  # a scalar of NumPy
    if isinstance(value, list | tuple | dict | set) or getattr(value, "ndim", 0) != 0:
        raise TypeError(f"an id is of type {type(value).__name__}, expected a scalar")
    if isinstance(value, str):  # a name that is not UTF-8, as Python gives it
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return None if is_missing(value) else value


def _is_long(value: Any) -> bool:
    """Return ``True`` if `value` is an integer beyond the 64 bits of a column."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63
