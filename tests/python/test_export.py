"""ONNX files, held to the format's own checker and to what ONNX Runtime computes from them."""

import csv
import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

import fer

FACES = 200


@pytest.fixture(scope="module")
def crops(faces):
    """Drawn faces, blank and noisy squares: uint8 ``[200, 48, 48]``."""
    files = sorted((faces / "test").rglob("*.jpg"))
    drawn = [np.asarray(Image.open(file).convert("L").resize((48, 48))) for file in files]
    blank = [np.full((48, 48), level, np.uint8) for level in (0, 1, 128, 255)]
    generator = np.random.default_rng(0)
    count = FACES - len(drawn) - len(blank)
    assert len(drawn) >= 20
    # From almost even, where the least divisor counts, to full contrast.
    noise = [
        generator.integers(128 - reach, 128 + reach, (48, 48)).astype(np.uint8)
        for reach in generator.integers(1, 128, count)
    ]
    return np.stack([*drawn, *blank, *noise])


@pytest.fixture(scope="module")
def own_run(faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "run"
    return fer.train(
        faces,
        out,
        epochs=1,
        model={"input_size": 48, "channels": [8, 12], "blocks_per_stage": 1},
        normalization={"fixed": {"mean": 127.5, "std": 64.0}},
        progress=False,
    )


@pytest.fixture(scope="module")
def run_with_other(faces, tmp_path_factory):
    """A model that was trained on votes of which some are for other expressions."""
    folder = tmp_path_factory.mktemp("other")
    generator = np.random.default_rng(1)
    images = [path.relative_to(faces) for path in faces.rglob("*.jpg")]
    with (folder / "votes.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", *fer.EMOTIONS, "anger", "unknown"])
        for path in images:
            own = [8 * (emotion == path.parent.name) for emotion in fer.EMOTIONS]
            # What looks sad to many looks angry to some.
            anger = 5 * (path.parent.name == "sad")
            table.writerow([path.as_posix(), *own, anger, generator.integers(0, 2)])
    return fer.train(
        faces,
        folder / "run",
        epochs=4,
        model={"input_size": 48, "channels": [8, 12], "blocks_per_stage": 1},
        votes={"file": str(folder / "votes.csv"), "others": True},
        progress=False,
    )


def run(path, crops, *outputs):
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(outputs or None, {"faces": crops})


def probabilities(classifier, crops):
    return np.stack([np.asarray(item)[0] for item in classifier.predict_batch(crops, faces="whole")])


@pytest.mark.parametrize("model", [*fer.MODELS, "own"])
@pytest.mark.parametrize("priors", [None, "uniform", [0.4, 0.1, 0.5, 0.0]])
def test_onnx_runtime_gives_the_same_probabilities(model, priors, crops, own_run, tmp_path):
    path = tmp_path / "model.onnx"
    source = own_run.path if model == "own" else model
    fer.export(source, path, priors=priors)
    logits, found = run(path, crops, "logits", "probabilities")
    expected = probabilities(fer.Classifier(source, priors=priors), crops)
    assert logits.shape == expected.shape == (FACES, len(fer.EMOTIONS))
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_the_share_of_other_expressions_is_an_output_of_models_that_tell_it(
    crops, own_run, run_with_other, tmp_path
):
    path = tmp_path / "model.onnx"
    classifier = fer.Classifier(run_with_other.best, priors="uniform")
    classifier.export(path)
    found, other = run(path, crops, "probabilities", "other")
    np.testing.assert_allclose(found, probabilities(classifier, crops), atol=1e-5, rtol=0)
    expected = [item[0].other for item in classifier.predict_batch(crops, faces="whole")]
    assert np.ptp(expected) > 0.001
    np.testing.assert_allclose(other, expected, atol=1e-5, rtol=0)
    metadata = {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}
    assert 0 <= metadata["other"]["threshold"] <= 1

    without = tmp_path / "without.onnx"
    fer.export(own_run.path, without)
    names = [output.name for output in onnxruntime.InferenceSession(without).get_outputs()]
    assert names == ["logits", "probabilities"]


def test_one_face_and_none_at_all_are_batches_too(crops, tmp_path):
    path = tmp_path / "model.onnx"
    fer.export(None, path)
    (all_of_them,) = run(path, crops, "probabilities")
    (one,) = run(path, crops[:1], "probabilities")
    np.testing.assert_allclose(one, all_of_them[:1], atol=1e-6)
    assert run(path, crops[:0], "probabilities")[0].shape == (0, len(fer.EMOTIONS))


def test_the_metadata_holds_labels_and_preprocessing(own_run, tmp_path):
    path = tmp_path / "model.onnx"
    classifier = fer.Classifier(own_run.best, priors=[1, 2, 3, 4])
    classifier.export(path)
    model = onnx.load(path)
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert metadata["labels"] == list(fer.EMOTIONS)
    for key in ("preprocessing", "temperature", "class_mix", "priors", "provenance"):
        assert metadata[key] == classifier.info[key]
    assert (model.producer_name, model.producer_version) == ("fer", fer.__version__)


def test_the_command_writes_the_same_file(tmp_path):
    first, second = tmp_path / "a.onnx", tmp_path / "b.onnx"
    fer.export("folder", first, priors="uniform")
    command = [sys.executable, "-m", "fer", "export", "folder", str(second), "--priors", "uniform"]
    subprocess.run(command, check=True, timeout=60)
    assert first.read_bytes() == second.read_bytes()


def test_no_file_is_overwritten(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"mine")
    with pytest.raises(fer.OutputError, match=r"mine\.onnx: it exists already"):
        fer.export(None, path)
    assert path.read_bytes() == b"mine"
    with pytest.raises(fer.OutputError, match="no folder"):
        fer.export(None, tmp_path / "absent" / "model.onnx")
    with pytest.raises(fer.ModelNotFoundError):
        fer.export("no-such-model", tmp_path / "new.onnx")
