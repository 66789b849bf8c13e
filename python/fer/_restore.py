"""What comes out of a pickle."""

from __future__ import annotations

from functools import lru_cache

from fer._fer import Analyzer

__all__ = ["restore_analyzer"]


@lru_cache(maxsize=4)
def restore_analyzer(model: str | None, priors: str, threads: int, content: bytes | None) -> Analyzer:
    """Return the analyzer of a pickled object.

    Objects of one model share it, for it never changes: the results that a worker sends back, batch by batch,
    do not load the model again each time.
    """
    return Analyzer(model, priors, threads, content)
