"""Results of frames as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._classifier import classifier_of
from fer._sources import frames_of, is_camera, is_complete

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import NDArray

    from fer._classifier import Classifier
    from fer._fer import Face
    from fer._sources import Source, TimedFrames
    from fer._types import ImageInput

__all__ = ["FrameFaces", "followed", "stream"]

_MOST_FRAMES = 1000


class FrameFaces(Sequence["dict[str, Any]"]):
    """The people in one frame: a sequence of rows, one per face, as in a ``fer.Timeline``.

    A row is a dictionary with the number of the person, the box, ``emotion``, ``confidence`` and the
    probabilities in this frame, and those smoothed over time.
    """

    __slots__ = ("_bgr", "_faces", "_image", "_rows", "_time")

    def __init__(
        self, time: float, found: Sequence[tuple[dict[str, Any], Face]], image: ImageInput, bgr: bool
    ) -> None:
        self._time = time
        self._rows = [row for row, _ in found]
        self._faces = [face for _, face in found]
        self._image = image
        self._bgr = bgr

    @property
    def time(self) -> float:
        """Time of the frame in seconds."""
        return self._time

    @property
    def image(self) -> ImageInput:
        """Frame as it was given."""
        return self._image

    def draw(self) -> NDArray[np.uint8]:
        """Frame with boxes, labels and bars on it, smoothed over time, ``[H, W, 3]`` in RGB order."""
        return _fer.draw(self._image, self._faces, bgr=self._bgr)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __repr__(self) -> str:
        people = ", ".join(f"{row['person']}: {row['emotion']}" for row in self._rows)
        return f"FrameFaces(time={self._time:.3f}, {{{people}}})"


def stream(
    source: Source,
    *,
    model: str | os.PathLike[str] | Classifier | None = None,
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
    frames_per_second: float = _fer.FRAMES_PER_SECOND,
    bgr: bool = False,
    wait: float = 0.0,
) -> Iterator[FrameFaces]:
    """Follow the faces of a source of frames, and give those of each frame as it comes.

    Nothing is kept: memory does not grow with the length of the stream. Probabilities are smoothed over time:
    of a video file, or a folder that is complete, over 0.4 s before and after each frame, so that a change
    shows at its own time and a frame comes 0.4 s of video later; of anything else over the frames so far.

    Parameters
    ----------
    source
        Number of a camera or an open ``cv2.VideoCapture`` (needs OpenCV), a video file (needs PyAV), a folder
        of frames in the order of their names, or frames as in ``fer.predict``.
    model
        As in ``fer.predict``.
    priors
        As in ``fer.predict``.
    frames_per_second
        Of a video file, how many frames to look at in a second; of a folder or an iterable, how fast its
        frames follow each other. Frames of a camera have the time of their arrival.
    bgr
        Whether arrays have OpenCV's channel order; those of cameras always do.
    wait
        Of a folder that is being written to: seconds without a new frame after which it is complete. A frame
        is read once its file has stopped growing.

    Returns
    -------
    Iterator[FrameFaces]
        The people of each frame.

    Raises
    ------
    VideoError
        If a file is no video that can be read; ``fer.VideoNotFoundError`` if a file or camera does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> import fer
    >>> for frame in fer.stream([np.zeros((120, 160, 3), np.uint8)] * 2, frames_per_second=25):
    ...     print(frame.time, len(frame))
    0.0 0
    0.04 0
    """
    classifier = classifier_of(model, priors)
    return followed(source, classifier, frames_per_second, bgr, wait, centered=is_complete(source, wait))


def followed(
    source: Source, classifier: Classifier, frames_per_second: float, bgr: bool, wait: float, centered: bool
) -> Iterator[FrameFaces]:
    """Give the people of each frame, smoothed both ways if `centered`, also of those before an exception."""
    if not 0 < frames_per_second <= _MOST_FRAMES:
        raise ValueError(
            f"frames_per_second is {frames_per_second}, expected a number above 0 and at most {_MOST_FRAMES}"
        )
    people = _fer.FaceStream(classifier._analyzer, centered)
    frames = frames_of(source, frames_per_second, wait)
    return _follow(people, frames, bgr or is_camera(source))


def _follow(people: _fer.FaceStream, frames: TimedFrames, bgr: bool) -> Iterator[FrameFaces]:
    failure = None
    try:
        for time, frame in frames:
            for ready, image, found in people.push(frame, time, bgr):
                yield FrameFaces(ready, found, image, bgr)
    except Exception as error:
        failure = error
    for ready, image, found in people.finish():
        yield FrameFaces(ready, found, image, bgr)
    if failure is not None:
        raise failure
