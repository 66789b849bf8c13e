"""Types that are named in several signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

__all__ = ["FaceMode", "ImageInput"]

FaceMode: TypeAlias = Literal["auto", "find", "whole"]

# A Pillow image or any other object that turns into an array is accepted too, hence ``Any`` in their place.
ImageInput: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any] | Any"
