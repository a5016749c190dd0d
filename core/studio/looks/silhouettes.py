"""Decider: simple shapes that stand for a subject: boats, trees, dunes, towers, birds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks.pixels import Pixels, from_picture

Draw: TypeAlias = Callable[["Pen"], None]
"""Puts one kind of shape on a pen."""


class Pen:
    """Draws in fractions of the picture's height: (0, 0) is the upper left corner."""

    def __init__(self, shape: tuple[int, ...], rng: np.random.Generator) -> None:
        self._unit = shape[0] * 2
        self._picture = Image.new("L", (shape[1] * 2, shape[0] * 2), 0)
        self._pen = ImageDraw.Draw(self._picture)
        self.width = shape[1] / shape[0]
        self.rng = rng

    def mask(self) -> Pixels:
        """What has been drawn, as a map."""
        return from_picture(self._picture.reduce(2))

    def shape(self, points: Sequence[tuple[float, float]], tone: float = 1.0) -> None:
        """A filled outline."""
        self._pen.polygon([(x * self._unit, y * self._unit) for x, y in points], round(tone * 255))

    def line(self, points: Sequence[tuple[float, float]], width: float, tone: float = 1.0) -> None:
        """A line `width` broad."""
        scaled = [(x * self._unit, y * self._unit) for x, y in points]
        self._pen.line(scaled, round(tone * 255), max(1, round(width * self._unit)), "curve")

    def disc(self, x: float, y: float, radius: float, tone: float = 1.0) -> None:
        """A filled circle."""
        u, r = self._unit, radius * self._unit
        self._pen.ellipse((x * u - r, y * u - r, x * u + r, y * u + r), round(tone * 255))

    def box(self, left: float, top: float, right: float, bottom: float, tone: float = 1.0) -> None:
        """A filled rectangle."""
        u = self._unit
        self._pen.rectangle((left * u, top * u, right * u, bottom * u), round(tone * 255))

    def at(self, low: float, high: float) -> float:
        """A random number between two."""
        return float(self.rng.uniform(low, high))


def boats(pen: Pen) -> None:
    """Sailing boats with masts, stays and reflections that the water may break."""
    count = max(2, round(pen.width * 2.2))
    for index in range(count):
        near = pen.at(0.5, 1.1)
        x = (index + pen.at(0.25, 0.75)) / count * pen.width
        y, size = 0.84 + 0.1 * near, 0.085 * near
        hull = [(-1, -0.16), (1.15, -0.22), (0.86, 0.16), (-0.8, 0.16)]
        pen.shape([(x + a * size, y + b * size) for a, b in hull])
        top = y - size * pen.at(2.4, 3.3)
        pen.line([(x + size * 0.1, y), (x + size * 0.1, top)], 0.0045 * near)
        pen.line([(x + size * 0.1, top), (x + size * 1.1, y - size * 0.2)], 0.0018 * near)
        pen.line([(x + size * 0.1, top), (x - size * 0.95, y - size * 0.16)], 0.0018 * near)
        if pen.at(0, 1) < 0.6:
            sail = [(0.16, -0.3), (0.16, top / size - y / size + 0.25), (0.95, -0.35)]
            pen.shape([(x + a * size, y + b * size) for a, b in sail], 0.8)
        pen.box(x - size * 0.5, y - size * 0.42, x - size * 0.05, y - size * 0.1)


def gulls(pen: Pen) -> None:
    """A handful of birds on the wing."""
    x0, y0 = pen.at(0.15, 0.7) * pen.width, pen.at(0.1, 0.24)
    for _ in range(9):
        x, y, s = x0 + pen.at(-0.2, 0.3), y0 + pen.at(-0.08, 0.11), pen.at(0.012, 0.03)
        lift = pen.at(0.25, 0.7) * s
        wing = [(x - s, y - lift), (x - s * 0.45, y - lift * 1.1), (x, y)]
        wing += [(x + s * 0.45, y - lift * 1.1), (x + s, y - lift * 0.8)]
        pen.line(wing, 0.0042)


