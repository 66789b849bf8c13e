"""Training on a folder of labeled images."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from fer import _fer, _html
from fer._classifier import Classifier
from fer._evaluation import Evaluation, Scores, evaluate
from fer._options import check_names
from fer._progress import observer
from fer._table import Table, flat
from fer.exceptions import RunNotFoundError

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure
    from typing_extensions import Unpack

__all__ = ["TrainOptions", "TrainingRun", "train", "train_defaults"]

# Epochs and figures that a notebook shows, and their titles.
_SHOWN_EPOCHS = 12
_SHOWN_FIGURES = {
    "epoch": "epoch",
    "train_loss": "train loss",
    "validation_loss": "validation loss",
    "validation_accuracy": "accuracy",
    "validation_balanced_accuracy": "balanced accuracy",
    "validation_macro_f1": "macro F1",
    "images_per_second": "images/s",
}


class TrainOptions(TypedDict, total=False):
    """Settings that ``fer.train`` takes by name; ``fer.train_defaults`` tells their defaults.

    A nested section, such as ``augmentation``, is a dictionary that names only what it changes.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    optimizer: str
    momentum: float
    schedule: str
    warmup: float
    label_smoothing: float
    class_weights: str
    dropout: float
    ema_decay: float
    batch_norm_momentum: float
    early_stopping: int
    monitor: str
    remove_copies: bool
    seed: int
    normalization: Mapping[str, Any]
    filter: str
    model: Mapping[str, Any]
    augmentation: Mapping[str, Any]
    start: Mapping[str, Any]
    distillation: Mapping[str, Any]


def train(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    config: str | os.PathLike[str] | None = None,
    votes: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    extra: str | os.PathLike[str] | None = None,
    extra_votes: str | os.PathLike[str] | None = None,
    from_model: str | os.PathLike[str] | None = None,
    resume: bool = False,
    keep_copies: bool = False,
    ignore_unknown: bool = False,
    device: str = "cpu",
    threads: int = 0,
    progress: bool | Callable[[dict[str, Any]], None] = True,
    **options: Unpack[TrainOptions],
) -> TrainingRun:
    """Train a model on a folder of labeled images.

    An interrupt (Ctrl-C, or the stop button of a notebook) ends the training after the current step and
    leaves a run that ``resume=True`` continues to the same result.

    Parameters
    ----------
    data
        Folder with ``train``, ``validation`` (or ``val``) and ``test``, each with one folder per class; or a
        sheet of labels (CSV), whose faces are cut out into a folder beside the run, called as the run with
        ``-faces`` behind.
    out
        Run folder to write: checkpoints, metrics and report. Must be empty unless `resume`.
    config
        TOML file of settings; `options` override it.
    votes
        CSV of crowd votes as soft labels, or the whole ``votes`` section of the settings.
    extra, extra_votes
        Folder of more images, ``train`` and perhaps ``validation``, that have no class folders, and the CSV
        of their votes, which are their labels.
    from_model
        Model to start from: a built-in one by name, a model file or a run folder. Without `config`, length
        and learning rate follow the number of images. ``start={"freeze": 2}`` keeps its first two stages.
    resume
        Continue the run in `out`.
    keep_copies
        Keep training images that have a copy in validation or test.
    ignore_unknown
        Skip class folders that name none of the four classes, instead of refusing the dataset.
    device
        ``"cpu"`` or ``"cuda"``.
    threads
        Threads to compute with; 0 uses every core. The result does not depend on it.
    progress
        Show a progress bar; or a function that is called with each event.
    **options
        Settings by name, such as ``epochs=20, seed=1, augmentation={"flip": 0.0}``.

    Returns
    -------
    TrainingRun
        The finished run.

    Raises
    ------
    DatasetError
        If `data` is not laid out as a dataset.
    ConfigError
        If an option's name or value is not allowed.
    TrainingError
        If `out` holds a run already, or there is none to resume.
    """
    settings: dict[str, Any] = dict(options)
    check_names(settings, TrainOptions.__annotations__)
    if votes is not None:
        settings["votes"] = dict(votes) if isinstance(votes, Mapping) else {"file": str(Path(votes))}
    if extra is not None or extra_votes is not None:
        paths = {"folder": extra, "votes": extra_votes}
        settings["extra"] = {name: str(Path(path)) for name, path in paths.items() if path is not None}
    if from_model is not None:
        settings["start"] = {**settings.get("start", {}), "model": str(Path(from_model))}
    if keep_copies:
        settings["remove_copies"] = False
    with observer(progress) as observe:
        _fer.train(
            Path(data),
            Path(out),
            config=config,
            options=settings,
            resume=resume,
            ignore_unknown=ignore_unknown,
            device=device,
            threads=threads,
            observe=observe,
        )
    return TrainingRun(out)


