"""A model, ready to predict."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._batch import Batch
from fer._inputs import read, scalars, stack
from fer._prediction import Prediction
from fer._progress import counter

if TYPE_CHECKING:
    from fer._progress import Counter
    from fer._types import FaceMode, ImageInput

__all__ = ["Classifier", "classifier_of"]


class Classifier:
    """A loaded model with its face detector: predicts images, many in parallel.

    Safe to use from any number of threads at once.

    Parameters
    ----------
    model
        Name of a built-in model (see ``fer.MODELS``) or path of a model file. The default model when absent.
    priors
        Class mix that the probabilities assume: ``"natural"`` (the training set's), ``"uniform"``, or four
        shares in the order of ``fer.EMOTIONS`` or by name.
    threads
        Threads to compute with; 0 uses every core. Results do not depend on it.

    Examples
    --------
    >>> import numpy as np
    >>> import fer
    >>> classifier = fer.Classifier()
    >>> blank = np.zeros((48, 48), np.uint8)
    >>> len(classifier.predict(blank)), len(classifier.predict(blank, faces="whole"))
    (0, 1)
    """

    __slots__ = ("_analyzer",)

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        priors: str | Sequence[float] | Mapping[str, float] | None = None,
        threads: int = 0,
    ) -> None:
        self._analyzer = _fer.Analyzer(
            None if model is None else os.fspath(model),
            priors=None if priors is None else _priors(priors),
            threads=threads,
        )

    def predict(self, image: ImageInput, *, faces: FaceMode = "auto", bgr: bool = False) -> Prediction:
        """Find the faces in one image and name their expression, as ``fer.predict``."""
        analyzer = self._analyzer
        image = read(image)
        found, path = analyzer.predict(image, faces, bgr)
        return Prediction(found, source=image, path=path, analyzer=analyzer, bgr=bgr)

    def predict_batch(
        self,
        images: str | os.PathLike[str] | Iterable[ImageInput],
        *,
        faces: FaceMode = "auto",
        bgr: bool = False,
        ids: Sequence[Any] | None = None,
        progress: bool | Counter = True,
    ) -> Batch:
        """Find the faces in many images and name their expression, as ``fer.predict_batch``."""
        if isinstance(images, str | os.PathLike):
            sources: list[ImageInput] = list(_fer.expand_inputs(images))
        else:
            sources = stack(images)
        if ids is not None:
            ids = scalars(ids, len(sources))
        analyzer = self._analyzer
        with counter(progress) as count:
            outcomes = analyzer.predict_batch(sources, faces, bgr, count)
        predictions = [
            Prediction(found, source=source, path=path, error=error, analyzer=analyzer, bgr=bgr)
            for source, (found, path, error) in zip(sources, outcomes, strict=True)
        ]
        return Batch(predictions, ids)

    def with_priors(self, priors: str | Sequence[float] | Mapping[str, float]) -> Classifier:
        """Return the same model under another class mix; nothing is loaded again."""
        other = object.__new__(Classifier)
        other._analyzer = self._analyzer.with_priors(_priors(priors))
        return other

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the model as an ONNX file, as ``fer.export``."""
        self._analyzer.export(Path(path))

    @property
    def info(self) -> dict[str, Any]:
        """What the model file says of itself: labels, input, training data and figures."""
        return self._analyzer.info()

    def __repr__(self) -> str:
        return f"Classifier({self._analyzer.name!r}, priors={self._analyzer.priors!r})"


def classifier_of(
    model: str | os.PathLike[str] | Classifier | None,
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
) -> Classifier:
    """Return the classifier that two arguments of many functions stand for."""
    if isinstance(model, Classifier):
        return model if priors is None else model.with_priors(priors)
    if model is None and priors is None:
        return _default_classifier()
    return Classifier(model, priors=priors)


@lru_cache(maxsize=1)
def _default_classifier() -> Classifier:
    return Classifier()


def _priors(priors: str | Sequence[float] | Mapping[str, float]) -> str:
    if isinstance(priors, str):
        return priors
    if isinstance(priors, Mapping):
        priors = [priors.get(emotion, float("nan")) for emotion in _fer.EMOTIONS]
    return ",".join(str(float(share)) for share in priors)
