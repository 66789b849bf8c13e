"""The package's types: the notebooks are clean to strict checkers, the stub says what the module says."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import fer

EXAMPLES = Path(__file__).parents[2] / "examples" / "notebooks"


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """A folder with the code of each notebook as a module."""
    folder = tmp_path_factory.mktemp("notebooks")
    for path in EXAMPLES.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        (folder / f"{path.stem}.py").write_text("\n\n".join(code) + "\n", encoding="utf-8")
    assert any(folder.iterdir())
    return folder


@pytest.mark.slow
def test_mypy_finds_nothing_in_the_notebooks(scripts, tmp_path):
    check(
        scripts,
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", "."],
    )


@pytest.mark.slow
def test_pyright_finds_nothing_in_the_notebooks(scripts):
    # What a cell shows at its end is an expression to a script.
    (scripts / "pyrightconfig.json").write_text(
        '{"typeCheckingMode": "strict", "reportUnusedExpression": false, "reportMissingTypeStubs": false}'
    )
    check(scripts, [sys.executable, "-m", "pyright", "--pythonpath", sys.executable])


def test_the_stub_and_the_module_say_the_same_of_a_face():
    stub = ast.parse(Path(fer.__file__).with_name("_fer.pyi").read_text(encoding="utf-8"))
    face = next(node for node in stub.body if isinstance(node, ast.ClassDef) and node.name == "Face")
    documented = [node for node in face.body if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)]
    assert words(ast.get_docstring(face)) == words(fer.Face.__doc__)
    for member in documented:
        assert words(ast.get_docstring(member)) == words(getattr(fer.Face, member.name).__doc__), member.name


def words(text):
    return text.split()


def check(folder, command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
