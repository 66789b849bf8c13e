"""The exceptions that ``fer`` raises, all children of ``fer.FerError``.

>>> import fer
>>> try:
...     fer.predict("no-such-image.jpg")
... except fer.FerError as error:
...     print(type(error).__name__)
ImageNotFoundError
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DatasetError",
    "DatasetNotFoundError",
    "FerError",
    "ImageError",
    "ImageNotFoundError",
    "ModelError",
    "ModelNotFoundError",
    "OutputError",
    "PolicyError",
    "RunNotFoundError",
    "TrainingError",
    "VideoError",
    "VideoNotFoundError",
]


class FerError(Exception):
    """Base of everything that ``fer`` raises on purpose.

    Parameters
    ----------
    message
        What happened, what was expected, and what to do.
    kind
        Stable name of the error in snake case, the same as in the JSON of ``fer predict``.
    path
        The file or folder concerned, when there is one.
    """

    kind: str
    path: str | None

    def __init__(self, message: str = "", kind: str = "error", path: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.path = path

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[FerError], tuple[str, str, str | None]]:
        return type(self), (self.message, self.kind, self.path)


class ImageError(FerError):
    """An image that cannot be read, or an array that is no image."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """The image's file does not exist."""


class ModelError(FerError):
    """A model file that is damaged or disagrees with what this version expects."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """The model is neither a built-in name nor a file."""


class OutputError(FerError, OSError):
    """A file that cannot be written."""


class DatasetError(FerError):
    """A folder that is not laid out as a dataset, or a votes file that cannot be understood."""


class DatasetNotFoundError(DatasetError, FileNotFoundError):
    """The dataset folder, or a file that belongs to it, does not exist."""


class ConfigError(FerError, ValueError):
    """An option whose name or value is not allowed."""


class PolicyError(FerError):
    """An analysis that the declared purpose does not allow; the message says what would."""


class TrainingError(FerError):
    """A training that cannot start, go on, or resume."""


class RunNotFoundError(TrainingError, FileNotFoundError):
    """The folder is not that of a training."""


class VideoError(FerError):
    """A video that cannot be read, or the reader for it is not installed."""


class VideoNotFoundError(VideoError, FileNotFoundError):
    """The video's file does not exist."""
