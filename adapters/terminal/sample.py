"""Decider: the picture that a first try is made of, which we draw: a harbour in the evening."""

from __future__ import annotations

import io
import math
import random
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

WIDTH_PX, HEIGHT_PX = 1024, 768
_SCALE = 2
"""Drawn twice as large and made smaller, for smooth edges."""
_HORIZON = 0.56
_SUN = (0.66, 0.47)
_SEED = 20_260_101
_LIT = 0.7
"""How many of the windows."""

Colour = tuple[int, int, int]
_SKY: tuple[tuple[float, Colour], ...] = (
    (0.0, (38, 52, 98)),
    (0.45, (122, 92, 138)),
    (0.75, (238, 142, 96)),
    (1.0, (255, 208, 128)),
)
_SEA: tuple[tuple[float, Colour], ...] = (
    (0.0, (232, 150, 104)),
    (0.25, (142, 98, 118)),
    (1.0, (22, 42, 74)),
)


def draw() -> bytes:
    """Return the picture as a PNG; always the same one."""
    size = (WIDTH_PX * _SCALE, HEIGHT_PX * _SCALE)
    horizon = round(size[1] * _HORIZON)
    chance = random.Random(_SEED)  # noqa: S311  # waves, not secrets
    picture = Image.new("RGB", size)
    picture.paste(_gradient((size[0], horizon), _SKY))
    _sun(picture)
    _hills(picture, horizon)
    picture.paste(_gradient((size[0], size[1] - horizon), _SEA), (0, horizon))
    _glitter(picture, horizon, chance)
    _houses(picture, horizon, chance)
    _lighthouse(picture, horizon)
    for x, y, height in ((0.34, 0.70, 0.20), (0.56, 0.63, 0.12), (0.80, 0.80, 0.30)):
        _boat(picture, x * size[0], y * size[1], height * size[1])
    out = io.BytesIO()
    picture.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _gradient(size: tuple[int, int], stops: tuple[tuple[float, Colour], ...]) -> Image.Image:
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        column.putpixel((0, y), _between(stops, y / max(1, size[1] - 1)))
    return column.resize(size)


def _between(stops: tuple[tuple[float, Colour], ...], at: float) -> Colour:
    pairs = pairwise(stops)
    (start, first), (end, second) = next(pair for pair in pairs if at <= pair[1][0])
    share = (at - start) / (end - start)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _sun(picture: Image.Image) -> None:
    width, height = picture.size
    x, y, radius = _SUN[0] * width, _SUN[1] * height, 0.055 * width
    glow = Image.new("L", picture.size)
    ImageDraw.Draw(glow).ellipse(_around(x, y, radius * 2.2), fill=150)
    glow = glow.filter(ImageFilter.GaussianBlur(radius * 0.9))
    picture.paste(Image.new("RGB", picture.size, (255, 226, 158)), mask=glow)
    ImageDraw.Draw(picture).ellipse(_around(x, y, radius), fill=(255, 244, 206))


