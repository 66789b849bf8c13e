"""Progress of long work: bars where tqdm is installed, else lines; curves of a training in notebooks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fer._table import Table, flat

Event = dict[str, Any]
Observer = Callable[[Event], None]
# Called with what is being done, how many are done and of how many.
Counter = Callable[[str, int, int], None]

# Seconds of work from which on a bar is worth its place.
_WORTH_A_BAR = 2.0
# Seconds between two lines where there is no bar.
_LINE_EVERY = 10.0


@contextmanager
def counter(progress: bool | Counter) -> Iterator[Counter | None]:
    """Give the function that shows how many things are done: nothing for what is done in a moment."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        count = _Count()
        try:
            yield count
        finally:
            count.close()


class _Count:
    """A bar over what is done, or a line now and then, once the work has taken long enough."""

    def __init__(self) -> None:
        self._started = self._last = time.monotonic()
        self._bar: Any = None
        self._without_bar = False

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self._bar is None and not self._without_bar and now - self._started >= _WORTH_A_BAR:
            self._bar = _tqdm_bar()
            self._without_bar = self._bar is None
        if self._bar is not None:
            self._follow(stage, done, total)
        elif now - self._last >= _LINE_EVERY:
            self._last = now
            print(f"{stage}: {done}/{total}", file=sys.stderr)

    def _follow(self, stage: str, done: int, total: int) -> None:
        if total != self._bar.total or done < self._bar.n:
            self._bar.reset(total)
        self._bar.set_description(stage, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


def _tqdm_bar() -> Any:
    """Make a bar, or nothing where tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(dynamic_ncols=True)


@contextmanager
def observer(progress: bool | Observer) -> Iterator[Observer | None]:
    """Give the function that shows the events of a training."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        with _line() as line:
            shows: list[Observer] = [line, _Curves()] if _can_show_curves() else [line]

            def show_all(event: Event) -> None:
                for show in shows:
                    show(event)

            yield show_all


@contextmanager
def _line() -> Iterator[Observer]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield _print_epoch
        return
    with tqdm(unit="step", dynamic_ncols=True) as bar:
        yield _Bar(bar)


class _Bar:
    """A bar over the steps of all epochs."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, event: Event) -> None:
        if event["event"] == "prepare":
            self._bar.set_description(event["stage"])
        elif event["event"] == "start":
            self._bar.total = event["epochs"] * event["steps_per_epoch"]
            self._bar.update(event["completed_epochs"] * event["steps_per_epoch"])
        elif event["event"] == "step":
            done = (event["epoch"] - 1) * event["steps_per_epoch"] + event["step"]
            self._bar.set_description(f"epoch {event['epoch']}/{event['epochs']}", refresh=False)
            self._bar.update(done - self._bar.n)
        elif event["event"] == "epoch":
            self._bar.set_postfix_str(_figures(event))


class _Curves:
    """Curves of loss and accuracy that grow with every epoch."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._handle: Any = None

    def __call__(self, event: Event) -> None:
        if event["event"] != "epoch":
            return
        from IPython.display import display

        from fer._plots import plot_history

        self._rows.append(flat(event))
        figure = plot_history(Table.from_rows(self._rows))
        if self._handle is None:
            self._handle = display(figure, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(figure)


def _can_show_curves() -> bool:
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return False
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True


def _print_epoch(event: Event) -> None:
    if event["event"] == "epoch":
        print(f"epoch {event['epoch']}/{event['epochs']}  {_figures(event)}", file=sys.stderr)


def _figures(event: Event) -> str:
    return f"loss {event['train_loss']:.3f}, validation accuracy {event['validation']['accuracy']:.3f}"
