"""``python -m fer``: the ``fer`` command."""

from __future__ import annotations

import sys

from fer._console import main

if __name__ == "__main__":
    sys.exit(main())
