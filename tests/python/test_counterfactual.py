"""The drawn persons of tools/counterfactual.py: one thing changes and the rest stays."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import counterfactual  # noqa: E402
from counterfactual import draw_variants, hair_variants, skin_variants  # noqa: E402


def drawn(name: str, person: int) -> dict[str, np.ndarray]:
    variants = [*skin_variants(), *hair_variants(person)]
    images = draw_variants(name, person, variants)
    return {variant.name: np.asarray(image, dtype=int) for variant, image in images}


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    return drawn("sad", 1)


def test_every_tone_is_drawn_with_and_without_glasses_and_every_hair(images: dict[str, np.ndarray]) -> None:
    tones = [f"tone-{tone}" for tone in range(6)]
    hair = [f"{c}-{length}" for c in counterfactual.HAIR_NAMES for length in ("short", "long")]
    assert list(images) == [name for tone in tones for name in (tone, f"{tone}-glasses")] + [*hair, "bald"]


def test_tones_darken_the_face_and_leave_the_wall(images: dict[str, np.ndarray]) -> None:
    cheeks = [images[f"tone-{tone}"][75:85, 62:98].mean() for tone in range(6)]
    assert all(darker < lighter for lighter, darker in itertools.pairwise(cheeks))
    light, dark = images["tone-0"], images["tone-5"]
    assert (light[:12] == dark[:12]).all()


def test_glasses_change_the_eyes_alone(images: dict[str, np.ndarray]) -> None:
    change = np.abs(images["tone-1-glasses"] - images["tone-1"])
    rows = np.flatnonzero(change.max(axis=1) > 2)
    assert rows[0] >= 50
    assert rows[-1] <= 95
    assert change.max() > 40


def test_the_same_person_is_drawn_again_and_another_is_another(images: dict[str, np.ndarray]) -> None:
    again, other = drawn("sad", 1), drawn("sad", 2)
    assert all((again[name] == image).all() for name, image in images.items())
    assert (other["tone-0"] != images["tone-0"]).any()


def test_what_is_drawn_already_is_not_drawn_again(tmp_path: Path) -> None:
    counterfactual.draw_all(tmp_path, 1, 0)
    files = sorted(tmp_path.rglob("*.png"))
    assert len(files) == 12 * 4
    files[0].write_bytes(b"kept")
    counterfactual.draw_all(tmp_path, 1, 0)
    assert files[0].read_bytes() == b"kept"
    counterfactual.draw_all(tmp_path, 1, 1)
    assert files[0].read_bytes() != b"kept"
    assert len(sorted(tmp_path.rglob("*.png"))) == 23 * 4
