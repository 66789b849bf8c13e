"""A head as a height field lit by one lamp and painted with skin, hair, eyes, brows and a mouth.

Face coordinates: x grows to the right of the image, y downwards; the head reaches from -1 to 1 in x and
from about -1.35 to 1.35 in y, with the eyes near y = 0. Colors are RGB in [0, 1].
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Expression:
    """What moves in a face. Lengths are in face coordinates, shares from 0 to 1."""

    brow_raise: float = 0.0
    inner_brow_raise: float = 0.0
    """Positive: the inner ends rise and the outer ends fall, as in sadness."""
    eye_opening: float = 0.085
    """Half the distance between the lids."""
    lower_lid_raise: float = 0.0
    gaze_down: float = 0.0
    mouth_width: float = 0.38
    """Half the distance between the corners of the mouth."""
    corner_lift: float = 0.0
    """Positive: a smile; negative: the corners fall."""
    mouth_opening: float = 0.0
    """Height of the open mouth."""
    teeth: float = 0.0
    jaw_drop: float = 0.0
    cheek_raise: float = 0.0
    chin_raise: float = 0.0
    """The lower lip pushed up, the chin dimpled."""


@dataclass(frozen=True)
class Person:
    """What stays the same in a face whatever its expression."""

    skin: Array
    hair: Array
    iris: Array
    clothes: Array
    jaw: float
    """How much narrower the jaw is than the temples."""
    height: float
    eye_distance: float
    eye_size: float
    nose_length: float
    nose_width: float
    lip_fullness: float
    lip_redness: float
    brow_thickness: float
    brow_arch: float
    hairline: float
    """y at which the hair begins above the forehead; below -1.3 the head is bald."""
    long_hair: bool
    beard: float
    wrinkles: float
    glasses: bool


@dataclass(frozen=True)
class View:
    """How the face stands before the camera and the lamp."""

    roll: float
    """Radians, in the plane of the image."""
    turn: float
    """Radians, to the side."""
    nod: float
    light: Array
    """Unit vector towards the lamp."""
    ambient: float


def smooth_step(values: Array, edge: float | Array, width: float) -> Array:
    """0 well below ``edge``, 1 well above it, a smooth ramp of ``width`` between."""
    t: Array = np.clip((values - edge) / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def bump(x: Array, y: Array, center: tuple[float, float], spread: tuple[float, float]) -> Array:
    """A Gaussian hill of height 1."""
    hill: Array = np.exp(-(((x - center[0]) / spread[0]) ** 2) - ((y - center[1]) / spread[1]) ** 2)
    return hill


def bump_pair(x: Array, y: Array, center: tuple[float, float], spread: tuple[float, float]) -> Array:
    """One Gaussian hill on each side of the face."""
    return bump(x, y, center, spread) + bump(x, y, (-center[0], center[1]), spread)


class Canvas:
    """Colors of an image, painted over by masks."""

    def __init__(self, colors: Array) -> None:
        self.colors = colors

    def paint(self, color: Array | tuple[float, float, float], mask: Array) -> None:
        where = painted_area(mask)
        paint = np.asarray(color)
        paint = paint[where] if paint.ndim == 3 else paint
        self.colors[where] += (paint - self.colors[where]) * np.clip(mask[where], 0, 1)[..., None]

    def darken(self, mask: Array, share: float) -> None:
        where = painted_area(mask)
        self.colors[where] *= 1 - share * np.clip(mask[where], 0, 1)[..., None]


def painted_area(mask: Array) -> tuple[slice, slice]:
    """The rows and columns beyond which a mask changes no color; few, for most masks."""
    seen = mask > 1e-9
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


class Portrait:
    """One head on a grid of pixels: first its relief, then its paint."""

    def __init__(self, person: Person, expression: Expression, view: View, x: Array, y: Array) -> None:
        self.person = person
        self.expression = expression
        self.view = view
        self.pixel = float(abs(x[0, 1] - x[0, 0]))
        self.edge = 2.5 * self.pixel
        cos, sin = np.cos(view.roll), np.sin(view.roll)
        self.head_x = cos * x + sin * y
        self.head_y = cos * y - sin * x
        # The chin goes down with the jaw; what lies above the nose stays.
        stretch = 1 + expression.jaw_drop * 0.22 * smooth_step(self.head_y, 0.5, 0.8)
        self.y = self.head_y / stretch
        narrowing = 0.96 - person.jaw * smooth_step(self.y, 0.85, 1.2) + 0.03 * smooth_step(-self.y, 0.6, 0.8)
        self.outline_x = self.head_x / narrowing
        inside = np.clip(1 - self.outline_x**2 - (self.y / person.height) ** 2, 0, None)
        self.outline = np.hypot(self.outline_x, self.y / person.height)
        self.skin = 1 - smooth_step(self.outline, 1.0, self.edge)
        self.depth = np.sqrt(inside)
        # Turning the head moves what is painted on it over the round surface.
        self.x = np.sin(np.arcsin(np.clip(self.outline_x, -0.999, 0.999)) - view.turn)
        self.y = self.y - view.nod * self.depth
        self.mouth_y = 0.30 + person.nose_length + 0.04 * expression.jaw_drop

    def render(self, background: Array) -> Array:
        """Colors in [0, 1], ``[height, width, 3]``, over ``background``."""
        canvas = Canvas(background.copy())
        self._paint_body(canvas)
        face = Canvas(np.broadcast_to(self.person.skin, background.shape).copy())
        self._paint_skin(face)
        self._paint_mouth(face)
        for side in (-1, 1):
            self._paint_eye(face, side)
            self._paint_brow(face, side)
        lit = face.colors * self._shading[..., None] + self._gloss[..., None]
        canvas.paint(np.clip(lit, 0, 1), self.skin)
        if self.person.glasses:
            self._paint_glasses(canvas)
        self._paint_hair(canvas)
        return np.clip(canvas.colors, 0, 1)

    def repainted(self, person: Person) -> Portrait:
        """The same head in the paint of ``person``: skin, hair, iris, glasses. Its relief stays as it is."""
        other = copy.copy(self)
        other.person = person
        return other

    @cached_property
    def _relief(self) -> Array:
        person, expression, x, y = self.person, self.expression, self.x, self.y
        nose_tip = 0.02 + person.nose_length
        relief: Array = 0.85 * self.depth
        relief -= 0.16 * bump_pair(x, y, (person.eye_distance, -0.03), (0.20, 0.15))
        relief += (
            0.06 * np.exp(-(((y + 0.27 + expression.brow_raise) / 0.10) ** 2)) * np.exp(-((x / 0.62) ** 4))
        )
        slope = smooth_step(y, 0.05, 0.7) * (1 - smooth_step(y, nose_tip, 0.14))
        relief += 0.17 * np.exp(-((x / (0.10 + 0.05 * slope)) ** 2)) * slope
        relief += 0.08 * bump(x, y, (0, nose_tip - 0.07), (person.nose_width, 0.11))
        relief += 0.05 * bump_pair(x, y, (person.nose_width, nose_tip - 0.02), (0.07, 0.07))
        cheek_y = 0.38 - 0.10 * expression.cheek_raise
        relief += (0.04 + 0.10 * expression.cheek_raise) * bump_pair(x, y, (0.52, cheek_y), (0.24, 0.20))
        relief += 0.07 * bump(x, y, (0, self.mouth_y), (0.42, 0.20))
        relief += 0.06 * bump(x, y, (0, 1.17), (0.26, 0.14)) * (1 + 0.4 * expression.chin_raise)
        relief -= 0.035 * expression.chin_raise * bump(x, y, (0, self.mouth_y + 0.17), (0.22, 0.045))
        lines = np.sin(np.clip(y + 0.72, 0, 0.36) * 2 * np.pi / 0.12)
        forehead = 0.010 * np.clip(expression.brow_raise / 0.1, 0, 1) * (0.4 + person.wrinkles)
        relief += forehead * lines * np.exp(-((x / 0.5) ** 4))
        relief -= 0.02 * max(expression.inner_brow_raise, 0) / 0.1 * bump(x, y, (0, -0.24), (0.05, 0.12))
        return relief + self._laugh_lines()

    def _laugh_lines(self) -> Array:
        """The folds from the wings of the nose past the corners of the mouth."""
        person, expression = self.person, self.expression
        t = np.clip((self.y - 0.45) / (self.mouth_y + 0.08 - 0.45), 0, 1)
        fold_x = person.nose_width + 0.06 + (expression.mouth_width - 0.08) * t**1.2
        within = smooth_step(self.y, 0.50, 0.16) * (1 - smooth_step(self.y, self.mouth_y + 0.04, 0.24))
        depth = 0.008 + 0.030 * expression.cheek_raise + 0.008 * person.wrinkles
        folds: Array = -depth * within * np.exp(-(((np.abs(self.x) - fold_x) / 0.065) ** 2))
        return folds

    @cached_property
    def _normals(self) -> tuple[Array, Array, Array]:
        down, right = np.gradient(self._relief, self.pixel)
        length = np.sqrt(down**2 + right**2 + 1)
        return -right / length, -down / length, 1 / length

    @cached_property
    def _shading(self) -> Array:
        x, y, z = self._normals
        light = self.view.light
        diffuse = np.clip(x * light[0] + y * light[1] + z * light[2], 0, 1) ** 0.9
        shading: Array = self.view.ambient + (1.08 - self.view.ambient) * diffuse
        return shading

    @cached_property
    def _gloss(self) -> Array:
        x, y, z = self._normals
        half = self.view.light + np.array([0.0, 0.0, 1.0])
        half /= np.linalg.norm(half)
        gloss: Array = 0.10 * np.clip(x * half[0] + y * half[1] + z * half[2], 0, 1) ** 24
        return gloss

    def _paint_skin(self, face: Canvas) -> None:
        person, x, y = self.person, self.x, self.y
        face.paint(person.skin * np.array([1.0, 0.86, 0.84]), bump_pair(x, y, (0.52, 0.36), (0.26, 0.20)))
        nostril_y = 0.04 + person.nose_length
        face.darken(bump_pair(x, y, (person.nose_width * 0.55, nostril_y), (0.045, 0.028)), 0.65)
        face.darken(bump_pair(x, y, (person.eye_distance, 0.12), (0.17, 0.05)), 0.10 + 0.10 * person.wrinkles)
        face.darken(bump(x, y, (0, nostril_y + 0.05), (person.nose_width, 0.05)), 0.22)
        jaw = smooth_step(np.hypot(x / 0.95, (y - 0.35) / 0.85), 0.78, 0.35) * smooth_step(y, 0.35, 0.4)
        moustache = bump(x, y, (0, self.mouth_y - 0.14), (0.34, 0.07))
        face.paint(person.hair, person.beard * np.maximum(jaw, moustache))

    def _paint_eye(self, face: Canvas, side: int) -> None:
        person, expression = self.person, self.expression
        width = person.eye_size
        t = (self.x - side * person.eye_distance) / width
        profile = np.clip(1 - t**2, 0, None)
        droop = 0.35 * max(expression.inner_brow_raise, 0) * side * t
        middle = 0.012 * side * t
        upper = middle - 1.25 * expression.eye_opening * profile**0.75 + droop * profile
        lower = middle + (0.75 * expression.eye_opening - expression.lower_lid_raise) * profile
        edge = 0.018 + self.edge
        opening = (
            smooth_step(self.y - upper, 0, edge)
            * (1 - smooth_step(self.y - lower, 0, edge))
            * (np.abs(t) < 1)
        )
        face.paint((0.90, 0.89, 0.88), opening)
        gaze_x = side * person.eye_distance + 0.10 * self.view.turn
        iris = np.hypot(self.x - gaze_x, self.y + 0.012 - expression.gaze_down)
        face.paint(person.iris, opening * (1 - smooth_step(iris, 0.088, edge)))
        face.paint((0.03, 0.03, 0.03), opening * (1 - smooth_step(iris, 0.040, edge)))
        face.darken(opening * (1 - smooth_step(self.y - upper, 0.03, 0.06)), 0.45)
        glint = np.hypot(self.x - gaze_x + 0.03, self.y + 0.045 - expression.gaze_down)
        face.paint((1.0, 1.0, 1.0), 0.9 * opening * (1 - smooth_step(glint, 0.017, edge)))
        near = (np.abs(t) < 1.1) * 1.0
        face.darken(near * np.exp(-(((self.y - upper) / 0.020) ** 2)), 0.75)
        face.darken(
            near * np.exp(-(((self.y - lower) / 0.014) ** 2)), 0.28 + 4 * max(expression.lower_lid_raise, 0)
        )
        face.darken(near * profile * np.exp(-(((self.y - upper + 0.055) / 0.016) ** 2)), 0.32)

    def _paint_brow(self, face: Canvas, side: int) -> None:
        person, expression = self.person, self.expression
        inner, outer = person.eye_distance - 0.25, person.eye_distance + 0.29
        t = (side * self.x - inner) / (outer - inner)
        tilt = expression.inner_brow_raise * (0.35 - t)
        line = (
            -0.25 - expression.brow_raise - tilt - person.brow_arch * np.sin(np.pi * np.clip(t, 0, 1) ** 1.3)
        )
        thickness = person.brow_thickness * (1.15 - 0.75 * np.clip(t, 0, 1))
        along = smooth_step(t, 0.02, 0.16) * (1 - smooth_step(t, 0.98, 0.10))
        stroke = 1 - smooth_step(np.abs(self.y - line), thickness, 0.035 + self.edge)
        # Brows are darker than the skin whatever the hair: without the contrast nobody looks sad.
        face.paint(np.minimum(person.hair * 0.9, person.skin * 0.45), 0.88 * along * stroke)

    def _paint_mouth(self, face: Canvas) -> None:
        person, expression = self.person, self.expression
        t = self.x / expression.mouth_width
        profile = np.clip(1 - t**2, 0, None)
        middle = self.mouth_y + expression.corner_lift * (0.45 - t**2)
        gap = expression.mouth_opening * profile**0.55
        # A smile opens downwards: the teeth stay where they are.
        upper, lower = middle - 0.35 * gap, middle + 0.65 * gap
        bow = 1 - 0.35 * np.exp(-((self.x / 0.06) ** 2))
        within = (np.abs(t) < 1) * 1.0
        edge = 0.02 + self.edge
        upper_edge = upper - person.lip_fullness * bow * profile**0.6
        lower_edge = lower + 1.25 * person.lip_fullness * profile**0.8 * (1 - 0.35 * expression.chin_raise)
        lips = within * smooth_step(self.y, upper_edge, edge) * (1 - smooth_step(self.y, lower_edge, edge))
        red = person.skin * np.array([0.86, 0.58, 0.56])
        face.paint(person.skin * (1 - person.lip_redness) + red * person.lip_redness, lips)
        face.darken(lips * (self.y < upper), 0.20)
        face.darken(within * bump(self.x, self.y - lower_edge, (0, 0.05), (0.24, 0.04)), 0.22)
        inside = within * smooth_step(self.y, upper, edge) * (1 - smooth_step(self.y, lower, edge))
        if expression.mouth_opening:
            face.paint((0.16, 0.05, 0.05), inside)
            tongue = bump(self.x, self.y - lower, (0, -0.02), (0.18, 0.07))
            face.paint((0.50, 0.22, 0.22), 0.6 * inside * tongue)
            teeth_edge = upper + min(0.10, 0.7 * expression.mouth_opening) * profile**0.4
            face.paint(
                (0.93, 0.91, 0.87), expression.teeth * inside * (1 - smooth_step(self.y, teeth_edge, edge))
            )
        else:
            face.darken(within * np.exp(-(((self.y - middle) / 0.018) ** 2)), 0.62)
        corner = (expression.mouth_width, self.mouth_y - 0.55 * expression.corner_lift)
        corners = bump_pair(self.x, self.y, corner, (0.05, 0.045))
        face.darken(corners, 0.30 + 0.15 * abs(expression.corner_lift) / 0.2)

    def _paint_glasses(self, canvas: Canvas) -> None:
        frame = np.zeros_like(self.x)
        for side in (-1, 1):
            rim = np.hypot((self.x - side * 0.42) / 0.30, (self.y - 0.02) / 0.24)
            frame = np.maximum(frame, 1 - smooth_step(np.abs(rim - 1), 0.06, 0.06 + self.edge))
        bridge = (np.abs(self.x) < 0.14) * (1 - smooth_step(np.abs(self.y + 0.02), 0.02, self.edge))
        canvas.paint((0.08, 0.07, 0.07), 0.9 * self.skin * np.maximum(frame, bridge))

    def _paint_body(self, canvas: Canvas) -> None:
        person, x, y = self.person, self.head_x, self.head_y
        if person.long_hair:
            fall = 1 - smooth_step(np.hypot(x / 1.15, np.clip(-y, 0, None) / 1.5), 1, 0.06 + self.edge)
            strands = (
                0.85 + 0.05 * np.sin(x * 40 + 2 * np.sin(y * 3)) + 0.04 * np.sin(x * 71 + 2 * np.sin(y * 2))
            )
            canvas.paint(person.hair * strands[..., None], fall * (1 - smooth_step(y, 1.7, 0.4)))
        shoulders = smooth_step(y, 1.70 + 0.22 * np.abs(x) ** 1.8, 0.05 + self.edge)
        shade = 0.75 + 0.25 * np.clip(1 - np.abs(x - self.view.light[0]) / 2.5, 0, 1)
        neck_width = 0.55 + 0.5 * np.clip(y - 1.4, 0, 0.6) ** 2
        neck = (1 - smooth_step(np.abs(x), neck_width, 0.05 + self.edge)) * smooth_step(y, 0.4, 0.1)
        under_chin = 0.5 + 0.35 * smooth_step(y, 1.4, 0.6)
        canvas.paint(person.skin * (shade * under_chin)[..., None], neck)
        canvas.paint(person.clothes * shade[..., None], shoulders)
        if not person.long_hair:
            for side in (-1, 1):
                ear = np.hypot((x - side * 0.95) / 0.12, (y - 0.10) / 0.26)
                canvas.paint(person.skin * 0.72, 1 - smooth_step(ear, 1, 0.1 + self.edge))

    def _paint_hair(self, canvas: Canvas) -> None:
        person = self.person
        if person.hairline < -1.3:
            return
        x, y = self.head_x, self.head_y
        cap = 1 - smooth_step(np.hypot(x / 1.04, y / (person.height + 0.12)), 1, 0.05 + self.edge)
        temples = np.clip(np.maximum(np.abs(self.x), np.abs(x)) - 0.55, 0, None)
        line = np.minimum(person.hairline + 2.1 * temples**1.2, 0.35 if person.long_hair else 0.05)
        line += 0.03 * np.sin(self.x * 5 + 40 * person.jaw) + 0.008 * np.sin(self.x * 47)
        above = 1 - smooth_step(y, line, 0.09 + self.edge)
        sheen = 0.80 + 0.6 * np.clip(1 - np.hypot(x - 0.6 * self.view.light[0], y + 1.15) / 0.7, 0, 1)
        strands = 1 + 0.05 * np.sin(x * 55 + 3 * y) + 0.04 * np.sin(x * 83 - 5 * y)
        canvas.paint(np.clip(person.hair * (sheen * strands)[..., None], 0, 1), cap * above)
