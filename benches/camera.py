"""Play drawn people to `fer.stream` in real time, as a camera does, and count the frames that are lost.

    python benches/camera.py --document docs/photos-and-video.md

The camera makes 30 frames a second of 1280x720 pixels, in which first one, then two, then three faces move.
As drivers do, it keeps the newest frames that nobody has taken yet: four by default. A frame is lost if it
leaves them unseen. Latency is the time from the making of a frame to its result.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from report import processor, write_between_marks

import fer

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1280, 720)
FRAMES_PER_SECOND = 30
# A crop of a drawn face reaches beyond the face.
FACE_SIZES = (220, 180, 150)
# Properties of ``cv2.VideoCapture`` that `fer.stream` asks for.
RATE = 5


class Camera:
    """A stand-in for ``cv2.VideoCapture`` that makes each frame at its time, taken or not."""

    def __init__(self, clip: list[NDArray[np.uint8]], frames: int, kept: int) -> None:
        self.lost = 0
        self.made_at = 0.0
        self._clip, self._frames, self._kept = clip, frames, kept
        self._next = 0
        self._started = time.perf_counter()

    def isOpened(self) -> bool:  # noqa: N802 - the name in OpenCV
        """Say that frames can be read."""
        return True

    def get(self, number: int) -> float:
        """Return the frame rate; a camera knows no number of frames."""
        return FRAMES_PER_SECOND if number == RATE else 0

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Return the oldest frame that is kept, or wait for the next."""
        newest = math.floor((time.perf_counter() - self._started) * FRAMES_PER_SECOND)
        oldest = max(self._next, newest - self._kept + 1)
        self.lost += min(oldest, self._frames) - self._next
        if oldest >= self._frames:
            return False, None
        self._next = oldest + 1
        self.made_at = self._started + oldest / FRAMES_PER_SECOND
        time.sleep(max(0.0, self.made_at - time.perf_counter()))
        return True, self._frame(oldest)

    def _frame(self, number: int) -> NDArray[np.uint8]:
        """Return a frame: the parts of the clip one after the other, each to and fro."""
        length = len(self._clip) // len(FACE_SIZES)
        part = number * len(FACE_SIZES) // self._frames
        step = number % (2 * length - 2)
        return self._clip[part * length + min(step, 2 * length - 2 - step)]

    def release(self) -> None:
        """Do nothing: there is no device."""


def drawn_clip(frames: int) -> list[NDArray[np.uint8]]:
    """Draw one, two and then three people who sway in a room, in BGR order."""
    room = Image.open(ROOT / "examples" / "photos" / "empty_room.jpg").convert("RGB").resize(SIZE)
    folder = ROOT / "examples" / "faces" / "test"
    files = [sorted((folder / emotion).iterdir())[0] for emotion in ("happy", "surprise", "neutral")]
    people = [faded(Image.open(file), size) for file, size in zip(files, FACE_SIZES, strict=True)]
    clip = []
    for number in range(frames):
        frame = room.copy()
        for index, (face, mask) in enumerate(people[: 1 + 3 * number // frames]):
            x = 200 + 360 * index + round(60 * math.sin(number / 8 + index))
            frame.paste(face, (x, 240 + round(30 * math.sin(number / 5))), mask)
        clip.append(np.ascontiguousarray(np.asarray(frame)[:, :, ::-1]))
    return clip


def faded(face: Image.Image, size: int) -> tuple[Image.Image, Image.Image]:
    """Scale a crop of a face, and return it with a mask that fades at its edges."""
    edge = np.minimum(np.arange(size), np.arange(size)[::-1])
    opacity = np.clip(np.minimum.outer(edge, edge) / (size / 16), 0, 1)
    mask = Image.fromarray((opacity * 255).astype(np.uint8))
    return face.convert("RGB").resize((size, size), Image.Resampling.BICUBIC), mask


def play(seconds: int, kept: int, threads: int) -> str:
    """Let a camera run, and describe what became of its frames."""
    frames = seconds * FRAMES_PER_SECOND
    clip = drawn_clip(90)
    model = fer.Classifier(threads=threads)
    for frame in clip[:3]:
        model.predict(frame)
    camera = Camera(clip, frames, kept)
    latencies, faces = [], 0
    for seen in fer.stream(camera, model=model):
        latencies.append(1e3 * (time.perf_counter() - camera.made_at))
        faces += len(seen)
    median, late, worst = np.percentile(latencies, [50, 99, 100])
    return (
        f"{frames} frames of {SIZE[0]}x{SIZE[1]} in {seconds} s, {faces} faces, {threads} threads, "
        f"{kept} kept by the camera: {camera.lost} lost. Latency: {median:.0f} ms (median), "
        f"{late:.0f} ms (99 of 100), {worst:.0f} ms (worst)."
    )


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=30, help="length (default: %(default)s)")
    parser.add_argument(
        "--kept", type=int, default=4, help="frames that the camera keeps (default: %(default)s)"
    )
    parser.add_argument(
        "--threads", type=int, default=2, help="threads of the classifier (default: %(default)s)"
    )
    parser.add_argument("--document", type=Path, help="write the figures between the marks of this file")
    arguments = parser.parse_args()
    text = play(arguments.seconds, arguments.kept, arguments.threads)
    where = processor()
    text = f"{text}\n\n{where['cpu']}, {where['cores']} cores, load {where['load']:.1f} at the end."
    print(text)
    if arguments.document is not None:
        write_between_marks(arguments.document, "camera", text)


if __name__ == "__main__":
    main()
