#!/usr/bin/env python3
"""Draw the faces that this repository carries: a tutorial dataset, a few photos and a short clip.

    python tools/draw_faces.py --out examples

writes ``examples/faces/{train,validation,test}/{happy,sad,surprise,neutral}/*.jpg``,
``examples/photos/*.jpg`` and the frames ``examples/clip/*.jpg``. No real person is shown. The same seed draws
the same images.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter
from portrait import Array, Expression, Person, Portrait, View, bump

SEED = 2013
FACE_QUALITY, PHOTO_QUALITY, FRAME_QUALITY = 88, 90, 85
EXPRESSIONS = ("happy", "sad", "surprise", "neutral")
FACES_PER_CLASS = {"train": 60, "validation": 20, "test": 20}
SKIN_TONES = np.array(
    [
        (0.95, 0.80, 0.71),
        (0.92, 0.75, 0.63),
        (0.82, 0.63, 0.50),
        (0.70, 0.50, 0.37),
        (0.53, 0.36, 0.26),
        (0.36, 0.24, 0.18),
    ]
)
HAIR_COLORS = np.array(
    [(0.06, 0.05, 0.05), (0.20, 0.13, 0.09), (0.38, 0.24, 0.13), (0.72, 0.58, 0.36), (0.62, 0.62, 0.63)]
)
IRIS_COLORS = np.array([(0.20, 0.12, 0.07), (0.33, 0.22, 0.11), (0.25, 0.36, 0.30), (0.28, 0.40, 0.52)])
CLOTHES = np.array(
    [(0.16, 0.22, 0.34), (0.45, 0.15, 0.17), (0.22, 0.36, 0.28), (0.75, 0.75, 0.73), (0.14, 0.14, 0.15)]
)


def draw_expression(name: str, rng: Generator) -> Expression:
    """One of the many ways to look ``name``."""

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    if name == "happy":
        strength = between(0.55, 1.0)
        opening = 0.0 if rng.random() < 0.25 else between(0.10, 0.24)
        return Expression(
            brow_raise=between(-0.02, 0.06),
            eye_opening=0.060 - 0.035 * strength,
            lower_lid_raise=0.04 * strength,
            mouth_width=0.40 + 0.15 * strength,
            corner_lift=0.08 + 0.12 * strength,
            mouth_opening=opening,
            teeth=1.0 if opening else 0.0,
            jaw_drop=0.4 * opening,
            cheek_raise=strength,
        )
    if name == "sad":
        strength = between(0.6, 1.0)
        return Expression(
            brow_raise=between(-0.05, 0.01),
            inner_brow_raise=0.105 + 0.15 * strength,
            eye_opening=between(0.045, 0.07),
            gaze_down=between(0.0, 0.05),
            mouth_width=between(0.31, 0.39),
            corner_lift=-(0.05 + 0.11 * strength),
            mouth_opening=between(0.02, 0.05) if rng.random() < 0.2 else 0.0,
            chin_raise=strength,
        )
    if name == "surprise":
        strength = between(0.6, 1.0)
        opening = between(0.22, 0.50) * strength
        return Expression(
            brow_raise=0.09 + 0.11 * strength,
            inner_brow_raise=between(-0.02, 0.02),
            eye_opening=0.105 + 0.05 * strength,
            lower_lid_raise=-0.015,
            mouth_width=between(0.20, 0.30),
            corner_lift=between(-0.02, 0.02),
            mouth_opening=opening,
            teeth=between(0.0, 0.5),
            jaw_drop=0.6 * opening,
        )
    return Expression(
        brow_raise=between(-0.03, 0.03),
        inner_brow_raise=between(-0.02, 0.015),
        eye_opening=between(0.050, 0.065),
        mouth_width=between(0.33, 0.41),
        corner_lift=between(-0.015, 0.025),
    )


def draw_person(rng: Generator) -> Person:
    """Somebody who does not exist."""
    tone = rng.uniform(0, len(SKIN_TONES) - 1)
    lower = SKIN_TONES[int(tone)]
    upper = SKIN_TONES[min(int(tone) + 1, len(SKIN_TONES) - 1)]
    bald = rng.random() < 0.1
    long_hair = not bald and rng.random() < 0.45
    return Person(
        skin=lower + (upper - lower) * (tone % 1),
        hair=np.clip(rng.choice(HAIR_COLORS[: 3 if tone > 2.5 else None]) + rng.normal(0, 0.015, 3), 0.02, 1),
        iris=rng.choice(IRIS_COLORS[: 2 if tone > 2.5 else None]),
        clothes=rng.choice(CLOTHES),
        jaw=rng.uniform(0.08, 0.28),
        height=rng.uniform(1.26, 1.42),
        eye_distance=rng.uniform(0.38, 0.44),
        eye_size=rng.uniform(0.17, 0.21),
        nose_length=rng.uniform(0.44, 0.54),
        nose_width=rng.uniform(0.12, 0.19),
        lip_fullness=rng.uniform(0.06, 0.12),
        lip_redness=rng.uniform(0.15, 0.75 if long_hair else 0.4),
        brow_thickness=rng.uniform(0.028, 0.06),
        brow_arch=rng.uniform(0.02, 0.07),
        hairline=-1.5 if bald else rng.uniform(-0.95, -0.68),
        long_hair=long_hair,
        beard=0.0 if long_hair or rng.random() < 0.6 else rng.uniform(0.2, 0.85),
        wrinkles=rng.uniform(0.0, 1.0),
        glasses=rng.random() < 0.15,
    )


def draw_view(rng: Generator) -> View:
    """A camera near the front of the face and a lamp above or beside it."""
    light = np.array([rng.uniform(-0.75, 0.75), rng.uniform(-0.8, 0.05), 1.0])
    return View(
        roll=rng.normal(0, 0.09),
        turn=rng.uniform(-0.30, 0.30),
        nod=rng.uniform(-0.06, 0.06),
        light=light / np.linalg.norm(light),
        ambient=rng.uniform(0.30, 0.55),
    )


def backdrop(height: int, width: int, rng: Generator) -> Array:
    """A wall out of focus: a slope of light and a few soft shapes. ``[height, width, 3]``."""
    y, x = np.mgrid[0:height, 0:width]
    x, y = x / width, y / height
    tint = rng.uniform(0.30, 0.80) + rng.normal(0, 0.03, 3)
    wall = np.broadcast_to(tint, (height, width, 3)) * (1 + rng.uniform(-0.4, 0.4) * (x - 0.5))[..., None]
    for _ in range(rng.integers(2, 6)):
        shape = bump(x, y, tuple(rng.uniform(0, 1, 2)), tuple(rng.uniform(0.05, 0.4, 2)))
        wall = wall + shape[..., None] * (rng.normal(0, 0.10) + rng.normal(0, 0.03, 3))
    clipped: Array = np.clip(wall, 0, 1)
    return clipped


def expose(colors: Array, rng: Generator) -> Array:
    """A brightness and a contrast as a camera may choose them."""
    exposed: Array = np.clip(colors * rng.uniform(0.85, 1.12), 0, 1) ** rng.uniform(0.85, 1.15)
    return exposed


def photograph(colors: Array, rng: Generator, *, blur: float, noise: float) -> Image.Image:
    """What a camera makes of it: blur in pixels, noise as a share of white."""
    image = Image.fromarray(np.rint(colors * 255).astype(np.uint8))
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float64)
    grain = rng.normal(0, 255 * noise, pixels.shape[:2])[..., None]
    return Image.fromarray(np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8))


def draw_face(name: str, size: int, rng: Generator) -> Image.Image:
    """A square face crop of ``size`` pixels, drawn at twice that."""
    fine = 2 * size
    half = rng.uniform(1.02, 1.22)
    x, y = np.meshgrid(np.linspace(-half, half, fine), np.linspace(-half, half, fine))
    x, y = x + rng.normal(0, 0.04), y + 0.10 + rng.normal(0, 0.04)
    portrait = Portrait(draw_person(rng), draw_expression(name, rng), draw_view(rng), x, y)
    colors = portrait.render(backdrop(fine, fine, rng))
    image = photograph(expose(colors, rng), rng, blur=rng.uniform(0.4, 1.6), noise=0.0)
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BOX), dtype=np.float64)
    pixels += rng.normal(0, 255 * rng.uniform(0.0, 0.018), pixels.shape[:2])[..., None]
    crop = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    return crop if rng.random() < 0.3 else crop.convert("L")


class Sitter(NamedTuple):
    """A face of a photo, by where it is in pixels. ``person`` is the seed of everything else about it."""

    expression: str
    center_x: float
    center_y: float
    half_width: float
    person: int


def draw_sitter(seed: int, sitter: Sitter) -> tuple[Person, Expression, View]:
    """The face, its expression and its light. Each sitter has a generator of its own."""
    rng = np.random.default_rng(
        [seed, len(FACES_PER_CLASS), EXPRESSIONS.index(sitter.expression), sitter.person]
    )
    return draw_person(rng), draw_expression(sitter.expression, rng), draw_view(rng)


def draw_photo(seed: int, sitters: list[Sitter], size: tuple[int, int], rng: Generator) -> Image.Image:
    """People before a wall."""
    width, height = size
    image = backdrop(height, width, rng)
    for sitter in sitters:
        x, y = np.meshgrid(
            (np.arange(width) - sitter.center_x) / sitter.half_width,
            (np.arange(height) - sitter.center_y) / sitter.half_width,
        )
        image = Portrait(*draw_sitter(seed, sitter), x, y).render(image)
    return photograph(expose(image, rng), rng, blur=0.6, noise=0.008)


# The persons differ in skin, age, hair, glasses and beard, and both built-in models name their expressions.
PHOTOS: dict[str, tuple[tuple[int, int], list[Sitter]]] = {
    "happy": ((480, 480), [Sitter("happy", 240, 220, 110, 5)]),
    "sad": ((480, 480), [Sitter("sad", 235, 225, 105, 28)]),
    "surprise": ((480, 480), [Sitter("surprise", 245, 215, 105, 27)]),
    "neutral": ((480, 480), [Sitter("neutral", 240, 220, 108, 28)]),
    "group": (
        (960, 540),
        [
            Sitter("neutral", 330, 190, 52, 11),
            Sitter("surprise", 640, 185, 55, 38),
            Sitter("happy", 170, 270, 80, 17),
            Sitter("sad", 480, 280, 82, 29),
            Sitter("happy", 800, 270, 84, 0),
        ],
    ),
    "empty_room": ((480, 360), []),
}


CLIP_SIZE = (320, 240)
CLIP_EXPRESSIONS = ("neutral", "happy", "neutral", "surprise")
CLIP_FRAMES_EACH = 6
CLIP_PERSON = 9


def between_expressions(first: Expression, second: Expression, share: float) -> Expression:
    """The expression on the way from ``first`` (share 0) to ``second`` (share 1)."""
    start, end = dataclasses.astuple(first), dataclasses.astuple(second)
    return Expression(*(a + (b - a) * share for a, b in zip(start, end, strict=True)))


def draw_clip(rng: Generator) -> Iterator[Image.Image]:
    """Frames of one person, whose expression changes from one of ``CLIP_EXPRESSIONS`` to the next."""
    width, height = CLIP_SIZE
    person, view, wall = draw_person(rng), draw_view(rng), backdrop(height, width, rng)
    stations = [draw_expression(name, rng) for name in CLIP_EXPRESSIONS]
    for index, station in enumerate(stations):
        following = stations[min(index + 1, len(stations) - 1)]
        for step in range(CLIP_FRAMES_EACH):
            # Two thirds of the time the expression holds, then it changes.
            share = max(0.0, 3 * step / CLIP_FRAMES_EACH - 2)
            expression = between_expressions(station, following, share)
            sway = 3 * np.sin((index * CLIP_FRAMES_EACH + step) / 3)
            x, y = np.meshgrid((np.arange(width) - width / 2 - sway) / 62, (np.arange(height) - 108) / 62)
            yield photograph(
                Portrait(person, expression, view, x, y).render(wall), rng, blur=0.5, noise=0.004
            )


def draw_dataset_face(seed: int, split: str, name: str, index: int) -> Image.Image:
    """One image of the dataset. Each has a generator of its own: one more image changes no other."""
    rng = np.random.default_rng([seed, list(FACES_PER_CLASS).index(split), EXPRESSIONS.index(name), index])
    return draw_face(name, int(rng.integers(48, 81)), rng)


def draw_sample_photo(seed: int, name: str) -> Image.Image:
    """The sample photo called ``name`` in ``PHOTOS``."""
    size, sitters = PHOTOS[name]
    rng = np.random.default_rng([seed, len(FACES_PER_CLASS), list(PHOTOS).index(name)])
    return draw_photo(seed, sitters, size, rng)


def save_all(root: Path, seed: int) -> None:
    """Write the dataset, the photos and the frames of the clip."""
    for split, count in FACES_PER_CLASS.items():
        for name in EXPRESSIONS:
            folder = root / "faces" / split / name
            folder.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                face = draw_dataset_face(seed, split, name, index)
                face.save(folder / f"{name}_{index:03}.jpg", quality=FACE_QUALITY)
    (root / "photos").mkdir(parents=True, exist_ok=True)
    for name in PHOTOS:
        draw_sample_photo(seed, name).save(root / "photos" / f"{name}.jpg", quality=PHOTO_QUALITY)
    (root / "clip").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, len(FACES_PER_CLASS), len(PHOTOS), CLIP_PERSON])
    for index, frame in enumerate(draw_clip(rng)):
        frame.save(root / "clip" / f"frame_{index:02}.jpg", quality=FRAME_QUALITY)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the tutorial dataset and the sample photos.")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder that receives faces/, photos/ and clip/"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    save_all(options.out, options.seed)


if __name__ == "__main__":
    main()
