"""The ``fer`` command of the wheel: the same Rust code as the command built by cargo."""

from __future__ import annotations

import signal
import sys

from fer import _fer


def main() -> int:
    """Run the command line in ``sys.argv`` and return its exit code."""
    # Python would only look at an interrupt after the Rust call has ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _fer.run_cli(["fer", *sys.argv[1:]])
