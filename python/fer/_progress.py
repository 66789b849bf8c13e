"""Progress of a training: a bar where tqdm is installed, a line an epoch elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]
Observer = Callable[[Event], None]


@contextmanager
def observer(progress: bool | Observer) -> Iterator[Observer | None]:
    """Give the function that shows the events of a training."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            yield _print_epoch
        else:
            with tqdm(unit="step", dynamic_ncols=True) as bar:
                yield _Bar(bar)


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, event: Event) -> None:
        if event["event"] == "step":
            self._bar.total = event["steps"]
            self._bar.update(event["step"] - self._bar.n)
            self._bar.set_description(f"epoch {event['epoch']}/{event['epochs']}", refresh=False)
        elif event["event"] == "epoch":
            self._bar.set_postfix_str(_figures(event))


def _print_epoch(event: Event) -> None:
    if event["event"] == "epoch":
        print(f"epoch {event['epoch']}/{event['epochs']}  {_figures(event)}", file=sys.stderr)


def _figures(event: Event) -> str:
    return f"loss {event['train_loss']:.3f}, validation accuracy {event['validation_accuracy']:.3f}"
