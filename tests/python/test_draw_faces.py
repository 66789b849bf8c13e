"""The drawn images in examples/ are what tools/draw_faces.py draws."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import draw_faces  # noqa: E402

# Another NumPy or CPU may round a pixel the other way: one level here, a few after JPEG.
LEVELS = 6


def assert_same_image(drawn: Image.Image, committed: Path, quality: int, tmp_path: Path) -> None:
    again = tmp_path / committed.name
    drawn.save(again, quality=quality)
    with Image.open(again) as first, Image.open(committed) as second:
        assert first.mode == second.mode
        assert first.size == second.size
        difference = np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int))
    assert difference.max() <= LEVELS


@pytest.mark.parametrize("split", draw_faces.FACES_PER_CLASS)
@pytest.mark.parametrize("name", draw_faces.EXPRESSIONS)
def test_same_seed_draws_the_committed_face(split: str, name: str, tmp_path: Path) -> None:
    index = draw_faces.FACES_PER_CLASS[split] - 1
    drawn = draw_faces.draw_dataset_face(draw_faces.SEED, split, name, index)
    committed = ROOT / "examples" / "faces" / split / name / f"{name}_{index:03}.jpg"
    assert_same_image(drawn, committed, draw_faces.FACE_QUALITY, tmp_path)


def test_same_seed_draws_the_committed_photo(tmp_path: Path) -> None:
    drawn = draw_faces.draw_sample_photo(draw_faces.SEED, "surprise")
    committed = ROOT / "examples" / "photos" / "surprise.jpg"
    assert_same_image(drawn, committed, draw_faces.PHOTO_QUALITY, tmp_path)


def test_another_seed_draws_another_face() -> None:
    first = draw_faces.draw_dataset_face(1, "train", "happy", 0)
    second = draw_faces.draw_dataset_face(2, "train", "happy", 0)
    assert first.size != second.size or first.tobytes() != second.tobytes()


def test_dataset_holds_every_class_in_every_split() -> None:
    for split, count in draw_faces.FACES_PER_CLASS.items():
        for name in draw_faces.EXPRESSIONS:
            assert len(list((ROOT / "examples" / "faces" / split / name).glob("*.jpg"))) == count