def train_defaults() -> dict[str, Any]:
    """Every setting of ``fer.train`` with its default.

    >>> import fer
    >>> fer.train_defaults()["seed"]
    0
    """
    return _fer.train_defaults()


class TrainingRun:
    """A folder that a training wrote.

    Parameters
    ----------
    path
        The run folder.

    Raises
    ------
    RunNotFoundError
        If `path` is no run folder.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        if not (self._path / "config.toml").is_file():
            raise RunNotFoundError(
                f"{self._path} is no run folder: it has no config.toml", "not_found", str(self._path)
            )

    @property
    def path(self) -> Path:
        """Run folder."""
        return self._path

    @property
    def best(self) -> Path:
        """Model file of the best epoch, complete with labels, preprocessing and calibration."""
        return self._path / "best.safetensors"

    @property
    def report(self) -> Path:
        """Self-contained report page."""
        return self._path / "report.html"

    @property
    def history(self) -> Table:
        """Figures of every epoch so far."""
        metrics = self._path / "metrics.jsonl"
        lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.is_file() else []
        return Table.from_rows([flat(json.loads(line)) for line in lines])

    @property
    def validation(self) -> Scores | None:
        """Scores of the best epoch on the validation images; ``None`` until the run is finished."""
        report = self._report()
        return None if report is None else Scores(report["validation"])

    @property
    def classifier(self) -> Classifier:
        """Classifier of the best epoch."""
        return Classifier(self.best)

    def evaluate(self, folder: str | os.PathLike[str], **options: Any) -> Evaluation:
        """Score the best epoch on a folder of class folders; options as in ``fer.evaluate``."""
        return evaluate(folder, model=self.best, **options)

    def plot(self) -> Figure:
        """Draw loss and accuracy by epoch (needs matplotlib)."""
        from fer._plots import plot_history

        return plot_history(self.history)

    def to_dict(self) -> dict[str, Any]:
        """Content of the run's ``report.json``; empty until the run is finished."""
        return self._report() or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrainingRun) and self._path.resolve() == other._path.resolve()

    def __hash__(self) -> int:
        return hash(self._path.resolve())

    def __repr__(self) -> str:
        return f"TrainingRun({str(self._path)!r}, epochs={len(self.history)})"

    def _repr_html_(self) -> str:
        history = self.history
        shown = history[-_SHOWN_EPOCHS:]
        names = [name for name in _SHOWN_FIGURES if name in shown.columns]
        head = f"<p>{len(history)} epochs in <code>{escape(str(self._path))}</code>"
        if self.validation is not None:
            low, high = self.validation.accuracy_ci95
            head += (
                f"; the best model's accuracy on validation: <b>{self.validation.accuracy:.3f}</b>"
                f" <small>[{low:.3f}, {high:.3f}]</small>"
            )
        last = f"<p>The last {len(shown)}:</p>" if len(history) > len(shown) else ""
        rows = ([row[name] for name in names] for row in shown)
        return f"{head}</p>{last}{_html.table([_SHOWN_FIGURES[name] for name in names], rows)}"

    def _report(self) -> dict[str, Any] | None:
        file = self._path / "report.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