def pines(pen: Pen) -> None:
    """Firs in rows, tall ones framing both sides."""
    for row, (base, height, tone) in enumerate(
        ((0.9, 0.26, 0.55), (0.97, 0.34, 0.8), (1.05, 0.52, 1.0))
    ):
        count = round(pen.width * (15 - row * 3))
        for index in range(count):
            x = (index + pen.at(-0.3, 1.3)) / count * pen.width
            side = abs(x / pen.width - 0.5) * 2
            tall = height * (0.35 + 0.75 * side**1.6) * pen.at(0.7, 1.15)
            _fir(pen, x, base, tall, tone)
    pen.box(0, 0.965, pen.width, 1.0, 1.0)


def _fir(pen: Pen, x: float, base: float, tall: float, tone: float) -> None:
    tiers = max(4, int(tall * 26))
    pen.line([(x, base), (x, base - tall)], tall * 0.02, tone)
    for tier in range(tiers):
        y = base - tall + tall * tier / tiers
        half = tall * (0.03 + 0.2 * (tier + 1) / tiers) * pen.at(0.8, 1.15)
        pen.shape(
            [
                (x, y - tall * 0.05),
                (x + half, y + tall * 0.1),
                (x, y + tall * 0.06),
                (x - half * pen.at(0.8, 1.1), y + tall * 0.1),
            ],
            tone,
        )


def fronds(pen: Pen) -> None:
    """Large leaves from the corners and the lower edge."""
    roots = [
        (0.0, 1.05),
        (pen.width, 1.05),
        (0.0, 0.45),
        (pen.width, 0.35),
        (pen.width * 0.5, 1.12),
    ]
    for x, y in roots:
        inwards = np.arctan2(0.42 - y, pen.width / 2 - x)
        for _ in range(4):
            _frond(pen, x, y, inwards + pen.at(-0.75, 0.75), pen.at(0.2, 0.44))


def _frond(pen: Pen, x: float, y: float, angle: float, length: float) -> None:
    steps = 15
    bend = pen.at(-1.1, 1.1)
    for step in range(steps):
        part = step / steps
        turn = angle + bend * part
        x, y = x + np.cos(turn) * length / steps, y + np.sin(turn) * length / steps
        leaf = length * 0.3 * np.sin(np.pi * (0.12 + 0.86 * part))
        for side in (-1, 1):
            away = turn + side * 0.95
            tip = (x + np.cos(away) * leaf, y + np.sin(away) * leaf)
            wide = leaf * 0.075
            pen.shape(
                [
                    (x - np.sin(away) * wide, y + np.cos(away) * wide),
                    tip,
                    (x + np.sin(away) * wide, y - np.cos(away) * wide),
                ],
                0.75 + 0.25 * part,
            )


def palms(pen: Pen) -> None:
    """Two or three leaning palms and a strip of ground."""
    for x, lean, tall in ((0.1, 0.1, 0.62), (0.17, 0.2, 0.46), (0.92, -0.13, 0.56)):
        foot = x * pen.width
        trunk = [(foot + lean * t * t, 1.02 - tall * t) for t in np.linspace(0, 1, 12)]
        pen.line(trunk, 0.014)
        top_x, top_y = trunk[-1]
        for index in range(10):
            angle = -np.pi / 2 + (index - 4.5) * 0.48 + pen.at(-0.1, 0.1)
            _palm_leaf(pen, top_x, top_y, angle, pen.at(0.15, 0.21))


def _palm_leaf(pen: Pen, x: float, y: float, angle: float, length: float) -> None:
    steps = 34
    for step in range(steps):
        part = step / steps
        x = x + np.cos(angle) * length / steps
        y = y + (np.sin(angle) + part * 1.5) * length / steps
        blade = length * 0.34 * (1 - part * 0.75)
        for side in (-0.6, 0.6):
            pen.line([(x, y), (x + blade * side * 0.5, y + blade)], 0.005)


