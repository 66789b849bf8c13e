"""Frames of videos, folders and cameras, each with its time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import floor
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias, TypeGuard, cast

from fer import _fer
from fer._inputs import several
from fer.exceptions import ImageNotFoundError, VideoError, VideoNotFoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer._types import ImageInput

__all__ = ["Source", "TimedFrames", "frames_of", "is_camera", "is_complete"]

#: A number of a camera, a video file, a folder, an open ``cv2.VideoCapture`` or frames.
Source: TypeAlias = "int | str | os.PathLike[str] | Iterable[ImageInput] | Any"
TimedFrames: TypeAlias = "Iterator[tuple[float, ImageInput]]"

# A frame this share of an interval before it, as rounded times lie, counts to it.
_TOLERANCE = Fraction(1, 1000)
# Seconds between two looks at a folder that is being written to.
_LOOK_EVERY = 0.05
# Properties of ``cv2.VideoCapture``: frames per second, and the number of frames, which only files have.
_CAPTURE_RATE = 5
_CAPTURE_COUNT = 7


def frames_of(source: Source, frames_per_second: float, wait: float = 0.0) -> TimedFrames:
    """Give each frame with its time in seconds."""
    if _is_number(source):
        return _captured(_open_camera(int(source)), frames_per_second)
    if is_camera(source):
        return _captured(source, frames_per_second)
    if not isinstance(source, str | os.PathLike):
        return _counted(several(cast("Iterable[ImageInput]", source)), frames_per_second)
    path = Path(source)
    if not path.is_dir():
        return _read(path, frames_per_second)
    if wait > 0:
        return _counted(_arriving(path, wait), frames_per_second)
    return _counted(_fer.expand_inputs(path, videos=False), frames_per_second)


def is_camera(source: Source) -> bool:
    """Return ``True`` for the number of a camera or a ``cv2.VideoCapture``, whose frames are BGR."""
    return _is_number(source) or (hasattr(source, "isOpened") and hasattr(source, "read"))


def _is_number(source: Source) -> TypeGuard[SupportsIndex]:
    """Return ``True`` for whole numbers, of NumPy too."""
    return hasattr(source, "__index__") and not hasattr(source, "__len__")


def is_complete(source: Source, wait: float = 0.0) -> bool:
    """Return ``True`` for a video file, or a folder that is not being written to."""
    return isinstance(source, str | os.PathLike) and wait <= 0


def _counted(frames: Iterable[ImageInput], frames_per_second: float) -> TimedFrames:
    return ((number / frames_per_second, frame) for number, frame in enumerate(frames))


def _read(path: Path, frames_per_second: float) -> TimedFrames:
    if not path.exists():
        raise VideoNotFoundError(f"{path}: no such file", "not_found", str(path))
    if which("ffmpeg"):
        return iter(_fer.VideoFrames(path, frames_per_second))
    return _sampled(_decoded(path), frames_per_second)


def _sampled(frames: Iterable[tuple[Fraction, ImageInput]], frames_per_second: float) -> TimedFrames:
    """Give the first frame of each interval, as `fer_vision::VideoFrames` does, without FFmpeg."""
    rate = Fraction(frames_per_second)
    taken = -1
    for at, frame in frames:
        interval = floor(at * rate + _TOLERANCE)
        if interval > taken:
            taken = interval
            yield float(at), frame


def _decoded(path: Path) -> Iterator[tuple[Fraction, ImageInput]]:
    """Give every frame, upright and of square pixels, with its time since the first."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise ImportError("reading a video file needs FFmpeg or PyAV: pip install av") from error
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoError(f"{path}: no video in this file", "corrupt_video", str(path))
            stream = container.streams.video[0]
            start = None
            count = 0
            for frame in container.decode(stream):
                count += 1
                if frame.pts is not None and frame.time_base is not None:
                    at = frame.pts * frame.time_base
                    start = at if start is None else start
                    yield at - start, _upright(frame, stream.sample_aspect_ratio)
            # The end of a file that is cut looks like any other end, but its head tells the number of frames.
            if count < stream.frames:
                reason = f"only {count} of its {stream.frames} frames are there"
                raise VideoError(f"{path}: {reason}", "corrupt_video", str(path))
    except FFmpegError as error:
        raise VideoError(f"{path}: cannot read the video: {error}", "corrupt_video", str(path)) from error


def _upright(frame: Any, pixel_aspect: Fraction | None) -> NDArray[np.uint8]:
    """Turn a frame as its rotation says, and make its pixels square by changing its width."""
    import numpy as np

    turns = round(frame.rotation / 90)
    width, height = frame.width, frame.height
    if pixel_aspect and turns % 2:
        height = floor(height / pixel_aspect + Fraction(1, 2))
    elif pixel_aspect:
        width = floor(width * pixel_aspect + Fraction(1, 2))
    pixels = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _open_camera(number: int) -> Any:
    try:
        import cv2  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError("a camera needs OpenCV: pip install opencv-python") from error
    camera = cv2.VideoCapture(number)
    if not camera.isOpened():
        raise VideoNotFoundError(f"camera {number} does not open", "not_found", str(number))
    return camera


def _captured(capture: Any, frames_per_second: float) -> TimedFrames:
    """Give the frames of a file at its own times, and those of a camera at the times of their arrival."""
    is_file = capture.get(_CAPTURE_COUNT) > 0
    rate = capture.get(_CAPTURE_RATE) or frames_per_second
    started = time.monotonic()
    number = 0
    try:
        while True:
            there, frame = capture.read()
            if not there:
                return
            yield number / rate if is_file else time.monotonic() - started, frame
            number += 1
    finally:
        capture.release()


def _arriving(folder: Path, wait: float) -> Iterator[Path]:
    """Give images in the order of their names as they arrive, until none has come for `wait` seconds."""
    seen: set[Path] = set()
    sizes: dict[Path, int] = {}
    last = time.monotonic()
    while True:
        fresh = [path for path in _images_in(folder) if path not in seen]
        before, sizes = sizes, {path: path.stat().st_size for path in fresh}
        over = time.monotonic() - last >= wait
        for path in fresh:
            # One that still grows is being written, and those behind it wait for it.
            if not over and before.get(path) != sizes[path]:
                break
            seen.add(path)
            yield path
            last = time.monotonic()
        if over:
            return
        time.sleep(_LOOK_EVERY)


def _images_in(folder: Path) -> list[Path]:
    try:
        return _fer.expand_inputs(folder, videos=False)
    except ImageNotFoundError:
        return []
