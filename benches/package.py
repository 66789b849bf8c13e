"""Measure the package as its users meet it: what it weighs, and how long its first and later answers take.

    maturin build --release --out dist
    python benches/package.py dist/fer-*.whl

The wheel is installed into an empty virtual environment; every figure is measured there, in fresh processes
without a network where the system can start such (Linux, `unshare`). The table is that of
docs/coming-from.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PHOTO = ROOT / "examples" / "photos" / "group.jpg"
FACES = ROOT / "examples" / "faces"
WORKER = Path(__file__).resolve().parent / "package" / "worker.py"

#: Fresh processes for each figure.
PROCESSES = 6

#: What comes with every virtual environment.
GIVEN = {"pip", "setuptools"}


class Environment:
    """A virtual environment that holds the wheel and what it depends on."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv.create(folder, with_pip=True)
        self.python = folder / "bin" / "python"
        self.packages = folder / "lib"
        before = installed_bytes(self.packages)
        self.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
        self.bytes = installed_bytes(self.packages) - before

    def run(self, *arguments: str, network: bool = True) -> str:
        """Run Python and return what it prints."""
        command = [str(self.python), *arguments]
        if not network:
            command = [*no_network(), *command]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def names(self) -> set[str]:
        """Return the names of the packages that the wheel brought."""
        listed = json.loads(self.run("-m", "pip", "list", "--format", "json", "--disable-pip-version-check"))
        return {package["name"] for package in listed} - GIVEN

    def measure(self, part: str, *arguments: str | Path) -> dict[str, float]:
        """Return the figures of a part of benches/package/worker.py, the least of several fresh processes.

        What else runs on the machine can only add to them.
        """
        command = ["-I", str(WORKER), part, *map(str, arguments)]
        runs = [json.loads(self.run(*command, network=False)) for _ in range(PROCESSES)]
        return {name: min(run[name] for run in runs) for name in runs[0]}


def installed_bytes(folder: Path) -> int:
    """Return the size of the files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def no_network() -> list[str]:
    """Return the command before a command that starts it without a network, where there is one."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") and subprocess.run([*command, "true"], check=False).returncode == 0:
        return command
    return []


def measure(wheel: Path, folder: Path) -> dict[str, Any]:
    """Return every figure of a wheel."""
    environment = Environment(folder / "environment", wheel)
    return {
        "wheel_mb": wheel.stat().st_size / 1e6,
        "installed_mb": environment.bytes / 1e6,
        "packages": sorted(environment.names()),
        "without_network": bool(no_network()),
        **environment.measure("import"),
        **environment.measure("cold_start"),
        **environment.measure("face"),
        **environment.measure("photo", PHOTO),
        **environment.measure("threads"),
        **environment.measure("call", FACES),
    }


def rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return name and value of each figure, as people read them."""
    packages = figures["packages"]
    speedup = figures["one_thread_s"] / figures["all_threads_s"]
    return [
        ("works offline after installing", "yes" if figures["without_network"] else "not tried"),
        ("packages installed", f"{len(packages)} ({', '.join(packages)})"),
        ("wheel, MB", f"{figures['wheel_mb']:.1f}"),
        ("installed size, MB", f"{figures['installed_mb']:.0f}"),
        ("import after NumPy, ms", f"{1e3 * figures['import_s']:.1f}"),
        ("import and first answer, s", f"{figures['cold_start_s']:.2f}"),
        ("one cropped face, ms", f"{1e3 * figures['alone_s']:.2f}"),
        ("batch of 64, faces/s", f"{1 / figures['in_batch_s']:.0f}"),
        ("one photo, end to end, ms", f"{1e3 * figures['photo_s']:.0f}"),
        ("peak memory, MB", f"{figures['peak_mb']:.0f}"),
        ("8 Python threads over one, times", f"{speedup:.2f} on {os.cpu_count()} cores"),
        ("call with the smallest network, µs", f"{1e6 * figures['call_s']:.1f}"),
    ]


def main() -> None:
    """Measure, and print or write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments.wheel, Path(folder))
    for name, value in rows(figures):
        print(f"| {name} | {value} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
