"""Run the notebooks in examples/notebooks with the installed package, and store what they show.

    cargo xtask notebooks [NAME ..]

What is stored depends on the sources alone: no path of this machine, no time, no progress bar, and one
representation of each image.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOTEBOOKS = sorted((EXAMPLES / "notebooks").glob("*.ipynb"))
LARGEST = 250_000  # Bytes of a file that GitHub and a reader's line take without a pause.
CELL_SECONDS = 300

WIDGET = "application/vnd.jupyter.widget-view+json"
INLINE = re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+")
# Folders of a machine, in the places where a path may begin.
MACHINE_PATH = re.compile(
    r"(?<![\w./-])/(?:home|root|tmp|var|usr|opt|mnt|work|Users|private|runner)/[\w.-]+|\b[A-Za-z]:\\\w"
)
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")


def run(path: Path) -> NotebookNode:
    """Run a notebook from top to bottom beside a copy of examples/, and return it with what it shows."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        examples = shutil.copytree(EXAMPLES, Path(folder) / "examples")
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(examples / "notebooks")}},
        )
        client.execute()
    clean(notebook)
    return notebook


def clean(notebook: NotebookNode) -> None:
    """Remove what depends on the machine or the moment, and the second copy of each image."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = NotebookNode(kernelspec=kernel, language_info={"name": "python"})
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
            for data in (output.data for output in cell.outputs if "data" in output):
                images = [name for name in data if name.startswith("image/")]
                for name in sorted(images, key=lambda name: len(data[name]))[1:]:
                    del data[name]


def find_faults(notebook: NotebookNode) -> list[str]:
    """Return what may not be stored: errors, warnings, and what only this machine shows."""
    return [
        f"cell {number}: {fault}"
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        for fault in _faults_of(output)
    ]


def _faults_of(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"fails with {output.ename}"
    if output.get("name") == "stderr":
        yield f"writes to standard error: {output.text[:200]}"
    if WIDGET in output.get("data", {}):
        yield "shows a widget, which is empty without a kernel"
    for text in texts(output).values():
        for pattern, name in ((MACHINE_PATH, "path of this machine"), (ADDRESS, "address in memory")):
            if found := pattern.search(INLINE.sub("", text)):
                yield f"shows a {name}: {found.group()}"


def texts(output: NotebookNode) -> dict[str, str]:
    """Return what an output says in characters, by the kind of text."""
    data: dict[str, Any] = output.get("data", {})
    found = {name: text for name, text in data.items() if isinstance(text, str) and "image/" not in name}
    if "text" in output:
        found[output.name] = output.text
    if "traceback" in output:
        found["traceback"] = "\n".join(output.traceback)
    return found


def store(path: Path) -> int:
    """Run the notebook and write it with its outputs; return its size in bytes."""
    notebook = run(path)
    faults = find_faults(notebook)
    content = nbformat.writes(notebook) + "\n"
    size = len(content.encode())
    if size > LARGEST:
        faults.append(f"{size:,} bytes, more than {LARGEST:,}")
    if faults:
        raise SystemExit("\n".join(f"{path.name}: {fault}" for fault in faults))
    path.write_text(content, encoding="utf-8")
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, by their names without .ipynb")
    names = parser.parse_args().names
    unknown = set(names) - {path.stem for path in NOTEBOOKS}
    if unknown:
        sys.exit(f"no such notebook: {', '.join(sorted(unknown))}")
    for path in NOTEBOOKS:
        if not names or path.stem in names:
            print(f"{path.stem}: {store(path):,} bytes", flush=True)


if __name__ == "__main__":
    main()
