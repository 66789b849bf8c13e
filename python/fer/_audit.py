"""What is wrong with a dataset."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import _fer, _html
from fer._progress import counter
from fer._table import Table

if TYPE_CHECKING:
    import os

    from fer._progress import Counter

__all__ = ["Audit", "audit"]

_PAIR = {"a": str, "b": str, "kind": str, "score": float}


def audit(
    data: str | os.PathLike[str],
    *,
    html: str | os.PathLike[str] | None = None,
    suspects: bool = False,
    threads: int = 0,
    progress: bool | Counter = True,
) -> Audit:
    """Look for duplicates, leaks between splits, label conflicts and bad files in a dataset.

    Nothing is changed or deleted.

    Parameters
    ----------
    data
        Folder with ``train``, ``validation`` and ``test``.
    html
        Where to write a self-contained page that shows the pairs side by side.
    suspects
        Look for labels that are probably wrong, too: small networks are trained, which takes minutes.
    threads
        Threads to compute with; 0 uses every core.
    progress
        As in ``fer.predict_batch``.

    Returns
    -------
    Audit
        What was found.

    Raises
    ------
    DatasetError
        If `data` is not laid out as a dataset.
    """
    data = Path(data)
    with counter(progress) as count:
        findings = _fer.audit(data, html=html, suspects=suspects, threads=threads, progress=count)
    return Audit(findings, data)


class Audit:
    """Findings of ``fer.audit``.

    Parameters
    ----------
    findings
        Content of the JSON that ``fer audit`` writes.
    data
        Folder that the paths are relative to.
    """

    __slots__ = ("_data", "_findings")

    def __init__(self, findings: dict[str, Any], data: str | os.PathLike[str] | None = None) -> None:
        self._findings = findings
        self._data = None if data is None else Path(data)

    @classmethod
    def load(cls, path: str | os.PathLike[str], data: str | os.PathLike[str] | None = None) -> Audit:
        """Read the JSON that ``fer audit --json`` or ``save`` wrote."""
        return cls(json.loads(Path(path).read_text(encoding="utf-8")), data)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the findings as JSON."""
        Path(path).write_text(json.dumps(self._findings, indent=2), encoding="utf-8")

    @property
    def exact(self) -> Table:
        """Pairs of images with the same pixels: ``a``, ``b``, ``kind``, ``score``."""
        return Table.from_rows(self._findings["exact"], _PAIR)

    @property
    def near(self) -> Table:
        """Pairs of images that are copies of each other: ``a``, ``b``, ``kind``, ``score``."""
        return Table.from_rows(self._findings["near"], _PAIR)

    @property
    def label_conflicts(self) -> Table:
        """Copies that carry different labels."""
        return Table.from_rows(self._findings["label_conflicts"], {**_PAIR, "label_a": str, "label_b": str})

    @property
    def unreadable(self) -> Table:
        """Files that cannot be read, and blank or placeholder images, with the reason."""
        return Table.from_rows(self._findings["unreadable"], {"path": str, "kind": str, "message": str})

    @property
    def suspect_labels(self) -> Table:
        """Images whose label is probably wrong, where the audit looked for them."""
        return Table.from_rows(
            self._findings["suspect_labels"], {"path": str, "label": str, "suggested": str, "margin": float}
        )

    def leaked(self, split: str = "test") -> list[str]:
        """Images of a held-out split that have a copy in an earlier one: what a model may know by heart.

        Parameters
        ----------
        split
            ``"validation"`` or ``"test"``.

        Returns
        -------
        list of str
            Paths relative to the split's folder, as ``exclude`` of ``fer.evaluate`` takes them.
        """
        return [path.split("/", 1)[1] for path in self._findings["leaked"][split]]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Number of images by split and class."""
        return {split: dict(classes) for split, classes in self._findings["counts"].items()}

    def to_dict(self) -> dict[str, Any]:
        """Content of the JSON that ``fer audit`` writes."""
        return deepcopy(self._findings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Audit) and self._findings == other._findings

    __hash__ = None  # type: ignore[assignment] # compared by value

    def __repr__(self) -> str:
        kinds = ("exact", "near", "label_conflicts", "unreadable", "suspect_labels")
        return f"Audit({', '.join(f'{kind}={len(self._findings[kind])}' for kind in kinds)})"

    def _repr_html_(self) -> str:
        classes = list(dict.fromkeys(name for counts in self.counts.values() for name in counts))
        found = {
            "exact copies": len(self.exact),
            "near copies": len(self.near),
            "label conflicts": len(self.label_conflicts),
            "leaked into validation": len(self.leaked("validation")),
            "leaked into test": len(self.leaked("test")),
            "unreadable": len(self.unreadable),
            "suspect labels": len(self.suspect_labels),
        }
        return _html.side_by_side(
            _html.counts(
                classes,
                {split: [counts.get(name, 0) for name in classes] for split, counts in self.counts.items()},
            ),
            _html.named({name: f"{count:,}" for name, count in found.items()}),
        )
