"""A real photo: the portrait of Eileen Collins (NASA, public domain) that comes with scikit-image."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fer

# As `cargo test` builds it.
RUST_EXAMPLE = Path(__file__).parents[2] / "target/debug/examples/photo"

data = pytest.importorskip("skimage.data")


@pytest.fixture(scope="module")
def portrait():
    return data.astronaut()


def test_the_one_face_smiles(portrait):
    (face,) = fer.predict(portrait).faces
    assert face.emotion == "happy"
    assert face.confidence > 0.9
    x, y, width, height = face.box
    # The center of her face, by eye.
    assert abs(x + width / 2 - 223) < 20
    assert abs(y + height / 2 - 115) < 25


def test_the_command_python_and_every_form_of_the_photo_agree(portrait, tmp_path, capfd):
    path = tmp_path / "astronaut.png"
    Image.fromarray(portrait).save(path)
    assert fer._fer.run_cli(["fer", "predict", "--format", "json", str(path)]) == 0
    (of_command,) = json.loads(capfd.readouterr().out)["faces"]
    forms = [path, path.read_bytes(), portrait, Image.fromarray(portrait), portrait / np.float32(255)]
    for form in forms:
        (face,) = fer.predict(form).faces
        assert list(face.box) == of_command["box"]
        assert face.probabilities == pytest.approx(of_command["probabilities"], abs=1e-6)


@pytest.mark.skipif(not RUST_EXAMPLE.exists(), reason="needs the Rust example: cargo build --example photo")
def test_rust_and_python_agree(portrait, tmp_path):
    path = tmp_path / "astronaut.png"
    Image.fromarray(portrait).save(path)
    (of_rust,) = json.loads(subprocess.check_output([RUST_EXAMPLE, path]))["faces"]
    (face,) = fer.predict(path).faces
    assert of_rust["emotion"] == face.emotion == "happy"
    assert of_rust["box"] == list(face.box)
    assert face.probabilities == pytest.approx(of_rust["probabilities"], abs=1e-6)
