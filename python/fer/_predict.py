"""Predictions with one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from fer._classifier import classifier_of

if TYPE_CHECKING:
    import os

    from fer._batch import Batch
    from fer._classifier import Classifier
    from fer._prediction import Prediction
    from fer._progress import Counter
    from fer._types import Boxes, Detector, FaceMode, ImageInput

__all__ = ["predict", "predict_batch"]


def predict(
    image: ImageInput,
    *,
    faces: FaceMode = "auto",
    boxes: Boxes | None = None,
    detector: Detector | None = None,
    model: str | os.PathLike[str] | Classifier | None = None,
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
    bgr: bool = False,
) -> Prediction:
    """Find the faces in one image and name their expression.

    Parameters
    ----------
    image
        A path, the bytes of an image file, a file open for reading bytes, a Pillow image, or a NumPy array
        ``[H, W]``, ``[H, W, 3]`` or ``[H, W, 4]`` of uint8 or uint16 values, of floats in [0, 1] or of bools.
        A contiguous uint8 array is not copied.
    faces
        ``"auto"`` takes an image that is a face crop whole and searches any other; ``"find"`` always
        searches; ``"whole"`` never does.
    boxes
        Faces found before, instead of a search: sequences or rows of an array that begin with x, y, width and
        height, or dicts that hold such a box as ``"box"`` or ``"facial_area"``. The result has their order.
    detector
        Function that finds the faces instead: takes an array ``[H, W, 3]`` of RGB bytes and returns faces in
        the forms of `boxes`.
    model
        Name of a built-in model (see ``fer.MODELS``), path of a model file, or a ``fer.Classifier``. The
        default model when absent. A file is loaded again at every call: make a ``fer.Classifier`` of it to
        load it once.
    priors
        Class mix that the probabilities assume: ``"natural"`` (the training set's), ``"uniform"``, or four
        shares in the order of ``fer.EMOTIONS``.
    bgr
        Whether arrays have OpenCV's channel order. Other images are not affected.

    Returns
    -------
    Prediction
        A sequence of faces, empty where there is none; ``emotion``, ``confidence`` and ``probabilities`` are
        those of the largest.

    Raises
    ------
    ImageError
        If the image cannot be read; ``fer.ImageNotFoundError`` if its file does not exist.
    ConfigError
        If a box has another form or lies outside the image.

    Examples
    --------
    >>> import numpy as np
    >>> import fer
    >>> face = np.full((48, 48), 128, np.uint8)
    >>> round(sum(fer.predict(face, faces="whole").probabilities.values()), 5)
    1.0
    """
    return classifier_of(model, priors).predict(image, faces=faces, boxes=boxes, detector=detector, bgr=bgr)


@overload
def predict_batch(
    images: str | os.PathLike[str] | Iterable[ImageInput],
    *,
    faces: FaceMode = ...,
    boxes: Iterable[Boxes] | None = ...,
    detector: Detector | None = ...,
    model: str | os.PathLike[str] | Classifier | None = ...,
    priors: str | Sequence[float] | Mapping[str, float] | None = ...,
    bgr: bool = ...,
    ids: Sequence[Any] | None = ...,
    progress: bool | Counter = ...,
    stream: Literal[False] = ...,
) -> Batch: ...
@overload
def predict_batch(
    images: str | os.PathLike[str] | Iterable[ImageInput],
    *,
    faces: FaceMode = ...,
    boxes: Iterable[Boxes] | None = ...,
    detector: Detector | None = ...,
    model: str | os.PathLike[str] | Classifier | None = ...,
    priors: str | Sequence[float] | Mapping[str, float] | None = ...,
    bgr: bool = ...,
    ids: None = ...,
    progress: bool | Counter = ...,
    stream: Literal[True],
) -> Iterator[Prediction]: ...
def predict_batch(
    images: str | os.PathLike[str] | Iterable[ImageInput],
    *,
    faces: FaceMode = "auto",
    boxes: Iterable[Boxes] | None = None,
    detector: Detector | None = None,
    model: str | os.PathLike[str] | Classifier | None = None,
    priors: str | Sequence[float] | Mapping[str, float] | None = None,
    bgr: bool = False,
    ids: Sequence[Any] | None = None,
    progress: bool | Counter = True,
    stream: bool = False,
) -> Batch | Iterator[Prediction]:
    """Find the faces in many images and name their expression.

    Images are decoded, searched and predicted on all cores; one that cannot be read becomes an item with an
    error.

    Parameters
    ----------
    images
        A folder (searched in depth), a glob pattern, or images as in ``fer.predict``, such as a column of a
        data frame; a missing value (``None``, NaN, ``pandas.NA``) becomes an item with an error. Arrays that
        an iterator gives are copied: it may fill one buffer again and again.
    faces
        As in ``fer.predict``.
    boxes
        Faces found before: for each image in turn, boxes as in ``fer.predict``; ``None`` searches it.
    detector
        As in ``fer.predict``; called for one image after the other.
    model
        As in ``fer.predict``.
    priors
        As in ``fer.predict``.
    bgr
        As in ``fer.predict``.
    ids
        One value per image to join the table on, such as a customer number. Dates and other values that
        are no number and no text become text.
    progress
        Show a progress bar over work of more than two seconds; or a function that is called with what is
        being done, how many are done and of how many.
    stream
        Return an iterator that reads the images as it goes, some at a time, and keeps none: memory does not
        grow with their number. Without progress and ids.

    Returns
    -------
    Batch
        One prediction per image, in the order of `images`; files of a folder in the order of their paths.
        With ``stream=True`` an iterator of them.

    Examples
    --------
    >>> import numpy as np
    >>> import fer
    >>> batch = fer.predict_batch([np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8)])
    >>> len(batch)
    2
    """
    call: Any = classifier_of(model, priors).predict_batch  # whose overloads take no `bool` for `stream`
    found = call(
        images,
        faces=faces,
        boxes=boxes,
        detector=detector,
        bgr=bgr,
        ids=ids,
        progress=progress,
        stream=stream,
    )
    return cast("Batch | Iterator[Prediction]", found)
