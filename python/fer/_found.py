"""Faces that the caller, or another package's detector, has found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fer import _fer
from fer.exceptions import ConfigError, FerError, ImageError

__all__ = ["boxes_from", "detect"]


def detect(detector: Callable[[Any], Any], image: Any, bgr: bool) -> list[tuple[float, float, float, float]]:
    """Return the boxes that `detector` finds in an image, which it gets as RGB bytes ``[H, W, 3]``."""
    if not callable(detector):
        raise TypeError(f"detector is of type {type(detector).__name__}: expected a function of an image")
    pixels = _fer.draw(image, [], bgr=bgr)
    try:
        found = detector(pixels)
    except FerError:
        raise
    except Exception as error:
        raise ImageError(f"the detector failed: {type(error).__name__}: {error}", "detector") from error
    return boxes_from([] if found is None else found)


def boxes_from(faces: Iterable[Any]) -> list[tuple[float, float, float, float]]:
    """Return faces in one of the usual forms as boxes ``(x, y, width, height)``.

    Parameters
    ----------
    faces
        Sequences or rows of arrays that begin with x, y, width and height, dicts that hold such a sequence,
        or a dict with the keys ``x``, ``y``, ``w`` and ``h``, as ``"box"`` or ``"facial_area"``.

    Raises
    ------
    ConfigError
        If a face has none of these forms.
    """
    return [_box(face) for face in faces]


def _box(face: Any) -> tuple[float, float, float, float]:
    box = face
    if isinstance(face, Mapping):
        box = face.get("box", face.get("facial_area", face))
    try:
        sides = [box[name] for name in "xywh"] if isinstance(box, Mapping) else list(box)[:4]
        x, y, width, height = (float(side) for side in sides)
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            f'a face is {face!r}: expected (x, y, width, height), or a dict with "box" or "facial_area"',
            "invalid_argument",
        ) from None
    return x, y, width, height
