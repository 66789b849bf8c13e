"""Models as files for other runtimes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fer._classifier import classifier_of

if TYPE_CHECKING:
    import os

    from fer._classifier import Classifier

__all__ = ["export"]


def export(
    model: str | os.PathLike[str] | Classifier | None,
    path: str | os.PathLike[str],
    *,
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
) -> None:
    """Write a model as an ONNX file, for ONNX Runtime and everything that reads its files.

    The graph takes ``faces``, uint8 ``[N, S, S]``: gray crops of one face each, in the size of the model's
    input. It gives ``logits`` and ``probabilities``, float32 ``[N, 4]`` in the order of ``fer.EMOTIONS``, and
    ``other``, float32 ``[N]``, of a model that tells the share of people who would see another expression.
    Normalization, temperature and priors are part of it; finding, cropping and resizing faces are not, nor
    are label sets. The metadata of the file holds labels and preprocessing as JSON.

    Parameters
    ----------
    model
        Name of a built-in model (see ``fer.MODELS``), path of a model file or run folder, or a
        ``fer.Classifier``; the default model for ``None``.
    path
        File to write; it must not exist.
    priors
        Class mix that the probabilities assume, as in ``fer.predict``.

    Raises
    ------
    OutputError
        If the file exists already or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import fer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fer.export("folder", Path(folder) / "folder.onnx", priors="uniform")
    ...     print([file.name for file in Path(folder).iterdir()])
    ['folder.onnx']
    """
    classifier_of(model, priors).export(path)
