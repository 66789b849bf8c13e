"""Where figures were measured, and where they are written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["processor", "write_between_marks"]


def processor() -> dict[str, Any]:
    """Describe the processor: its name, cores and load."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": models[0] if models else "unknown", "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def write_between_marks(document: Path, name: str, text: str) -> None:
    """Replace what stands between the marks `name:begin` and `name:end`."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    before, rest = document.read_text().split(begin)
    _, after = rest.split(end)
    document.write_text(f"{before}{begin}{text}\n{end}{after}")
