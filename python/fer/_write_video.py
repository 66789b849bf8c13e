"""Frames as a video file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from fer.exceptions import FerError, OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["write_video"]


def write_video(path: Path, frames: Iterable[NDArray[np.uint8]], frames_per_second: float) -> None:
    """Write frames ``[H, W, 3]`` in RGB order to a new file: whole or not at all."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise ImportError("writing a video file needs PyAV: pip install av") from error
    if path.exists():
        raise OutputError(f"{path}: it exists already: name another file", "invalid_argument", str(path))
    rate = Fraction(frames_per_second).limit_denominator(1000)
    try:
        with tempfile.TemporaryDirectory(prefix=".fer-", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            with av.open(str(unfinished), "w") as container:
                stream = None
                for frame in frames:
                    if stream is None:
                        stream = container.add_stream("libx264", rate=rate)
                        # The format stores colors for squares of two pixels.
                        stream.height, stream.width = (side // 2 * 2 for side in frame.shape[:2])
                        stream.pix_fmt = "yuv420p"
                    even = frame[: stream.height, : stream.width]
                    image = av.VideoFrame.from_ndarray(even.copy(), format="rgb24")
                    container.mux(stream.encode(image))
                if stream is not None:
                    container.mux(stream.encode())
            unfinished.rename(path)
    except FerError:  # of reading the frames
        raise
    except (FFmpegError, ValueError, OSError) as error:
        raise OutputError(f"{path}: cannot write the video: {error}", "io", str(path)) from error
