"""A model, ready to predict."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from fer import _fer
from fer._arrow import predicted
from fer._batch import Batch
from fer._found import boxes_from, detect
from fer._inputs import is_missing, read, scalars, several
from fer._options import check_names
from fer._prediction import Prediction
from fer._progress import counter
from fer.exceptions import ConfigError, FerError

if TYPE_CHECKING:
    import pyarrow as pa

    from fer._progress import Counter
    from fer._types import Boxes, Detector, FaceMode, ImageInput

__all__ = ["Classifier", "classifier_of"]

_EITHER = "boxes and detector: expected one of them"
# What an iterator gives that has come to its end.
_MISSING: Any = object()
# Images that a stream of predictions takes at a time.
_STREAMED_PER_CORE = 16


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

    def predict(
        self,
        image: ImageInput,
        *,
        faces: FaceMode = "auto",
        boxes: Boxes | None = None,
        detector: Detector | None = None,
        bgr: bool = False,
    ) -> Prediction:
        """Find the faces in one image and name their expression, as ``fer.predict``."""
        analyzer = self._analyzer
        image = read(image)
        if detector is not None:
            if boxes is not None:
                raise ConfigError(_EITHER, "invalid_argument")
            boxes = detect(detector, image, bgr)
        given = None if boxes is None else boxes_from(boxes)
        found, path = analyzer.predict(image, faces, bgr, given)
        return Prediction(found, source=image, path=path, analyzer=analyzer, bgr=bgr)

    @overload
    def predict_batch(
        self,
        images: str | os.PathLike[str] | Iterable[ImageInput],
        *,
        faces: FaceMode = ...,
        boxes: Iterable[Boxes] | None = ...,
        detector: Detector | None = ...,
        bgr: bool = ...,
        ids: Sequence[Any] | None = ...,
        progress: bool | Counter = ...,
        stream: Literal[False] = ...,
    ) -> Batch: ...
    @overload
    def predict_batch(
        self,
        images: str | os.PathLike[str] | Iterable[ImageInput],
        *,
        faces: FaceMode = ...,
        boxes: Iterable[Boxes] | None = ...,
        detector: Detector | None = ...,
        bgr: bool = ...,
        ids: None = ...,
        progress: bool | Counter = ...,
        stream: Literal[True],
    ) -> Iterator[Prediction]: ...
    def predict_batch(
        self,
        images: str | os.PathLike[str] | Iterable[ImageInput],
        *,
        faces: FaceMode = "auto",
        boxes: Iterable[Boxes] | None = None,
        detector: Detector | None = None,
        bgr: bool = False,
        ids: Sequence[Any] | None = None,
        progress: bool | Counter = True,
        stream: bool = False,
    ) -> Batch | Iterator[Prediction]:
        """Find the faces in many images and name their expression, as ``fer.predict_batch``."""
        if boxes is not None and detector is not None:
            raise ConfigError(_EITHER, "invalid_argument")
        sources: Iterator[ImageInput]
        if isinstance(images, str | os.PathLike):
            sources = iter(_fer.expand_inputs(images, videos=True))
        else:
            sources = several(images)
        if stream:
            if ids is not None:
                raise ValueError("ids belong to the table of a Batch: leave them out with stream=True")
            if isinstance(images, Sized) and isinstance(boxes, Sized) and len(images) != len(boxes):
                _refuse_boxes(len(boxes), len(images))
            if boxes is not None or detector is not None:
                return self._one_by_one(sources, faces, boxes, detector, bgr, None)
            return self._stream(sources, faces, bgr)
        listed = list(sources)
        if ids is not None:
            ids = scalars(ids, len(listed))
        if boxes is not None:
            boxes = list(boxes)
            if len(boxes) != len(listed):
                _refuse_boxes(len(boxes), len(listed))
        if boxes is not None or detector is not None:
            with counter(progress) as count:
                return Batch(list(self._one_by_one(listed, faces, boxes, detector, bgr, count)), ids)
        with counter(progress) as count:
            return Batch(self._predictions(listed, faces, bgr, count), ids)

    def _stream(self, sources: Iterator[ImageInput], faces: FaceMode, bgr: bool) -> Iterator[Prediction]:
        while some := list(islice(sources, _STREAMED_PER_CORE * (os.cpu_count() or 1))):
            yield from self._predictions(some, faces, bgr, None)

    def _predictions(
        self, sources: list[ImageInput], faces: FaceMode, bgr: bool, count: Counter | None
    ) -> list[Prediction]:
        analyzer = self._analyzer
        outcomes = analyzer.predict_batch(sources, faces, bgr, count)
        return [
            Prediction(found, source=source, path=path, error=error, analyzer=analyzer, bgr=bgr)
            for source, (found, path, error) in zip(sources, outcomes, strict=True)
        ]

    def predict_arrow(
        self,
        data: Any,
        *,
        image: str = "bytes",
        keep: Sequence[str] = (),
        largest: bool = False,
        faces: FaceMode = "auto",
    ) -> pa.RecordBatchReader:
        """Find the faces in a column of images: Arrow in, Arrow out (needs PyArrow).

        Parameters
        ----------
        data
            Anything that exports an Arrow stream or array by the PyCapsule interface: a table, batch or
            reader of PyArrow, a data frame of pandas or Polars.
        image
            Column with the content of image files (binary) or their paths (string). A missing value becomes a
            row whose ``error_kind`` is ``"missing"``.
        keep
            Columns to keep: they come first, then those of ``fer.SCHEMA``, in its order.
        largest
            Give one row per image, that of its largest face. The default is one row per face; an image
            without a face, or one that cannot be read, has a row either way.
        faces
            As in ``fer.predict``.

        Returns
        -------
        pyarrow.RecordBatchReader
            An iterator of record batches; ``.read_all()`` makes a table of it. `data` is read as the result
            is: memory does not grow with its length.

        Raises
        ------
        ValueError
            If a column does not exist, or one to keep is named like one of ``fer.SCHEMA``.
        TypeError
            If `data` is no Arrow data, or the column holds no images.

        Examples
        --------
        >>> import pyarrow as pa
        >>> import fer
        >>> photos = pa.table({"customer": [7], "bytes": pa.array([None], pa.binary())})
        >>> faces = fer.Classifier().predict_arrow(photos, keep=["customer"]).read_all()
        >>> faces["customer"].to_pylist(), faces["error_kind"].to_pylist()
        ([7], ['missing'])
        """

        def predict(images: list[Any]) -> Batch:
            return self.predict_batch(images, faces=faces, progress=False)

        return predicted(data, predict, image=image, keep=keep, largest=largest)

    def _one_by_one(
        self,
        sources: Iterable[ImageInput],
        faces: FaceMode,
        boxes: Iterable[Boxes] | None,
        detector: Detector | None,
        bgr: bool,
        count: Counter | None,
    ) -> Iterator[Prediction]:
        """Predict images whose faces were found elsewhere; one that fails becomes an item with an error."""
        for number, (source, given) in enumerate(_with_boxes(sources, boxes)):
            if is_missing(source):
                yield from self._predictions([source], faces, bgr, None)
                continue
            try:
                yield self.predict(source, faces=faces, boxes=given, detector=detector, bgr=bgr)
            except FerError as error:
                path = os.fspath(source) if isinstance(source, str | os.PathLike) else None
                yield Prediction([], source=source, path=path, error=error, analyzer=self._analyzer, bgr=bgr)
            if count is not None and isinstance(sources, Sequence):
                count("images", number + 1, len(sources))

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


def _refuse_boxes(boxes: int, images: int) -> NoReturn:
    raise ConfigError(f"boxes of {boxes} images for {images} images", "invalid_argument")


def _with_boxes(
    sources: Iterable[ImageInput], boxes: Iterable[Boxes] | None
) -> Iterator[tuple[ImageInput, Boxes | None]]:
    """Give each image with its boxes, as both come."""
    if boxes is None:
        yield from ((source, None) for source in sources)
        return
    rest = iter(boxes)
    number = 0
    for number, source in enumerate(sources, 1):
        given = next(rest, _MISSING)
        if given is _MISSING:
            raise ConfigError(f"boxes of {number - 1} images, and an image more", "invalid_argument")
        yield source, given
    if next(rest, _MISSING) is not _MISSING:
        raise ConfigError(f"boxes of more than the {number} images", "invalid_argument")


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
        check_names(priors, _fer.EMOTIONS)
        priors = [priors.get(emotion, float("nan")) for emotion in _fer.EMOTIONS]
    try:
        return ",".join(str(float(share)) for share in priors)
    except (TypeError, ValueError):
        expected = '"natural", "uniform", or four shares'
        raise ConfigError(f"priors are {priors!r}, expected {expected}", "invalid_argument") from None
