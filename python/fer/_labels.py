"""The page on which people label the faces of a sheet, in a notebook."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path

from fer._fer import label_page

__all__ = ["LabelPage", "label"]

_FRAME_HEIGHT = 660


@dataclass(frozen=True)
class LabelPage:
    """A page on which people label faces. In a notebook it shows itself, ready to be used.

    Attributes
    ----------
    html : str
        The page: one file that needs no network.
    faces : int
        Number of faces on it.
    """

    html: str
    faces: int

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file, to be opened in a browser or handed to others.

        Parameters
        ----------
        path : path-like
            The file. One that exists is replaced.
        """
        Path(path).write_text(self.html, encoding="utf-8")

    def __repr__(self) -> str:
        return f"LabelPage(faces={self.faces})"

    def _repr_html_(self) -> str:
        # The page's own policy forbids the network; the frame keeps it from the notebook's page.
        return (
            f'<iframe title="Label faces" srcdoc="{escape(self.html)}" '
            'sandbox="allow-scripts allow-same-origin allow-downloads" '
            f'style="width:100%;height:{_FRAME_HEIGHT}px;border:0;color-scheme:normal"></iframe>'
        )


def label(sheet: str | PathLike[str]) -> LabelPage:
    """Make the page on which people label the faces of a sheet.

    It is the page of ``fer insight sample --html``: one face at a time, keys 1 to 6, *undo*, and a CSV file
    for each person, saved by download.

    Parameters
    ----------
    sheet : path-like
        Sheet that ``fer insight sample`` drew. Its images are found by their paths.

    Returns
    -------
    LabelPage
        The page; in a notebook it shows itself.

    Raises
    ------
    DatasetError
        If the sheet is none, with the row.
    DatasetNotFoundError
        If the sheet, or each of its images, is not there.

    Warns
    -----
    UserWarning
        For each image that cannot be read: its faces are left out.
    """
    html, faces, unreadable = label_page(sheet)
    for line in unreadable:
        warnings.warn(f"left out of the page: {line}", stacklevel=2)
    return LabelPage(html, faces)
