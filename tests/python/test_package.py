"""The package as a whole: import, console script, documentation, versions."""

import doctest
import importlib.metadata
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fer


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    ).stdout


def test_import_does_no_work():
    optional = ("PIL", "pandas", "polars", "pyarrow", "matplotlib", "tqdm", "av", "IPython", "logging")
    imported = python(
        "import numpy, sys; before = set(sys.modules); import fer; "
        f"print(*((set(sys.modules) - before) & set({optional!r})))"
    )
    assert not imported.strip()


def test_the_version_is_that_of_the_distribution():
    assert fer.__version__ == importlib.metadata.version("fer")


def test_numpy_is_the_only_dependency():
    required = [name for name in importlib.metadata.requires("fer") if "extra ==" not in name]
    assert len(required) == 1
    assert required[0].startswith("numpy")


def test_every_public_name_exists_and_is_documented():
    for name in fer.__all__:
        value = getattr(fer, name)
        if callable(value):
            assert value.__doc__, name


def modules():
    return sorted(module.name for module in pkgutil.iter_modules(fer.__path__, "fer."))


@pytest.mark.parametrize("name", ["fer", *modules()])
def test_examples_in_docstrings_run(name):
    if name == "fer._plots":
        pytest.importorskip("matplotlib")
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_the_command_and_python_give_the_same_probabilities(faces, capfd):
    folder = faces / "test" / "surprise"
    assert fer._fer.run_cli(["fer", "predict", "--format", "json", str(folder)]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    batch = fer.predict_batch(folder)
    assert [line["path"] for line in lines] == [prediction.path for prediction in batch]
    for line, prediction in zip(lines, batch, strict=True):
        found = [list(face["probabilities"].values()) for face in line["faces"]]
        np.testing.assert_allclose(found, np.asarray(prediction), atol=1e-6)


def test_the_command_and_python_find_the_same_boxes(photo, capfd):
    assert fer._fer.run_cli(["fer", "predict", "--format", "json", str(photo)]) == 0
    line = json.loads(capfd.readouterr().out)
    assert [tuple(face["box"]) for face in line["faces"]] == [face.box for face in fer.predict(photo)]


def test_the_console_script_has_the_exit_codes_of_the_command(face, tmp_path):
    def fer_command(*arguments):
        script = [sys.executable, "-c", "import sys; from fer._console import main; sys.exit(main())"]
        return subprocess.run([*script, *arguments], capture_output=True, text=True, timeout=120, check=False)

    assert fer_command("predict", str(face)).returncode == 0
    assert fer_command("predict", str(tmp_path / "missing.jpg")).returncode == 1
    assert fer_command("predict").returncode == 2
    assert fer_command("--version").stdout.strip() == f"fer {fer.__version__}"


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "fer", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == f"fer {fer.__version__}"


def test_advice_never_installs_the_other_package_of_this_name():
    for file in Path(fer.__file__).parent.glob("*.py"):
        assert "fer[" not in file.read_text(encoding="utf-8"), file.name
