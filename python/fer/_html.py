"""Pieces of HTML that results show themselves with in a notebook: no scripts, for light and dark themes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

__all__ = [
    "COLORS",
    "THUMBNAIL_SIDE",
    "bars",
    "box",
    "cell",
    "confusion",
    "counts",
    "emotion",
    "face",
    "grid",
    "image",
    "named",
    "side_by_side",
    "table",
]

# Okabe and Ito's palette: told apart with any kind of color vision.
COLORS = {"happy": "#E69F00", "sad": "#0072B2", "neutral": "#8C8C8C", "surprise": "#CC79A7"}
THUMBNAIL_SIDE = 96


def table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table with a line of names and a line per row."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_value(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    return (
        f"<div style='overflow-x:auto'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def named(figures: Mapping[str, str]) -> str:
    """Return a table with a name and a figure per row; the figures are HTML."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:right'>{figure}</td></tr>"
        for name, figure in figures.items()
    )
    return f"<table>{rows}</table>"


def counts(columns: Sequence[str], rows: Mapping[str, Sequence[int]]) -> str:
    """Return a table of counts with a name before each row."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        + "".join(f"<td style='text-align:right'>{count:,}</td>" for count in row)
        + "</tr>"
        for name, row in rows.items()
    )
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


def bars(probabilities: Mapping[str, float]) -> str:
    """Return one bar per class."""
    rows = "".join(
        "<div style='display:flex;align-items:center;gap:6px;font-size:90%;line-height:1.35'>"
        f"<span style='width:5em'>{escape(name)}</span>"
        "<span style='width:120px;background:rgba(127,127,127,.2);border-radius:3px'>"
        f"<span style='display:block;height:.8em;border-radius:3px;width:{100 * value:.1f}%;"
        f"background:{COLORS[name]}'></span></span><span>{value:.2f}</span></div>"
        for name, value in probabilities.items()
    )
    return f"<div>{rows}</div>"


def emotion(name: str, label: str = "") -> str:
    """Return the name of an emotion in its color, after a label."""
    return f"<b style='color:{COLORS[name]}'>{escape(label + name)}</b>"


def face(
    name: str,
    confidence: float,
    probabilities: Mapping[str, float],
    uncertain: bool,
    shows_other: bool = False,
    label: str = "",
) -> str:
    """Return the emotion, the confidence and the bars of one face."""
    reason = "another expression" if shows_other else "not sure"
    doubt = f" <small>({reason})</small>" if uncertain else ""
    return f"{emotion(name, label)} {confidence:.2f}{doubt}{bars(probabilities)}"


def confusion(classes: Sequence[str], matrix: Sequence[Sequence[int]]) -> str:
    """Return the confusion matrix, rows = truth; a cell is as dark as its share of the row."""
    head = "".join(f"<th>{escape(name)}</th>" for name in classes)
    body = ""
    for name, row in zip(classes, matrix, strict=True):
        total = max(sum(row), 1)
        cells = "".join(
            f"<td style='text-align:right;background:rgba(0,114,178,{0.75 * count / total:.2f})'"
            f" title='{count / total:.1%}'>{count}</td>"
            for count in row
        )
        body += f"<tr><th style='text-align:left'>{escape(name)}</th>{cells}</tr>"
    return (
        "<table><caption style='white-space:nowrap;text-align:left'>confusion: rows are the truth</caption>"
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def image(jpeg: bytes, alternative: str) -> str:
    """Return an image that holds its own data."""
    encoded = base64.b64encode(jpeg).decode("ascii")
    return (
        f"<img src='data:image/jpeg;base64,{encoded}' alt='{escape(alternative)}'"
        " style='margin:0;max-width:none'>"
    )


def box(share: tuple[float, float, float, float], name: str, number: int | None) -> str:
    """Return a box over an image: left, top, width and height as shares of the image."""
    left, top, width, height = (f"{100 * value:.2f}%" for value in share)
    tag = (
        ""
        if number is None
        else f"<span style='position:absolute;left:0;top:0;padding:0 3px;font-size:11px;line-height:14px;"
        f"color:white;background:{COLORS[name]}'>{number}</span>"
    )
    return (
        f"<div style='position:absolute;left:{left};top:{top};width:{width};height:{height};"
        f"border:2px solid {COLORS[name]};border-radius:3px;box-sizing:border-box'>{tag}</div>"
    )


def cell(content: str, caption: str, title: str) -> str:
    """Return a cell of a grid: content, a caption below it, and a title on hovering."""
    return (
        f"<div style='text-align:center;font-size:85%;line-height:1.3' title='{escape(title)}'>"
        f"{content}<div>{caption}</div></div>"
    )


def grid(cells: Iterable[str]) -> str:
    """Return cells in as many columns as there is room for."""
    columns = f"repeat(auto-fill,{THUMBNAIL_SIDE + 8}px)"
    return (
        f"<div style='display:grid;grid-template-columns:{columns};gap:10px;align-items:end'>"
        f"{''.join(cells)}</div>"
    )


def side_by_side(*parts: str, gap: int = 32) -> str:
    """Return parts in one line."""
    return f"<div style='display:flex;gap:{gap}px;align-items:flex-start'>{''.join(parts)}</div>"


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
