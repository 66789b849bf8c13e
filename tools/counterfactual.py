#!/usr/bin/env python3
"""Draw the same persons again and again with one thing changed: the tone of the skin, glasses, or the hair.

    python tools/counterfactual.py --out DIR

writes ``DIR/{skin,hair}/{variant}/{happy,sad,surprise,neutral}/{person}.png``. Expression, features, view,
lamp, wall and camera of a person are the same in every variant, so that a change of the answer comes from the
change of paint alone. ``cargo xtask counterfactual`` draws them, asks the built-in models and writes the
tables of MODEL_CARD.md.

The drawings are a test. No built-in model is trained on them, nor on anything else that these programs draw:
it would pass the test and be no fairer on photographs.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import draw_faces
import numpy as np
from draw_faces import EXPRESSIONS, HAIR_COLORS, IRIS_COLORS, SEED, SKIN_TONES
from PIL import Image
from portrait import Person, Portrait

SIZE, HALF_WIDTH = 160, 40
"""Side of an image and half the width of its face, in pixels."""

HAIR_NAMES = ("black", "dark-brown", "brown", "blond", "gray")
# The hair and the eyes that people of every tone have: with them the tone alone changes.
DARK_HAIR, DARK_IRIS = HAIR_COLORS[:3], IRIS_COLORS[:2]


class Variant(NamedTuple):
    """One way to paint a person."""

    arm: str
    name: str
    changes: dict[str, Any]


def skin_variants() -> Iterator[Variant]:
    """Every tone, from the lightest to the darkest, without and with glasses."""
    for tone, skin in enumerate(SKIN_TONES):
        yield Variant("skin", f"tone-{tone}", {"skin": skin})
        yield Variant("skin", f"tone-{tone}-glasses", {"skin": skin, "glasses": True})


def hair_variants(person: int) -> Iterator[Variant]:
    """Every hair, in the tone of the person of this number."""
    skin = SKIN_TONES[person % len(SKIN_TONES)]
    for name, hair in zip(HAIR_NAMES, HAIR_COLORS, strict=True):
        for length in ("short", "long"):
            changes = {"skin": skin, "hair": hair, "hairline": -0.8, "long_hair": length == "long"}
            yield Variant("hair", f"{name}-{length}", changes)
    yield Variant("hair", "bald", {"skin": skin, "hairline": -1.5, "long_hair": False})


def draw_person(name: str, person: int, rng: np.random.Generator) -> Person:
    """Somebody with dark hair and eyes, without beard and glasses."""
    drawn = draw_faces.draw_person(rng)
    hair = np.clip(DARK_HAIR[person % len(DARK_HAIR)] + rng.normal(0, 0.015, 3), 0.02, 1)
    iris = DARK_IRIS[person % len(DARK_IRIS)]
    return dataclasses.replace(drawn, beard=0.0, glasses=False, hair=hair, iris=iris)


def draw_variants(
    name: str, person: int, variants: Iterable[Variant]
) -> Iterator[tuple[Variant, Image.Image]]:
    """One gray image of each variant of a person who looks ``name``."""
    key = [SEED, EXPRESSIONS.index(name), person]
    rng = np.random.default_rng(key)
    wall = draw_faces.backdrop(SIZE, SIZE, rng)
    sitter = draw_person(name, person, rng)
    expression, view = draw_faces.draw_expression(name, rng), draw_faces.draw_view(rng)
    x, y = np.meshgrid(
        (np.arange(SIZE) - SIZE / 2) / HALF_WIDTH, (np.arange(SIZE) - 0.46 * SIZE) / HALF_WIDTH
    )
    head = Portrait(sitter, expression, view, x, y)
    for variant in variants:
        # Exposure and grain are those of the person, too.
        camera = np.random.default_rng([*key, 1])
        painted = head.repainted(dataclasses.replace(sitter, **variant.changes))
        exposed = draw_faces.expose(painted.render(wall), camera)
        yield variant, draw_faces.photograph(exposed, camera, blur=0.6, noise=0.008).convert("L")


def fingerprint(*counts: int) -> str:
    """A digest of everything that decides what is drawn."""
    digest = hashlib.sha256(str(counts).encode())
    for source in ("counterfactual.py", "draw_faces.py", "portrait.py"):
        digest.update(Path(__file__).with_name(source).read_bytes())
    return digest.hexdigest()


def draw_all(out: Path, persons: int, hair_persons: int) -> None:
    """Write every image, unless those that are there are the same."""
    stamp, wanted = out / "drawn.txt", fingerprint(persons, hair_persons)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    for person in range(persons):
        for name in EXPRESSIONS:
            hair = hair_variants(person) if person < hair_persons else ()
            for variant, image in draw_variants(name, person, chain(skin_variants(), hair)):
                folder = out / variant.arm / variant.name / name
                folder.mkdir(parents=True, exist_ok=True)
                image.save(folder / f"{person:03}.png", compress_level=1)
    stamp.write_text(wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the same persons with one thing changed.")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives skin/ and hair/")
    parser.add_argument("--persons", type=int, default=100, help="persons per expression")
    parser.add_argument("--hair-persons", type=int, default=40, help="those of them whose hair changes")
    options = parser.parse_args()
    draw_all(options.out, options.persons, options.hair_persons)


if __name__ == "__main__":
    main()
