"""The Rust side of the package. Private: import from ``fer``."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from fer._progress import Counter
from fer._types import ImageInput
from fer.exceptions import FerError

__all__ = [
    "EMOTIONS",
    "FACE_COLUMNS",
    "FRAMES_PER_SECOND",
    "MODELS",
    "Analyzer",
    "DrawnSheet",
    "Face",
    "FaceStream",
    "InsightAnswer",
    "VideoFrames",
    "__version__",
    "agreement",
    "arrow_stream",
    "audit",
    "compare",
    "draw",
    "evaluate",
    "expand_inputs",
    "face_rows",
    "insight",
    "label_page",
    "run_cli",
    "sample",
    "save_drawing",
    "simulate",
    "thumbnail",
    "train",
    "train_defaults",
    "wilson",
]

__version__: str
EMOTIONS: tuple[str, str, str, str]
MODELS: tuple[str, ...]
FRAMES_PER_SECOND: float
FACE_COLUMNS: tuple[tuple[str, str], ...]

@final
class Face:
    """A face and its apparent expression.

    ``np.asarray(face)`` holds its probabilities in the order of ``fer.EMOTIONS``.
    """

    def __new__(
        cls,
        bounds: Sequence[int] | None,
        score: float | None,
        framing: Sequence[float] | None,
        probabilities: Sequence[float],
        p_values: Sequence[float],
        other: tuple[float, float] | None = None,
    ) -> Face: ...
    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """Box ``(x, y, width, height)`` in pixels of the image; ``None`` for the whole image."""
    @property
    def score(self) -> float | None:
        """How sure the detector is that this is a face; ``None`` where it was not asked."""
    @property
    def roll(self) -> float | None:
        """Tilt of the head, clockwise in degrees; ``None`` for the whole image."""
    @property
    def emotion(self) -> str:
        """Most probable emotion."""
    @property
    def confidence(self) -> float:
        """Probability of ``emotion``, in [0, 1]."""
    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of each emotion, in [0, 1]; they sum to 1."""
    @property
    def other(self) -> float | None:
        """Estimated share of people who would see another expression than the four, in [0, 1]; ``None`` for a
        model that cannot tell.

        It stands beside ``probabilities``, which say what the four are to each other.
        """
    @property
    def shows_other(self) -> bool:
        """``True`` if ``other`` is above the model's threshold: an expression that is none of the four."""
    @property
    def uncertain(self) -> bool:
        """``True`` if ``shows_other``, or if the label set at an error rate of 0.1 has other labels."""
    def label_set(self, error_rate: float = ...) -> list[str]:
        """Emotions that cannot be ruled out, the most probable first; ``emotion`` is always among them.

        Split conformal prediction: over many faces like those the model was calibrated on, the set lacks the
        true label at most in a share of `error_rate`.

        Parameters
        ----------
        error_rate
            Accepted share of sets without the true label, in [0, 1].

        Raises
        ------
        ConfigError
            If `error_rate` is not in [0, 1].
        """
    def to_dict(self) -> dict[str, Any]:
        """Content of a face in the JSON of ``fer predict``, and ``emotions``, as other packages call it."""
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def _repr_html_(self) -> str: ...

@final
class Analyzer:
    def __new__(
        cls, model: str | None, priors: str | None, threads: int, content: bytes | None = None
    ) -> Analyzer: ...
    @property
    def name(self) -> str: ...
    @property
    def priors(self) -> str: ...
    def with_priors(self, priors: str) -> Analyzer: ...
    def predict(
        self,
        image: ImageInput,
        faces: str,
        bgr: bool,
        boxes: Sequence[tuple[float, float, float, float]] | None = None,
    ) -> tuple[list[Face], str | None]: ...
    def predict_batch(
        self, images: Sequence[ImageInput], faces: str, bgr: bool, progress: Counter | None
    ) -> list[tuple[list[Face], str | None, FerError | None]]: ...
    def explain(
        self, image: ImageInput, face: Face, emotion: str, *, bgr: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]: ...
    def export(self, path: Path) -> None: ...
    def info(self) -> dict[str, Any]: ...
    def __deepcopy__(self, _memo: Any, /) -> Analyzer: ...

