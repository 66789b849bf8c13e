"""The notebooks run from top to bottom, and show what is stored in them."""

import math
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import notebooks

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
each_notebook = pytest.mark.parametrize("path", notebooks.NOTEBOOKS, ids=lambda path: path.stem)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the notebook machinery are not ours
@each_notebook
def test_notebook_shows_what_is_stored(path):
    shown, stored = notebooks.run(path), nbformat.read(path, as_version=4)
    assert notebooks.find_faults(shown) == []
    # What a network trained a moment ago says differs in its digits between processors.
    trains = any("fer.train(" in cell.source for cell in stored.cells)
    tolerance = math.inf if trains else 0.01
    for now, then in zip(shown.cells, stored.cells, strict=True):
        if now.cell_type == "code":
            assert [kinds(output) for output in now.outputs] == [kinds(output) for output in then.outputs]
            for one, other in zip(now.outputs, then.outputs, strict=True):
                assert is_alike(plain(one), plain(other), tolerance), cell_message(path, then)


@each_notebook
def test_stored_notebook_is_complete_clean_and_small(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any(cell.outputs for cell in code)
    assert notebooks.find_faults(notebook) == []
    assert path.stat().st_size <= notebooks.LARGEST


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (new_output("error", ename="ValueError", evalue="", traceback=[]), "ValueError"),
        (new_output("stream", name="stderr", text="a warning"), "standard error"),
        (new_output("stream", name="stdout", text="saved /home/ann/faces/1.png"), "/home/ann"),
        (new_output("execute_result", {"text/plain": "'C:\\Users\\ann'"}), "C:"),
        (new_output("execute_result", {"text/html": "<code>/tmp/tmpx1</code>"}), "/tmp/tmpx1"),
        (new_output("execute_result", {"text/plain": "<object at 0x7f2a10b3c4d0>"}), "address"),
        (new_output("display_data", {notebooks.WIDGET: {"model_id": "1"}}), "widget"),
    ],
)
def test_what_only_this_machine_shows_is_a_fault(output, fault):
    (found,) = notebooks.find_faults(new_notebook(cells=[new_code_cell("x", outputs=[output])]))
    assert fault in found


def test_images_relative_paths_and_urls_are_no_faults():
    page = "<img src='data:image/jpeg;base64,/tmp/abcd'> ../faces/tmp/1.png https://example.org/home/ann"
    output = new_output("execute_result", {"text/html": page, "image/png": "/tmp/abcd"})
    assert notebooks.find_faults(new_notebook(cells=[new_code_cell("x", outputs=[output])])) == []


def test_cleaning_keeps_the_smaller_image_and_no_progress_bar():
    bar = new_output("display_data", {notebooks.WIDGET: {"model_id": "1"}, "text/plain": "0%"})
    image = new_output("display_data", {"image/png": "long", "image/jpeg": "abc", "text/plain": "image"})
    cell = new_code_cell("x", outputs=[bar, image], metadata={"execution": {"started": "12:00"}})
    language = {"name": "python", "version": "3.11.7"}
    notebook = new_notebook(cells=[cell], metadata={"widgets": {}, "language_info": language})
    notebooks.clean(notebook)
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.language_info == {"name": "python"}
    (kept,) = notebook.cells[0].outputs
    assert sorted(kept.data) == ["image/jpeg", "text/plain"]
    assert notebook.cells[0].metadata == {}


def test_numbers_are_compared_within_a_tolerance():
    assert is_alike("happy  0.991, n = 80", "happy 0.993, n = 80", 0.01)
    assert not is_alike("happy 0.991", "happy 0.97", 0.01)
    assert not is_alike("happy 0.991", "sad 0.991", 0.01)
    assert not is_alike("happy 0.991", "happy 0.991 0.5", math.inf)


def kinds(output):
    return output.output_type, sorted(output.get("data", {}))


def plain(output):
    found = notebooks.texts(output)
    return found.get("text/plain", found.get("stdout", ""))


def is_alike(now, then, tolerance):
    """Return whether two texts say the same but for blanks, with numbers that close to each other."""
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (now, then)]
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (now, then)]
    return words[0] == words[1] and all(
        abs(a - b) <= tolerance * max(abs(b), 1) for a, b in zip(*numbers, strict=True)
    )


def cell_message(path, cell):
    return f"{path.name} is out of date (`cargo xtask notebooks {path.stem}`):\n{cell.source}"
