"""The recipes of docs/scale.md: Spark, Ray and PyTorch's workers give the rows of ``fer predict``.

The engines are large, and are installed only where they are wanted:
``pip install -r requirements-engines.txt``; Spark needs Java. PyTorch is larger still: ``pip install torch``.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pyarrow.parquet
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
def folder(faces, photo, tmp_path_factory):
    """Drawn faces in folders, a photo of several, and a file that is no image."""
    folder = tmp_path_factory.mktemp("engines") / "faces"
    shutil.copytree(faces, folder)
    shutil.copy(photo, folder)
    (folder / "bad.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def expected(folder):
    """The rows that the command writes."""
    table = folder.parent / "rows.parquet"
    command = [sys.executable, "-m", "fer", "predict", "-q", str(folder), "--output", str(table)]
    assert subprocess.run(command, stderr=subprocess.DEVNULL, timeout=120).returncode == 1  # for bad.jpg
    rows = by_path(pyarrow.parquet.read_table(table).to_pylist())
    assert len(rows) > len(list(folder.rglob("*.jpg"))) > 4 * 32
    return rows


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
        # The command writes numbers as the network computes them, engines as doubles.
        row = {name: np.float32(value) if isinstance(value, float) else value for name, value in row.items()}
        assert (Path(path).resolve(), row["face"]) not in found
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
        # About as many partitions as cores, not one for every 32 small files.
        assert frame.rdd.getNumPartitions() <= 3
        assert by_path(row.asDict() for row in frame.collect()) == expected
    finally:
        session.stop()


@pytest.mark.usefixtures("_network_inside")
def test_ray(examples, folder, expected, monkeypatch):
    ray = pytest.importorskip("ray", reason="no engine: ray")
    monkeypatch.setenv("PYTHONPATH", str(examples), prepend=os.pathsep)
    # As many cores as actors: the recipe must leave some to the tasks that read.
    ray.init(num_cpus=2, include_dashboard=False)
    try:
        frame = example(examples, "ray_data").predict(str(folder))
        rows = frame.take_all()
        assert list(rows[0]) == ["path", *fer.SCHEMA]
        assert by_path(rows) == expected
    finally:
        ray.shutdown()


class Images:
    """A dataset whose items are predicted where they are read: in PyTorch's workers."""

    def __init__(self, folder):
        self._classifier = fer.Classifier()
        self._paths = fer._fer.expand_inputs(folder)

    def __len__(self):
        return len(self._paths)

    def __getitem__(self, number):
        return self._classifier.predict_batch([self._paths[number]], progress=False).to_table()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_a_data_loader(folder, expected, method):
    data = pytest.importorskip("torch.utils.data", reason="no torch: pip install torch")
    images = Images(folder)
    assert len(images[0]) > 0  # the parent has predicted, with threads of its own, before it forks
    loader = data.DataLoader(
        images, num_workers=2, batch_size=None, multiprocessing_context=method, timeout=60
    )
    assert by_path(row for table in loader for row in table) == expected