def skyline(pen: Pen) -> None:
    """Tower blocks along the lower edge, two rows deep."""
    for base_height, tone, step in ((0.3, 0.62, 0.055), (0.17, 1.0, 0.075)):
        x = -0.02
        while x < pen.width:
            wide, tall = pen.at(0.6, 1.3) * step, base_height * pen.at(0.45, 1.2)
            pen.box(x, 1 - tall, x + wide, 1.0, tone)
            if pen.at(0, 1) < 0.3:
                pen.box(x + wide * 0.3, 1 - tall * 1.12, x + wide * 0.7, 1 - tall, tone)
            if pen.at(0, 1) < 0.25:
                pen.line([(x + wide / 2, 1 - tall), (x + wide / 2, 1 - tall * 1.35)], 0.003, tone)
            x += wide * pen.at(0.95, 1.2)


def windows(pen: Pen) -> None:
    """Lit windows for the lower edge; to be shown only where there are buildings."""
    for row in np.arange(0.72, 0.99, 0.0165):
        for column in np.arange(0.005, pen.width, 0.0125):
            if pen.at(0, 1) < 0.3:
                pen.box(column, row, column + 0.0055, row + 0.008, pen.at(0.5, 1.0))


def cottages(pen: Pen) -> None:
    """Gabled roofs with chimneys, close together."""
    for base, tone, step in ((0.9, 0.6, 0.11), (1.0, 1.0, 0.16)):
        x = -0.05
        while x < pen.width:
            wide, wall = step * pen.at(0.7, 1.25), pen.at(0.05, 0.1)
            roof = pen.at(0.05, 0.085)
            pen.box(x, base - wall, x + wide, 1.0, tone)
            ridge = x + wide * pen.at(0.4, 0.6)
            eaves = base - wall
            pen.shape([(x - 0.008, eaves), (ridge, eaves - roof), (x + wide + 0.008, eaves)], tone)
            pen.box(x + wide * 0.68, eaves - roof * 1.05, x + wide * 0.76, eaves, tone)
            x += wide * pen.at(0.85, 1.05)


def peaks(pen: Pen) -> None:
    """Three ridges behind one another, low in the picture."""
    for base, height, rough, tone in (
        (0.8, 0.2, 0.7, 0.42),
        (0.9, 0.15, 0.6, 0.7),
        (1.0, 0.1, 0.5, 1.0),
    ):
        xs = np.linspace(0, pen.width, 160)
        line = np.zeros_like(xs)
        for octave in range(6):
            frequency = 2.2 * 2**octave
            line += np.abs(np.sin(xs * frequency + pen.at(0, 6.28))) * rough**octave
        tops = base - height * line / line.max()
        pen.shape(
            [(0.0, 1.0), *zip(xs.tolist(), tops.tolist(), strict=True), (pen.width, 1.0)], tone
        )


def dunes(pen: Pen) -> None:
    """Long soft dunes with a cactus or two."""
    for base, tone in ((0.84, 0.45), (0.9, 0.7), (0.96, 1.0)):
        xs = np.linspace(0, pen.width, 120)
        swing = np.sin(xs * pen.at(1.6, 2.8) + pen.at(0, 6.28)) * 0.05
        swing += np.abs(np.sin(xs * pen.at(0.7, 1.5) + pen.at(0, 6.28))) * 0.05
        tops = (base - swing).tolist()
        pen.shape([(0.0, 1.0), *zip(xs.tolist(), tops, strict=True), (pen.width, 1.0)], tone)
    for x, tall in ((pen.at(0.05, 0.16), 0.25), (pen.at(0.84, 0.95), 0.17)):
        _cactus(pen, x * pen.width, tall)


