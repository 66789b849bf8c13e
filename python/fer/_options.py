"""Names of options that a function takes as keywords."""

from __future__ import annotations

from collections.abc import Iterable

from fer.exceptions import ConfigError


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that is not `known`, with the closest one that is."""
    from difflib import get_close_matches

    names = sorted(known)
    for name in given:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            advice = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(names)}"
            raise ConfigError(f"unknown option {name!r}: {advice}", "config")
