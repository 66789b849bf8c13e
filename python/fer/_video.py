"""People in video frames, followed through time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._classifier import classifier_of
from fer._sources import frames_of
from fer._stream import followed
from fer._table import Table
from fer._write_video import write_video

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer._classifier import Classifier
    from fer._types import ImageInput

__all__ = ["Timeline", "predict_video"]

# Types of the columns, so that a column keeps its type where every value is missing.
_TYPES: dict[str, type] = {
    "time": float,
    "person": int,
    "x": int,
    "y": int,
    "width": int,
    "height": int,
    "score": float,
    "emotion": str,
    "confidence": float,
    "uncertain": bool,
    "label_set": str,
    **dict.fromkeys(_fer.EMOTIONS, float),
    "other": float,
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

    Frames are read, used and dropped: memory does not grow with the length of the video, the result does.
    Probabilities are smoothed over 0.4 s before and after each frame, so that a change shows at its own time.

    Parameters
    ----------
    video
        A video file (needs FFmpeg, or PyAV: ``pip install av``), a folder of frames in the order of their
        names, or frames as in ``fer.predict``.
    model
        As in ``fer.predict``.
    priors
        As in ``fer.predict``.
    frames_per_second
        Of a video file, how many frames to look at in a second: of each interval the first, at its own time
        since the first of all. Of a folder or an iterable, how fast its frames follow each other.
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
        If the file is no video, or cannot be read to its end. This exception, and any that the frames raise,
        carries the rows so far as its attribute ``timeline``.

    Examples
    --------
    >>> import numpy as np
    >>> import fer
    >>> len(fer.predict_video([np.zeros((120, 160, 3), np.uint8)] * 3))
    0
    """
    rows: list[dict[str, Any]] = []
    classifier = classifier_of(model, priors)
    frames = followed(video, classifier, frames_per_second, bgr, wait=0.0, centered=True)
    try:
        for frame in frames:
            rows.extend({name: row[name] for name in _TYPES} for row in frame)
    except Exception as error:
        error.timeline = Timeline.from_rows(rows, _TYPES)  # type: ignore[attr-defined]
        raise
    timeline = Timeline.from_rows(rows, _TYPES)
    if isinstance(video, str | os.PathLike):
        timeline._source = (Path(video), frames_per_second)
    return timeline


class Timeline(Table):
    """Rows of faces over time, as made by ``fer.predict_video``."""

    __slots__ = ("_source",)

    _source: tuple[Path, float]

    def plot(self) -> Figure:
        """Draw the probabilities of each person over time, raw and smoothed (needs matplotlib)."""
        from fer._plots import plot_timeline

        return plot_timeline(self)

    def save_video(self, path: str | os.PathLike[str]) -> None:
        """Write the frames with boxes and smoothed probabilities drawn on them, without sound (needs PyAV).

        Parameters
        ----------
        path
            Video file to write, such as ``drawn.mp4``; it must not exist.

        Raises
        ------
        ValueError
            If the timeline is not that of a file or folder, whose frames can be read again.
        OutputError
            If the file exists or cannot be written.
        """
        source = getattr(self, "_source", None)
        if source is None:
            raise ValueError("the frames are gone: only a timeline of a video file or a folder can be drawn")
        faces: dict[float, list[_fer.Face]] = {}
        for row in self:
            faces.setdefault(row["time"], []).append(_smoothed(row))
        drawn = (_fer.draw(frame, faces.get(time, [])) for time, frame in frames_of(*source))
        write_video(Path(path), drawn, source[1])


def _smoothed(row: dict[str, Any]) -> _fer.Face:
    """Return the face of a row with its smoothed probabilities, to be drawn without a mark of doubt."""
    probabilities = [row[f"smoothed_{emotion}"] for emotion in _fer.EMOTIONS]
    sure = [float(probability == max(probabilities)) for probability in probabilities]
    box = (row["x"], row["y"], row["width"], row["height"])
    return _fer.Face(box, row["score"], None, probabilities, sure)
