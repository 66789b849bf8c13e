"""People in video frames, followed through time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._classifier import classifier_of
from fer._table import Table
from fer.exceptions import VideoError, VideoNotFoundError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer._classifier import Classifier
    from fer._types import ImageInput

__all__ = ["Timeline", "predict_video"]

# Types of the columns, so that a column keeps its type where every value is missing.
_TYPES = {
    "time": float,
    "person": int,
    "x": int,
    "y": int,
    "width": int,
    "height": int,
    "score": float,
    "emotion": str,
    "confidence": float,
    **dict.fromkeys(_fer.EMOTIONS, float),
    **dict.fromkeys((f"smoothed_{emotion}" for emotion in _fer.EMOTIONS), float),
}


def predict_video(
    video: str | os.PathLike[str] | Iterable[ImageInput],
    *,
    model: str | os.PathLike[str] | Classifier | None = None,
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
    frames_per_second: float = _fer.FRAMES_PER_SECOND,
    bgr: bool = False,
) -> Timeline:
    """Follow the faces of a video and name their expression over time.

    Frames are read, used and let go one by one: memory does not grow with the length of the video, the result
    does.

    Parameters
    ----------
    video
        A video file (needs PyAV: ``pip install av``), a folder of frames in the order of their
        names, or frames as in ``fer.predict``.
    model
        As in ``fer.predict``.
    priors
        As in ``fer.predict``.
    frames_per_second
        Of a video file, how many frames to look at in a second; of a folder or an iterable, how fast its
        frames follow each other.
    bgr
        As in ``fer.predict``.

    Returns
    -------
    Timeline
        A row for each face and frame: time in seconds, number of the person, box, and probabilities, raw and
        smoothed over time.

    Raises
    ------
    VideoError
        If the file is no video that can be read.

    Examples
    --------
    >>> import numpy as np
    >>> import fer
    >>> len(fer.predict_video([np.zeros((120, 160, 3), np.uint8)] * 3))
    0
    """
    if not frames_per_second > 0:
        raise ValueError(f"frames_per_second is {frames_per_second}, expected a positive number")
    stream = _fer.FaceStream(classifier_of(model, priors)._analyzer)
    rows: list[dict[str, Any]] = []
    for time, frame in _frames(video, frames_per_second):
        rows.extend(stream.push(frame, time, bgr))
    return Timeline.from_rows([{name: row[name] for name in _TYPES} for row in rows], _TYPES)


class Timeline(Table):
    """Rows of faces over time, as made by ``fer.predict_video``."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw the probabilities of each person over time, raw and smoothed (needs matplotlib)."""
        from fer._plots import plot_timeline

        return plot_timeline(self)


def _frames(
    video: str | os.PathLike[str] | Iterable[ImageInput], frames_per_second: float
) -> Iterator[tuple[float, ImageInput]]:
    if isinstance(video, str | os.PathLike) and not Path(video).is_dir():
        yield from _sampled(_decoded(Path(video)), frames_per_second)
        return
    frames = _fer.expand_inputs(video) if isinstance(video, str | os.PathLike) else video
    for number, frame in enumerate(frames):
        yield number / frames_per_second, frame


def _sampled(
    frames: Iterable[tuple[float, ImageInput]], frames_per_second: float
) -> Iterator[tuple[float, ImageInput]]:
    """Give the first frame of each interval."""
    taken = -1
    for time, frame in frames:
        interval = int(time * frames_per_second)
        if interval > taken:
            taken = interval
            yield time, frame


def _decoded(path: Path) -> Iterator[tuple[float, ImageInput]]:
    if not path.exists():
        raise VideoNotFoundError(f"{path}: no such file", "not_found", str(path))
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise ImportError("reading a video file needs PyAV: pip install av") from error
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                if frame.time is not None:
                    yield float(frame.time), frame.to_ndarray(format="rgb24")
    except (FFmpegError, IndexError) as error:
        raise VideoError(f"{path}: cannot read the video: {error}", "corrupt_video", str(path)) from error
