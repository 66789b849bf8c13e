"""Print the files of two wheels that differ, or whose times do, and fail if they are not the same bytes.

cargo xtask reproduce
"""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile


def main() -> int:
    first, second = map(Path, sys.argv[1:])
    if first.read_bytes() == second.read_bytes():
        print(f"the same {first.stat().st_size} bytes")
        return 0
    with ZipFile(first) as one, ZipFile(second) as other:
        for name in sorted({*one.namelist(), *other.namelist()}):
            both = name in one.namelist() and name in other.namelist()
            if not both or one.read(name) != other.read(name):
                print("differs:", name)
            elif one.getinfo(name).date_time != other.getinfo(name).date_time:
                print("another time:", name)
    return 1


if __name__ == "__main__":
    sys.exit(main())
