"""People in video frames, followed through time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._classifier import Classifier
from fer._table import Table
from fer.exceptions import VideoError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer._fer import Picture

__all__ = ["Timeline", "predict_video"]

# Where neither the frames nor the file say how fast they follow each other.
_FRAMES_PER_SECOND = 25.0


def predict_video(
    video: str | os.PathLike[str] | Iterable[Picture],
    *,
    model: str | os.PathLike[str] | Classifier | None = None,
    priors: str | Sequence[float] | None = None,
    frames_per_second: float | None = None,
    every: int = 1,
    bgr: bool = False,
) -> Timeline:
    """Follow the faces of a video and name their expression over time.

    Frames are read, used and let go one by one: memory does not grow with the length of the video, the result
    does.

    Parameters
    ----------
    video
        A video file (needs PyAV: ``pip install 'fer[video]'``), a folder of frames in the order of their
        names, or frames as in :func:`predict`.
    model, priors, bgr
        As in :func:`predict`.
    frames_per_second
        How fast frames of a folder or an iterable follow each other: 25 when absent. A video file knows
        itself.
    every
        Look at every n-th frame only.

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
    if every < 1:
        raise ValueError(f"every is {every}, expected at least 1")
    if not isinstance(model, Classifier):
        model = Classifier(model)
    if priors is not None:
        model = model.with_priors(priors)
    stream = _fer.FaceStream(model._analyzer)
    rows: list[dict[str, Any]] = []
    for number, (time, frame) in enumerate(_frames(video, frames_per_second or _FRAMES_PER_SECOND)):
        if number % every == 0:
            rows.extend(stream.push(frame, time, bgr))
    return Timeline.from_rows(rows, _fer.FaceStream.COLUMNS)


class Timeline(Table):
    """Rows of faces over time, as made by :func:`predict_video`."""

    __slots__ = ()

    def plot(self) -> Figure:
        """Draw the smoothed probabilities of each person over time (needs matplotlib)."""
        from fer._plots import plot_timeline

        return plot_timeline(self)


def _frames(
    video: str | os.PathLike[str] | Iterable[Picture], frames_per_second: float
) -> Iterator[tuple[float, Picture]]:
    if not isinstance(video, str | os.PathLike):
        frames: Iterable[Picture] = video
    elif Path(video).is_dir():
        frames = _fer.expand_inputs(video)
    else:
        yield from _decoded(Path(video))
        return
    for number, frame in enumerate(frames):
        yield number / frames_per_second, frame


def _decoded(path: Path) -> Iterator[tuple[float, Picture]]:
    try:
        import av
    except ImportError as error:
        raise ImportError("reading a video file needs PyAV: pip install 'fer[video]'") from error
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield float(frame.time), frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, IndexError) as error:
        raise VideoError(f"{path}: cannot read the video: {error}", "corrupt_video", str(path)) from error
