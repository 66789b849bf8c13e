"""How results show themselves in a notebook: plain HTML without scripts, on light and dark themes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from fer import _fer
from fer._table import Table
from fer.exceptions import FerError

if TYPE_CHECKING:
    from fer._audit import Audit
    from fer._batch import Batch
    from fer._evaluation import Scores
    from fer._fer import Face
    from fer._prediction import Explanation, Prediction
    from fer._training import TrainingRun

# Okabe and Ito's palette: told apart with any kind of colour vision.
COLORS = {"happy": "#E69F00", "sad": "#0072B2", "neutral": "#8C8C8C", "surprise": "#CC79A7"}
PHOTO_SIDE = 480
CROP_SIDE = 160
THUMBNAIL_SIDE = 96
_SHOWN_ITEMS = 24
_SHOWN_EPOCHS = 12
_SHOWN_ROWS = 20


def prediction_html(prediction: Prediction) -> str:
    """Picture with boxes on it, and a row of bars for each face."""
    if prediction.error is not None:
        return f"<p><b>{escape(str(prediction.error))}</b></p>"
    faces = "".join(
        f"<div>{_face_title(face, number)}{bars_html(face.probabilities)}</div>"
        for number, face in _numbered(prediction)
    )
    is_crop = any(face.box is None for face in prediction)
    return (
        "<div style='display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start'>"
        f"{picture_html(prediction, CROP_SIDE if is_crop else PHOTO_SIDE, numbers=True)}"
        f"<div style='display:flex;flex-wrap:wrap;gap:8px 24px;flex:1;min-width:230px'>"
        f"{faces or 'no face found'}</div></div>"
    )


def face_html(face: Face) -> str:
    """Title and bars of one face."""
    return _face_title(face, None) + bars_html(face.probabilities)


def batch_html(batch: Batch) -> str:
    """Thumbnails of the first pictures, each with its emotion."""
    cells = "".join(_batch_cell(prediction) for prediction in batch[:_SHOWN_ITEMS])
    more = len(batch) - _SHOWN_ITEMS
    foot = f"<p>and {more} more</p>" if more > 0 else ""
    return f"<p>{escape(batch.summary())}</p>{_grid(cells)}{foot}"


def mistakes_html(rows: Iterable[Mapping[str, Any]]) -> str:
    """Thumbnails of mistakes, each with what it is and what the model said."""
    return _grid(
        _cell(
            _img(_fer.thumbnail(row["file"], THUMBNAIL_SIDE)[0], row["path"]),
            f"{row['truth']} &rarr;<br><b>{row['emotion']}</b> {row['confidence']:.2f}",
            row["path"],
        )
        for row in rows
    )


def scores_html(scores: Scores) -> str:
    """Figures with their intervals, and the confusion matrix."""
    low, high = scores.accuracy_ci95
    figures = [
        ("pictures", f"{scores.n:,}"),
        ("accuracy", f"{scores.accuracy:.3f} <small>[{low:.3f}, {high:.3f}]</small>"),
        ("balanced accuracy", f"{scores.balanced_accuracy:.3f}"),
        ("macro F1", f"{scores.macro_f1:.3f}"),
        ("NLL", f"{scores.nll:.3f}"),
        ("ECE", f"{scores.ece:.3f}"),
        ("coverage at 90 %", f"{scores.coverage:.3f}"),
    ]
    rows = "".join(
        f"<tr><th style='text-align:left'>{name}</th><td>{value}</td></tr>" for name, value in figures
    )
    return (
        "<div style='display:flex;gap:32px;align-items:flex-start'>"
        f"<table>{rows}</table>{confusion_html(scores.classes, scores.confusion)}</div>"
    )


def confusion_html(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> str:
    """Confusion matrix, rows = truth; a cell is as dark as its share of the row."""
    head = "".join(f"<th>{escape(name)}</th>" for name in classes)
    body = ""
    for name, row in zip(classes, confusion, strict=True):
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


def bars_html(probabilities: Mapping[str, float]) -> str:
    """One bar a class."""
    rows = "".join(
        "<div style='display:flex;align-items:center;gap:6px;font-size:90%;line-height:1.35'>"
        f"<span style='width:5em'>{name}</span>"
        "<span style='width:120px;background:rgba(127,127,127,.2);border-radius:3px'>"
        f"<span style='display:block;height:.8em;border-radius:3px;width:{100 * value:.1f}%;"
        f"background:{COLORS[name]}'></span></span><span>{value:.2f}</span></div>"
        for name, value in probabilities.items()
    )
    return f"<div>{rows}</div>"


def picture_html(prediction: Prediction, side: int, *, numbers: bool = False) -> str:
    """Picture of a prediction, at most `side` pixels a side, with its boxes and their numbers."""
    try:
        png, width, height = prediction.thumbnail(side)
    except FerError as error:  # the file is gone by now
        return f"<span>{escape(str(error))}</span>"
    boxes = "".join(
        _box(face, number if numbers else None, width, height) for number, face in _numbered(prediction)
    )
    picture = _img(png, "picture" if prediction.path is None else prediction.path)
    return f"<div style='position:relative;display:inline-block;line-height:0'>{picture}{boxes}</div>"


def explanation_html(explanation: Explanation) -> str:
    """Crop of the face, and the same under the heat map."""
    face = _img(_fer.thumbnail(explanation.crop, CROP_SIDE)[0], "face")
    heat = _img(_fer.thumbnail(explanation.overlay(), CROP_SIDE)[0], "heat map over the face")
    return (
        f"<div style='display:flex;gap:8px'>{face}{heat}</div>"
        f"<div>what speaks for <b>{explanation.emotion}</b>, in orange</div>"
    )


def show(prediction: Prediction) -> None:
    """Show a prediction in the notebook, or its drawing in a window."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        in_notebook = False
    else:
        in_notebook = get_ipython() is not None
    if in_notebook:
        display(prediction)  # type: ignore[no-untyped-call]
        return
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("showing a picture in a window needs Pillow: pip install pillow") from error
    Image.fromarray(prediction.draw()).show()