def _around(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return x - radius, y - radius, x + radius, y + radius


def _hills(picture: Image.Image, horizon: int) -> None:
    width, _ = picture.size
    draw_on = ImageDraw.Draw(picture)
    for rise, pace, shift, colour in (
        (0.24, 1.6, 0.4, (136, 98, 130)),
        (0.15, 2.7, 2.1, (92, 70, 106)),
        (0.07, 4.3, 4.0, (58, 52, 84)),
    ):
        ridge = [
            (x, horizon - horizon * rise * (0.62 + 0.38 * math.sin(shift + pace * x / width * 3)))
            for x in range(0, width + 8, 8)
        ]
        draw_on.polygon([(0, horizon), *ridge, (width, horizon)], fill=colour)


def _glitter(picture: Image.Image, horizon: int, chance: random.Random) -> None:
    width, height = picture.size
    draw_on = ImageDraw.Draw(picture)
    for _ in range(420):
        depth = chance.random() ** 1.4
        y = horizon + depth * (height - horizon)
        spread = width * (0.03 + 0.10 * depth)
        x = _SUN[0] * width + chance.gauss(0, 1) * spread
        half = width * (0.004 + 0.016 * depth)
        light = round(90 * depth)
        draw_on.line(
            [(x - half, y), (x + half, y)],
            fill=(255, 214 - light // 2, 150 - light // 2),
            width=max(2, round(5 * depth)),
        )


def _houses(picture: Image.Image, horizon: int, chance: random.Random) -> None:
    width, _ = picture.size
    draw_on = ImageDraw.Draw(picture)
    x = 0.0
    walls = ((112, 62, 64), (150, 92, 74), (84, 66, 92), (176, 122, 92), (98, 84, 104))
    while x < 0.31 * width:
        wide, tall = width * chance.uniform(0.035, 0.055), horizon * chance.uniform(0.14, 0.24)
        top = horizon + 10 - tall
        draw_on.rectangle((x, top, x + wide, horizon + 14), fill=chance.choice(walls))
        roof = [(x - 6, top), (x + wide / 2, top - tall * 0.34), (x + wide + 6, top)]
        draw_on.polygon(roof, fill=(66, 40, 52))
        for column in (0.22, 0.62):
            for row in (0.2, 0.55):
                left, upper = x + wide * column, top + tall * row
                lit = chance.random() < _LIT
                fill = (255, 214, 126) if lit else (52, 44, 66)
                draw_on.rectangle((left, upper, left + wide * 0.18, upper + tall * 0.16), fill=fill)
        x += wide + 4
    draw_on.rectangle((0, horizon + 10, x + 30, horizon + 34), fill=(48, 42, 62))


def _lighthouse(picture: Image.Image, horizon: int) -> None:
    width, _ = picture.size
    draw_on = ImageDraw.Draw(picture)
    x, foot, tall, half = 0.90 * width, horizon + 24, 0.62 * horizon, 0.020 * width
    draw_on.ellipse((x - 5 * half, foot - half, x + 6 * half, foot + 1.6 * half), fill=(46, 42, 62))
    for part in range(6):
        low, high = part / 6, (part + 1) / 6
        wide_low, wide_high = half * (1.25 - 0.5 * low), half * (1.25 - 0.5 * high)
        colour = (236, 224, 214) if part % 2 else (192, 62, 58)
        draw_on.polygon(
            [
                (x - wide_low, foot - tall * low),
                (x + wide_low, foot - tall * low),
                (x + wide_high, foot - tall * high),
                (x - wide_high, foot - tall * high),
            ],
            fill=colour,
        )
    top = foot - tall
    draw_on.rectangle((x - half, top - 8, x + half, top), fill=(44, 40, 58))
    draw_on.rectangle((x - half * 0.6, top - 44, x + half * 0.6, top - 8), fill=(255, 238, 170))
    draw_on.pieslice((x - half, top - 72, x + half, top - 16), 180, 360, fill=(192, 62, 58))


def _boat(picture: Image.Image, x: float, y: float, tall: float) -> None:
    draw_on = ImageDraw.Draw(picture)
    long = tall * 0.46
    draw_on.ellipse((x - long, y + tall * 0.06, x + long, y + tall * 0.16), fill=(30, 42, 66))
    draw_on.line([(x, y), (x, y - tall)], fill=(40, 32, 44), width=max(3, round(tall * 0.02)))
    mainsail = [(x + 5, y - tall), (x + 5, y - tall * 0.14), (x + long * 0.92, y - tall * 0.14)]
    draw_on.polygon(mainsail, fill=(250, 234, 208))
    jib = [(x - 5, y - tall * 0.88), (x - 5, y - tall * 0.14), (x - long * 0.7, y - tall * 0.14)]
    draw_on.polygon(jib, fill=(226, 120, 92))
    hull = [(x - long, y - tall * 0.07), (x + long, y - tall * 0.07)]
    hull += [(x + long * 0.7, y + tall * 0.09), (x - long * 0.72, y + tall * 0.09)]
    draw_on.polygon(hull, fill=(92, 46, 44))