@final
class FaceStream:
    def __new__(cls, analyzer: Analyzer, centered: bool) -> FaceStream: ...
    def push(
        self, frame: ImageInput, time: float, bgr: bool
    ) -> list[tuple[float, ImageInput, list[tuple[dict[str, Any], Face]]]]: ...
    def finish(self) -> list[tuple[float, ImageInput, list[tuple[dict[str, Any], Face]]]]: ...

def expand_inputs(path: str | os.PathLike[str], *, videos: bool) -> list[Path]: ...
def face_rows(path: str | None, faces: Sequence[Face], error: str | None) -> list[dict[str, Any]]: ...
def arrow_stream(columns: list[tuple[str, str, list[Any]]]) -> object: ...
def thumbnail(image: ImageInput, side: int, *, bgr: bool = False) -> tuple[bytes, int, int]: ...
def draw(image: ImageInput, faces: Sequence[Face], *, bgr: bool = False) -> NDArray[np.uint8]: ...
def save_drawing(image: ImageInput, faces: Sequence[Face], path: Path, *, bgr: bool = False) -> None: ...
def train(
    data: Path,
    out: Path,
    *,
    config: str | os.PathLike[str] | None,
    options: dict[str, Any],
    resume: bool,
    ignore_unknown: bool,
    device: str,
    threads: int,
    observe: Callable[[dict[str, Any]], None] | None,
) -> None: ...
def train_defaults() -> dict[str, Any]: ...
def evaluate(
    folder: Path,
    analyzer: Analyzer,
    *,
    faces: str,
    votes: str | os.PathLike[str] | None,
    groups: str | os.PathLike[str] | None,
    exclude: str | os.PathLike[str] | Sequence[str] | None,
    ignore_unknown: bool,
    html: str | os.PathLike[str] | None,
    threads: int,
    progress: Counter | None,
) -> dict[str, Any]: ...

@final
class VideoFrames:
    def __new__(cls, path: Path, frames_per_second: float) -> VideoFrames: ...
    def __iter__(self) -> VideoFrames: ...
    def __next__(self) -> tuple[float, NDArray[np.uint8]]: ...

def compare(a: Sequence[tuple[str, str, str]], b: Sequence[tuple[str, str, str]]) -> dict[str, Any]: ...
def wilson(successes: int, trials: int) -> tuple[float, float]: ...
def audit(
    data: Path,
    *,
    html: str | os.PathLike[str] | None,
    suspects: bool,
    threads: int,
    progress: Counter | None,
) -> dict[str, Any]: ...
def label_page(sheet: object, stem: str) -> tuple[str, int, list[str]]: ...
def run_cli(args: Sequence[str]) -> int: ...

@final
class DrawnSheet:
    def columns(self) -> list[tuple[str, str, list[Any]]]: ...
    def rows(self) -> dict[str, int]: ...
    def clustered(self) -> bool: ...
    def save(self, path: Path) -> None: ...

def sample(faces: object, request: dict[str, Any], join: object | None = None) -> DrawnSheet: ...
def agreement(
    sheets: Sequence[tuple[str, object]],
    request: dict[str, Any],
    faces: object | None = None,
) -> tuple[dict[str, Any], list[tuple[str, str, list[Any]]], str]: ...

@final
class InsightAnswer:
    def to_dict(self) -> dict[str, Any]: ...
    def columns(self) -> list[tuple[str, str, list[Any]]]: ...
    def headline(self) -> str: ...
    def save_page(self, path: Path, table: str, command: str) -> None: ...
    def draws(self) -> NDArray[np.float64] | None: ...
    def courses(self) -> list[NDArray[np.float64]]: ...
    def starts(self) -> list[float]: ...

def insight(
    faces: object,
    request: dict[str, Any],
    join: object | None = None,
    labels: object | None = None,
) -> InsightAnswer: ...
def simulate(
    request: dict[str, Any],
) -> tuple[list[float], NDArray[np.uint64], NDArray[np.float64]]: ...
