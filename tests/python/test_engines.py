"""The recipes of docs/scale.md: Spark and Ray give the rows of ``fer.predict_batch``.

The engines are large, and are installed only where they are wanted:
``pip install -r requirements-engines.txt``; Spark needs Java.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

import fer

pytestmark = [
    pytest.mark.slow,
    # Of the engines and their libraries, not of this package.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def _network_inside(monkeypatch):
    """Let an engine talk to its own processes."""
    monkeypatch.undo()


@pytest.fixture(scope="module")
def folder(faces, tmp_path_factory):
    """Drawn faces, photos' worth of them, and a file that is no image."""
    folder = tmp_path_factory.mktemp("engines") / "faces"
    shutil.copytree(faces / "test", folder)
    (folder / "bad.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def expected(folder):
    return by_path(fer.predict_batch(folder, progress=False).to_table())


def example(examples, name):
    spec = importlib.util.spec_from_file_location(name, examples / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def by_path(rows):
    """Rows by path and face; a URL becomes the path it stands for, and a message leaves its path out."""
    found = {}
    for row in map(dict, rows):
        path = unquote(urlparse(row.pop("path")).path)
        row["error"] = row["error"] is not None
        row.pop("error_kind", None)
        found[Path(path).resolve(), row["face"]] = row
    return found


@pytest.mark.usefixtures("_network_inside")
def test_spark(examples, folder, expected, monkeypatch):
    pytest.importorskip("pyspark", reason="no engine: pyspark")
    if shutil.which("java") is None:
        pytest.skip("no engine: java")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(examples), prepend=os.pathsep)
    spark = example(examples, "spark")
    session = spark.session("local[2]")
    try:
        frame = spark.predict(session, str(folder))
        assert frame.columns == ["path", *fer.SCHEMA]
        assert by_path(row.asDict() for row in frame.collect()) == expected
    finally:
        session.stop()


@pytest.mark.usefixtures("_network_inside")
def test_ray(examples, folder, expected, monkeypatch):
    ray = pytest.importorskip("ray", reason="no engine: ray")
    monkeypatch.setenv("PYTHONPATH", str(examples), prepend=os.pathsep)
    ray.init(num_cpus=2, include_dashboard=False)
    try:
        frame = example(examples, "ray_data").predict(str(folder))
        rows = frame.take_all()
        assert list(rows[0]) == ["path", *fer.SCHEMA]
        assert by_path(rows) == expected
    finally:
        ray.shutdown()
