"""Faces of one image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from fer import _fer, _html
from fer._fer import Face
from fer._schema import COLUMNS
from fer._table import Table
from fer.exceptions import FerError

if TYPE_CHECKING:
    import os

    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from fer._fer import Analyzer
    from fer._types import ImageInput

__all__ = ["Explanation", "Prediction"]

# Orange and blue, as RGB: told apart from gray, and from each other, with any kind of color vision.
_FOR = (230, 159, 0)
_AGAINST = (0, 114, 178)
# Longer sides, in pixels, of what a notebook shows.
_PHOTO_SIDE = 480
_CROP_SIDE = 160


class Prediction(Sequence[Face]):
    """The result for one image: a sequence of its faces, the largest first, empty without a face.

    ``emotion``, ``confidence`` and ``probabilities`` are those of the largest face, for images that show
    one person. ``np.asarray(prediction)`` has the shape ``[faces, 4]``, its columns in the order of
    ``fer.EMOTIONS``.
    """

    __slots__ = ("_analyzer", "_bgr", "_error", "_faces", "_path", "_source")

    def __init__(
        self,
        faces: Sequence[Face],
        *,
        source: ImageInput,
        path: str | None = None,
        error: FerError | None = None,
        analyzer: Analyzer,
        bgr: bool = False,
    ) -> None:
        self._faces = faces
        self._source = source
        self._path = path
        self._error = error
        self._analyzer = analyzer
        self._bgr = bgr

    @property
    def faces(self) -> list[Face]:
        """Faces, the largest first."""
        return list(self._faces)

    @property
    def boxes(self) -> list[tuple[int, int, int, int] | None]:
        """Box ``(x, y, width, height)`` of each face in pixels; ``None`` for a whole image."""
        return [face.box for face in self._faces]

    @property
    def largest(self) -> Face | None:
        """Largest face."""
        return max(self._faces, key=_area, default=None)

    @property
    def emotion(self) -> str | None:
        """Most probable emotion of the largest face; ``None`` where there is no face."""
        face = self.largest
        return None if face is None else face.emotion

    @property
    def confidence(self) -> float | None:
        """Probability of ``emotion``, in [0, 1]; ``None`` where there is no face."""
        face = self.largest
        return None if face is None else face.confidence

    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of each emotion for the largest face; empty where there is no face."""
        face = self.largest
        return {} if face is None else face.probabilities

    @property
    def path(self) -> str | None:
        """Path of the image, where it was a file."""
        return self._path

    @property
    def error(self) -> FerError | None:
        """Why the image could not be read, in a batch; ``None`` where it could."""
        return self._error

    @property
    def source(self) -> ImageInput:
        """Image as it was given."""
        return self._source

    def explain(self, face: int | str | None = None, emotion: str | None = None) -> Explanation:
        """Show which parts of a face speak for an emotion, and which against it.

        Occlusion (Zeiler and Fergus 2014): patches of the face are blurred one after the other, and what that
        costs the emotion's log-odds is what they spoke for. Takes about a hundred predictions.

        Parameters
        ----------
        face
            Number of the face; the largest when absent. A name is taken as `emotion`.
        emotion
            Emotion to explain; the most probable when absent.

        Returns
        -------
        Explanation
            Signed map on the crop that the network saw.

        Raises
        ------
        ValueError
            If there is no face.
        ConfigError
            If `emotion` is none of ``fer.EMOTIONS``.
        """
        if isinstance(face, str):
            face, emotion = None, face if emotion is None else emotion
        chosen = self.largest if face is None else self._faces[face]
        if chosen is None:
            raise ValueError("there is no face to explain")
        emotion = chosen.emotion if emotion is None else emotion
        crop, heat_map = self._analyzer.explain(self._source, chosen, emotion, bgr=self._bgr)
        return Explanation(emotion, crop, heat_map)

    def draw(self) -> NDArray[np.uint8]:
        """Image with boxes, labels and bars on it, ``[H, W, 3]`` in RGB order."""
        return _fer.draw(self._source, self._faces, bgr=self._bgr)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the image with boxes, labels and bars on it; the extension tells the format.

        Raises
        ------
        OutputError
            If the file cannot be written, or is that of the image itself.
        """
        _fer.save_drawing(self._source, self._faces, Path(path), bgr=self._bgr)

    def show(self) -> None:
        """Show the image with its faces: in the notebook, or in a window (needs Pillow)."""
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError:
            in_notebook = False
        else:
            in_notebook = get_ipython() is not None
        if in_notebook:
            display(self)  # type: ignore[no-untyped-call]
            return
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError("showing an image in a window needs Pillow: pip install pillow") from error
        Image.fromarray(self.draw()).show()

    def thumbnail(self, side: int) -> tuple[bytes, int, int]:
        """JPEG of the image, longer side `side` pixels (1 to 4096), and the size of the image itself."""
        return _fer.thumbnail(self._source, side, bgr=self._bgr)

    def to_table(self) -> Table:
        """Return one row per face, with the columns of ``fer predict --format csv``.

        Without a face there is one row, whose face columns are missing.
        """
        error = None if self._error is None else str(self._error)
        return Table.from_rows(_fer.face_rows(self._path, self._faces, error), COLUMNS)

    def to_pandas(self) -> pd.DataFrame:
        """Convert to a pandas data frame, one row per face."""
        return self.to_table().to_pandas()

    def html(self, side: int, *, numbers: bool = False) -> str:
        """Return the image, at most `side` pixels per side, with its boxes, as HTML.

        Parameters
        ----------
        side
            Longer side in pixels.
        numbers
            Number the boxes of several faces.
        """
        try:
            jpeg, width, height = self.thumbnail(side)
        except FerError as error:  # the file is gone by now
            return f"<span>{escape(str(error))}</span>"
        boxes = "".join(
            _html.box(
                (face.box[0] / width, face.box[1] / height, face.box[2] / width, face.box[3] / height),
                face.emotion,
                number if numbers else None,
            )
            for number, face in self._numbered()
            if face.box is not None
        )
        image = _html.image(jpeg, "image" if self._path is None else self._path)
        return f"<div style='position:relative;display:inline-block;line-height:0'>{image}{boxes}</div>"

    def to_dict(self) -> dict[str, Any]:
        """Content of one JSON line of ``fer predict``, with the keys of other packages beside its own."""
        error = None if self._error is None else {"kind": self._error.kind, "message": str(self._error)}
        return {"path": self._path, "error": error, "faces": [face.to_dict() for face in self._faces]}

    def __len__(self) -> int:
        return len(self._faces)

    @overload
    def __getitem__(self, index: int) -> Face: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Face]: ...
    def __getitem__(self, index: int | slice) -> Face | Sequence[Face]:
        return self._faces[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        if copy is False:
            raise ValueError("the array of a prediction is always a copy: copy=False cannot be met")
        rows = [list(face.probabilities.values()) for face in self._faces]
        return np.array(rows, dtype=dtype or np.float32).reshape(len(rows), len(_fer.EMOTIONS))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prediction) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        if self._error is not None:
            return f"Prediction(error={self._error.kind!r}, path={self._path!r})"
        faces = ", ".join(f"{face.emotion} {face.confidence:.2f}" for face in self._faces)
        path = "" if self._path is None else f", path={self._path!r}"
        return f"Prediction([{faces}]{path})"

    def _repr_html_(self) -> str:
        if self._error is not None:
            return f"<p><b>{escape(str(self._error))}</b></p>"
        faces = "".join(
            "<div>"
            + _html.face(
                face.emotion,
                face.confidence,
                face.probabilities,
                face.uncertain,
                face.shows_other,
                "" if number is None else f"[{number}] ",
            )
            + "</div>"
            for number, face in self._numbered()
        )
        is_crop = any(face.box is None for face in self._faces)
        return (
            "<div style='display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start'>"
            f"{self.html(_CROP_SIDE if is_crop else _PHOTO_SIDE, numbers=True)}"
            f"<div style='display:flex;flex-wrap:wrap;gap:8px 24px;flex:1;min-width:230px'>"
            f"{faces or 'no face found'}</div></div>"
        )

    def _numbered(self) -> Iterable[tuple[int | None, Face]]:
        """Return the faces with their numbers, which only several of them need."""
        return [(None, self._faces[0])] if len(self._faces) == 1 else enumerate(self._faces)


class Explanation:
    """Map of what speaks for an emotion and what against it, on the crop that the network saw."""

    __slots__ = ("_crop", "_emotion", "_heat_map")

    def __init__(self, emotion: str, crop: NDArray[np.uint8], heat_map: NDArray[np.float32]) -> None:
        self._emotion = emotion
        self._crop = crop
        self._heat_map = heat_map

    @property
    def emotion(self) -> str:
        """Emotion explained."""
        return self._emotion

    @property
    def crop(self) -> NDArray[np.uint8]:
        """Gray crop of the face as the network sees it, ``[S, S]``."""
        return self._crop

    @property
    def heat_map(self) -> NDArray[np.float32]:
        """How much each pixel speaks for the emotion, in [-1, 1], ``[S, S]``; negative: against it."""
        return self._heat_map

    def overlay(self) -> NDArray[np.uint8]:
        """Crop with the map laid over it, orange for and blue against, ``[S, S, 3]`` in RGB order."""
        import numpy as np

        gray = np.repeat(self._crop[:, :, None], 3, axis=2).astype(np.float32)
        heat = self._heat_map[:, :, None]
        share = 0.7 * np.abs(heat)
        color = np.where(heat > 0, np.array(_FOR, np.float32), np.array(_AGAINST, np.float32))
        overlay: NDArray[np.uint8] = np.round((1 - share) * gray + share * color).astype(np.uint8)
        return overlay

    def plot(self) -> Figure:
        """Draw the map over the face (needs matplotlib)."""
        from fer._plots import plot_explanation

        return plot_explanation(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        return np.array(self._heat_map, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        height, width = self._heat_map.shape
        return f"Explanation({self._emotion!r}, {height}x{width})"

    def _repr_html_(self) -> str:
        face = _html.image(_fer.thumbnail(self._crop, _CROP_SIDE)[0], "face")
        heat = _html.image(_fer.thumbnail(self.overlay(), _CROP_SIDE)[0], "map over the face")
        return (
            f"{_html.side_by_side(face, heat, gap=8)}"
            f"<div>what speaks for <b>{escape(self._emotion)}</b>, in orange, and against it, in blue</div>"
        )


def _area(face: Face) -> float:
    if face.box is None:
        return float("inf")
    _, _, width, height = face.box
    return width * height