def _cactus(pen: Pen, x: float, tall: float) -> None:
    wide = tall * 0.13
    pen.line([(x, 1.0), (x, 0.93 - tall)], wide)
    pen.disc(x, 0.93 - tall, wide / 2)
    for side, at, reach in ((-1, 0.4, 0.32), (1, 0.55, 0.28)):
        y, out = 0.93 - tall * at, x + side * tall * 0.24
        pen.line([(x, y), (out, y), (out, y - tall * reach)], wide * 0.72)
        pen.disc(out, y - tall * reach, wide * 0.36)


def towers(pen: Pen) -> None:
    """A castle on a hill, to one side."""
    middle = pen.width * (pen.at(0.16, 0.26) if pen.at(0, 1) < 0.5 else pen.at(0.74, 0.84))
    xs = np.linspace(0, pen.width, 90)
    hill = 0.95 - 0.19 * np.exp(-(((xs - middle) / 0.3) ** 2)) + 0.012 * np.sin(xs * 9)
    pen.shape([(0.0, 1.0), *zip(xs.tolist(), hill.tolist(), strict=True), (pen.width, 1.0)])
    for x, wide, top in (
        (-0.13, 0.05, 0.63),
        (-0.055, 0.065, 0.53),
        (0.02, 0.08, 0.6),
        (0.085, 0.045, 0.47),
        (0.14, 0.05, 0.64),
    ):
        left = middle + x
        pen.box(left, top, left + wide, 0.84)
        for notch in range(4):
            step = wide / 4
            pen.box(left + notch * step, top - 0.014, left + notch * step + step * 0.55, top)
        if x in {-0.055, 0.085}:
            pen.shape(
                [(left - 0.008, top), (left + wide / 2, top - 0.11), (left + wide + 0.008, top)]
            )
            pen.line([(left + wide / 2, top - 0.1), (left + wide / 2, top - 0.15)], 0.003)
    pen.box(middle - 0.13, 0.7, middle + 0.18, 0.85)


def grasses(pen: Pen) -> None:
    """Tall grass and seed heads along the lower edge."""
    for _ in range(round(pen.width * 330)):
        x, tall, lean = pen.at(0, pen.width), pen.at(0.04, 0.17), pen.at(-0.05, 0.06)
        pen.line(
            [(x, 1.01), (x + lean * 0.3, 1 - tall * 0.6), (x + lean, 1 - tall)],
            0.0024,
            pen.at(0.55, 1.0),
        )
        if pen.at(0, 1) < 0.14:
            for bead in range(5):
                pen.disc(x + lean * (1 - bead * 0.05), 1 - tall + bead * 0.008, 0.0042)


def blossoms(pen: Pen) -> None:
    """Flowers on stems along the lower edge: the heads only are bright."""
    for _ in range(round(pen.width * 17)):
        x, y, size = pen.at(0, pen.width), 1.02 - pen.at(0.02, 0.2), pen.at(0.012, 0.032)
        petals, turn = int(pen.at(5, 9)), pen.at(0, 6)
        for petal in range(petals):
            angle = turn + petal * 2 * np.pi / petals
            pen.disc(
                x + np.cos(angle) * size * 0.62,
                y + np.sin(angle) * size * 0.55,
                size * 0.42,
                pen.at(0.75, 1.0),
            )


def globes(pen: Pen) -> None:
    """Balloons with baskets, floating high up."""
    for _ in range(max(2, round(pen.width * 2))):
        x, y, r = pen.at(0.04, 0.96) * pen.width, pen.at(0.1, 0.42), pen.at(0.025, 0.075)
        pen.disc(x, y, r, pen.at(0.75, 1.0))
        pen.shape(
            [
                (x - r * 0.88, y + r * 0.45),
                (x + r * 0.88, y + r * 0.45),
                (x + r * 0.2, y + r * 1.45),
                (x - r * 0.2, y + r * 1.45),
            ],
            0.85,
        )
        pen.box(x - r * 0.17, y + r * 1.6, x + r * 0.17, y + r * 1.88)
