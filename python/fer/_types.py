"""Types that are named in several signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

__all__ = ["Boxes", "Detector", "FaceMode", "ImageInput"]

FaceMode: TypeAlias = Literal["auto", "find", "whole"]

# A Pillow image or any other object that turns into an array is accepted too, hence ``Any`` in their place.
ImageInput: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any] | Any"

# Faces of one image: sequences that begin with x, y, width and height, or dicts that hold one.
Boxes: TypeAlias = Iterable[Any]

# Finds the faces of an image, an array ``[H, W, 3]`` of RGB bytes.
Detector: TypeAlias = "Callable[[NDArray[Any]], Boxes | None]"