def _img(png: bytes, alternative: str) -> str:
    encoded = base64.b64encode(png).decode("ascii")
    return (
        f"<img src='data:image/png;base64,{encoded}' alt='{escape(alternative)}'"
        " style='margin:0;max-width:none'>"
    )


def _numbered(prediction: Prediction) -> Iterable[tuple[int | None, Face]]:
    """Faces with their numbers, which only several of them need."""
    if len(prediction) == 1:
        return [(None, prediction[0])]
    return enumerate(prediction)


def _face_title(face: Face, number: int | None) -> str:
    label = "" if number is None else f"[{number}] "
    doubt = " <small>(not sure)</small>" if face.uncertain else ""
    return f"<b style='color:{COLORS[face.emotion]}'>{label}{face.emotion}</b> {face.confidence:.2f}{doubt}"


def _box(face: Face, number: int | None, width: int, height: int) -> str:
    if face.box is None:
        return ""
    x, y, box_width, box_height = face.box
    tag = (
        ""
        if number is None
        else f"<span style='position:absolute;left:0;top:0;padding:0 3px;font-size:11px;line-height:14px;"
        f"color:white;background:{COLORS[face.emotion]}'>{number}</span>"
    )
    return (
        f"<div style='position:absolute;left:{100 * x / width:.2f}%;top:{100 * y / height:.2f}%;"
        f"width:{100 * box_width / width:.2f}%;height:{100 * box_height / height:.2f}%;"
        f"border:2px solid {COLORS[face.emotion]};border-radius:3px;box-sizing:border-box'>{tag}</div>"
    )


def _batch_cell(prediction: Prediction) -> str:
    name = "" if prediction.path is None else prediction.path
    if prediction.error is not None:
        return _cell(f"<span>{escape(prediction.error.kind)}</span>", "error", name)
    faces = ", ".join(f"<b style='color:{COLORS[face.emotion]}'>{face.emotion}</b>" for face in prediction)
    return _cell(picture_html(prediction, THUMBNAIL_SIDE), faces or "no face", name)


def _cell(picture: str, caption: str, title: str) -> str:
    return (
        f"<div style='text-align:center;font-size:85%;line-height:1.3' title='{escape(title)}'>"
        f"{picture}<div>{caption}</div></div>"
    )


def _grid(cells: str | Iterable[str]) -> str:
    columns = f"repeat(auto-fill,{THUMBNAIL_SIDE + 8}px)"
    return (
        f"<div style='display:grid;grid-template-columns:{columns};gap:10px;align-items:end'>"
        f"{''.join(cells)}</div>"
    )


def table_html(table: Table) -> str:
    """First rows of a table."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_value(value))}</td>" for value in row.values()) + "</tr>"
        for row in table[:_SHOWN_ROWS]
    )
    more = len(table) - _SHOWN_ROWS
    foot = f"<p>and {more} more rows</p>" if more > 0 else ""
    return (
        f"<div style='overflow-x:auto'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{foot}"
    )


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def run_html(run: TrainingRun) -> str:
    """Where the run is, how good its best epoch is, and its last epochs."""
    history = run.history
    shown = history[-_SHOWN_EPOCHS:]
    names = {
        "epoch": "epoch",
        "train_loss": "train loss",
        "validation_loss": "validation loss",
        "validation_accuracy": "accuracy",
        "validation_balanced_accuracy": "balanced accuracy",
        "validation_macro_f1": "macro F1",
        "images_per_second": "images/s",
    }
    table = Table({title: shown[name] for name, title in names.items() if name in shown.columns})
    head = f"<p>{len(history)} epochs in <code>{escape(str(run.path))}</code>"
    if run.validation is not None:
        low, high = run.validation.accuracy_ci95
        head += (
            f"; the best model's accuracy on validation: <b>{run.validation.accuracy:.3f}</b>"
            f" <small>[{low:.3f}, {high:.3f}]</small>"
        )
    more = len(history) - len(shown)
    return f"{head}</p>{f'<p>The last {len(shown)}:</p>' if more > 0 else ''}{table_html(table)}"


def audit_html(audit: Audit) -> str:
    """Table of pictures by split and class, and one of how much of each kind was found."""
    classes = list(dict.fromkeys(name for counts in audit.counts.values() for name in counts))
    head = "".join(f"<th>{escape(name)}</th>" for name in classes)
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(split)}</th>"
        + "".join(f"<td style='text-align:right'>{counts.get(name, 0):,}</td>" for name in classes)
        + "</tr>"
        for split, counts in audit.counts.items()
    )
    found = "".join(
        f"<tr><th style='text-align:left'>{name}</th><td style='text-align:right'>{count:,}</td></tr>"
        for name, count in [
            ("exact copies", len(audit.exact)),
            ("near copies", len(audit.near)),
            ("label conflicts", len(audit.label_conflicts)),
            ("leaked into validation", len(audit.leaked("validation"))),
            ("leaked into test", len(audit.leaked("test"))),
            ("unreadable", len(audit.unreadable)),
            ("suspect labels", len(audit.suspect_labels)),
        ]
    )
    return (
        "<div style='display:flex;gap:32px;align-items:flex-start'>"
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<table>{found}</table></div>"
    )
