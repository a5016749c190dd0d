"""Decider: a picture of our own to draw from: a hill town over its harbour at dusk."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from core.studio.looks import grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    from_picture,
    grid,
    luma,
    mix,
    sample_between,
    screen,
    smoothstep,
    to_picture,
    vignette,
)

WIDTH_PX, HEIGHT_PX = 1024, 683
_SHAPE = (HEIGHT_PX, WIDTH_PX)
_SHORE = 0.66
"""Where land ends and water begins, as a share of the height."""
_SEED = 1883
_ROWS_OF_HOUSES = 6
_CHURCH_ROW = 4
_TREES = 0.2
"""How many houses have a tree beside them."""
_LIT = 0.42
"""How many windows are lit."""
_WALLS = ("#d9a066", "#c96f4a", "#e3c08a", "#b5543c", "#d7b7a0", "#a85f6a", "#e6d3a8", "#8f6f86")
_ROOFS = ("#7a3328", "#8c4030", "#5c2f35", "#6f3b2a")
_HULLS = ("#b8322a", "#1f4f73", "#e9e2d0", "#2f6a55", "#d98a2b")


def draw_sample() -> bytes:
    """Draw the picture, 1024 x 683 px, as a JPEG; it is the same every time."""
    rng = np.random.default_rng(_SEED)
    land = _hills(_sky(rng), rng)
    town = _town(land, rng)
    harbour = _boats(_water(town, rng), rng)
    dusk = _air(harbour, rng)
    buffer = io.BytesIO()
    to_picture(dusk).save(buffer, "JPEG", quality=93, subsampling=0)
    return buffer.getvalue()


def _sky(rng: np.random.Generator) -> Pixels:
    """A gradient with streaks of lit cloud and a low sun."""
    rows, columns = grid(_SHAPE)
    height = rows / (HEIGHT_PX * _SHORE) + np.zeros(_SHAPE, np.float32)
    tones = ("#1d2a5c", "#3b4a8a", "#84709f", "#d98a86", "#f6b27a", "#ffd79a")
    sky = palette.ramp(clip(height * 1.02), tones)
    cloud = grain.clouds((HEIGHT_PX, WIDTH_PX // 4), rng, 90, 5)
    wide = np.asarray(
        Image.fromarray(cloud).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC)
    )
    lit = smoothstep(0.52, 0.9, wide) * smoothstep(0.75, 0.25, height)
    sky = mix(sky, palette.ramp(clip(height * 1.3), ("#5a4f86", "#e58a80", "#ffc79a")), lit * 0.8)
    away = np.hypot(rows - HEIGHT_PX * 0.5, columns - WIDTH_PX * 0.27)
    glow = np.exp(-away / 150)[..., None] * colour("#ffbe78")
    sun = smoothstep(31, 28, away)[..., None] * colour("#fff1c9")
    return screen(screen(sky, glow * 0.8), sun)


def _hills(a: Pixels, rng: np.random.Generator) -> Pixels:
    """Three ridges, the far ones paler."""
    xs = np.linspace(0, 1, WIDTH_PX)
    layers = (
        (0.47, 0.12, "#8f7ba3", 2.3),
        (0.54, 0.13, "#5f5a86", 3.4),
        (0.6, 0.1, "#3d4468", 4.6),
    )
    rows, _ = grid(_SHAPE)
    for base, lift, tone, pace in layers:
        waves = [np.sin(xs * pace * 2**k * 3.1 + rng.uniform(0, 6.3)) / 2**k for k in range(6)]
        edge = (base - lift * (0.45 + 0.35 * np.sum(waves, axis=0))) * HEIGHT_PX
        mask = smoothstep(-1.0, 1.0, rows - edge[None].astype(np.float32))
        texture = 0.92 + 0.16 * grain.clouds(_SHAPE, rng, 26, 4)
        mist = smoothstep(0, 120, rows - edge[None].astype(np.float32)) * 0.35
        body = mix(colour(tone) * texture[..., None], colour("#d7a09a"), mist)
        a = mix(a, body.astype(np.float32), mask)
    return a


def _town(a: Pixels, rng: np.random.Generator) -> Pixels:
    """Houses in rows up the hill, a church, a lighthouse, a quay, lit windows."""
    scale = 2
    day = to_picture(a).resize((WIDTH_PX * scale, HEIGHT_PX * scale), Image.Resampling.BICUBIC)
    lamps = Image.new("L", day.size, 0)
    pens = (ImageDraw.Draw(day), ImageDraw.Draw(lamps))
    shore = HEIGHT_PX * _SHORE * scale
    for row in reversed(range(_ROWS_OF_HOUSES)):
        _terrace(pens, rng, shore, row)
        if row == _CHURCH_ROW:
            _church(pens, shore)
    _quay(pens, rng, shore)
    _lighthouse(pens, shore)
    built = from_picture(day.reduce(scale))
    light = from_picture(lamps.filter(ImageFilter.GaussianBlur(1)).reduce(scale))
    grit = 0.93 + 0.14 * grain.clouds(_SHAPE, rng, 9, 3)
    changed = smoothstep(0.03, 0.06, np.abs(built - a).max(axis=2))
    built = mix(built, built * grit[..., None], changed)
    glow = (light + blur(light, 4) * 1.1 + blur(light, 16) * 1.3)[..., None] * colour("#ffc56b")
    return screen(clip(built), glow)


Pens = tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw]
"""One pen for what is seen by day, one for what shines."""


def _terrace(pens: Pens, rng: np.random.Generator, shore: float, row: int) -> None:
    """One row of houses; higher rows are smaller, further and hazier."""
    size = 1.0 - row * 0.115
    x, end = 2048 * (0.36 + row * 0.035), 2048 * (1.02 - row * 0.012)
    while x < end:
        wide = float(rng.uniform(56, 104)) * size
        rise = 96 * row * (0.72 + 0.28 * float(np.sin((x - 700) / 460)))
        foot = shore - rise * 0.62 - float(rng.uniform(0, 10))
        _house(pens, rng, (x, foot, wide, float(rng.uniform(88, 168)) * size), row)
        if rng.random() < _TREES:
            _tree(pens[0], rng, x + wide, foot, size)
        x += wide * float(rng.uniform(0.92, 1.08))


def _house(
    pens: Pens, rng: np.random.Generator, place: tuple[float, float, float, float], row: int
) -> None:
    x, foot, wide, tall = place
    haze, dusk = 0.09 * row, 0.62
    wall = mix(colour(_WALLS[int(rng.integers(len(_WALLS)))]) * dusk, colour("#7a6a90"), haze)
    roof = mix(colour(_ROOFS[int(rng.integers(len(_ROOFS)))]) * 0.8, colour("#6a5f88"), haze)
    day, lamps = pens
    top = foot - tall
    day.rectangle((x, top, x + wide, foot + 40), _ink(wall))
    day.rectangle((x + wide * 0.72, top, x + wide, foot + 40), _ink(wall * 0.8))
    lamps.rectangle((x, top, x + wide, foot + 40), 0)
    ridge, pitch = x + wide * float(rng.uniform(0.35, 0.65)), wide * float(rng.uniform(0.28, 0.46))
    gable = [(x - 5, top), (ridge, top - pitch), (x + wide + 5, top)]
    day.polygon(gable, _ink(roof))
    day.polygon([gable[1], gable[2], (ridge, top)], _ink(roof * 0.72))
    lamps.polygon(gable, 0)
    chimney = x + wide * 0.2
    day.rectangle((chimney, top - pitch * 0.75, chimney + wide * 0.1, top), _ink(roof * 0.85))
    _windows(pens, rng, (x, top, wide, foot), wall)


def _windows(
    pens: Pens, rng: np.random.Generator, place: tuple[float, float, float, float], wall: Pixels
) -> None:
    x, top, wide, foot = place
    day, lamps = pens
    across = max(2, int(wide / 26))
    pane_w, pane_h = wide / across * 0.42, wide / across * 0.6
    for y in np.arange(top + pane_h * 0.6, foot - pane_h, pane_h * 1.9):
        for index in range(across):
            left = x + wide * (index + 0.5) / across - pane_w / 2
            frame = (left - 2, y - 2, left + pane_w + 2, y + pane_h + 2)
            day.rectangle(frame, _ink(wall * 1.25))
            is_lit = rng.random() < _LIT
            tone = colour("#ffd27a") if is_lit else wall * 0.35 + colour("#1c2340") * 0.4
            day.rectangle((left, y, left + pane_w, y + pane_h), _ink(tone))
            day.line((left + pane_w / 2, y, left + pane_w / 2, y + pane_h), _ink(wall * 0.9), 1)
            if is_lit:
                lamps.rectangle((left, y, left + pane_w, y + pane_h), int(rng.uniform(70, 150)))


def _tree(pen: ImageDraw.ImageDraw, rng: np.random.Generator, *where: float) -> None:
    """A cypress."""
    x, foot, size = where
    tall, half = float(rng.uniform(110, 190)) * size, 15 * size
    tone = colour("#24402f") * float(rng.uniform(0.7, 1.1))
    points = [(x, foot - tall), (x + half, foot - tall * 0.3), (x + half * 0.6, foot),
              (x - half * 0.6, foot), (x - half, foot - tall * 0.3)]  # fmt: skip
    pen.polygon(points, _ink(tone))
    pen.polygon([points[0], points[1], points[2], (x + half * 0.2, foot)], _ink(tone * 0.65))


def _church(pens: Pens, shore: float) -> None:
    """The tower that shows above the roofs."""
    day, lamps = pens
    x, foot, wide = 1450.0, shore - 200, 74.0
    wall = colour("#c9a98c") * np.float32(0.66)
    day.rectangle((x, foot - 330, x + wide, foot), _ink(wall))
    day.rectangle((x + wide * 0.66, foot - 330, x + wide, foot), _ink(wall * 0.78))
    day.polygon([(x - 8, foot - 330), (x + wide / 2, foot - 470), (x + wide + 8, foot - 330)],
                _ink(colour("#4d5f78")))  # fmt: skip
    day.line((x + wide / 2, foot - 470, x + wide / 2, foot - 500), _ink(colour("#2a2438")), 4)
    for left in (x + 14, x + 42):
        day.rounded_rectangle((left, foot - 290, left + 16, foot - 240), 8, _ink(colour("#ffcf7e")))
        lamps.rounded_rectangle((left, foot - 290, left + 16, foot - 240), 8, 130)


def _quay(pens: Pens, rng: np.random.Generator, shore: float) -> None:
    """A stone wall with steps and lamps."""
    day, lamps = pens
    stone = colour("#6a5c66")
    day.rectangle((690, shore - 6, 2048, shore + 34), _ink(stone))
    for y in (shore + 6, shore + 19):
        day.line((690, y, 2048, y), _ink(stone * 0.72), 2)
        for x in np.arange(690 + float(rng.uniform(0, 30)), 2048, 46):
            day.line((x, y, x, y + 13), _ink(stone * 0.72), 2)
    for x in range(760, 2048, 168):
        day.line((x, shore - 6, x, shore - 76), _ink(colour("#241f2c")), 5)
        for pen, tone in ((day, _ink(colour("#fff0c0"))), (lamps, 255)):
            pen.ellipse((x - 8, shore - 92, x + 8, shore - 76), tone)


def _lighthouse(pens: Pens, shore: float) -> None:
    """At the end of the mole, in red and white."""
    day, lamps = pens
    day.polygon([(0, shore + 34), (0, shore - 12), (250, shore - 18), (420, shore + 34)],
                _ink(colour("#453f55")))  # fmt: skip
    x, foot = 196.0, shore - 16
    for band in range(6):
        low, high = 46 - band * 4.2, 46 - (band + 1) * 4.2
        y, up = foot - band * 46, foot - (band + 1) * 46
        tone = colour("#c23a30" if band % 2 else "#efe6d8") * np.float32(0.86)
        day.polygon([(x - low, y), (x + low, y), (x + high, up), (x - high, up)], _ink(tone))
        shade = [(x + low * 0.35, y), (x + low, y), (x + high, up), (x + high * 0.35, up)]
        day.polygon(shade, _ink(tone * np.float32(0.7)))
    top = foot - 276
    day.rectangle((x - 28, top - 8, x + 28, top), _ink(colour("#2a2838")))
    day.rectangle((x - 15, top - 42, x + 15, top - 8), _ink(colour("#fff3cc")))
    lamps.rectangle((x - 15, top - 42, x + 15, top - 8), 255)
    day.pieslice((x - 20, top - 66, x + 20, top - 22), 180, 360, _ink(colour("#8c2f2a")))


def _water(a: Pixels, rng: np.random.Generator) -> Pixels:
    """Below the shore the town stands on its head, broken into bands by the swell."""
    rows, columns = grid(_SHAPE)
    line = HEIGHT_PX * _SHORE + 17
    depth = clip((rows - line) / (HEIGHT_PX - line)) + np.zeros(_SHAPE, np.float32)
    swell = grain.clouds((HEIGHT_PX, WIDTH_PX // 10), rng, 9, 3) - 0.5
    wide = np.asarray(
        Image.fromarray(swell).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC)
    )
    y = line - (rows - line) * 1.05 + wide * 46 * (0.15 + depth)
    x = columns + wide * 60 * (0.1 + depth)
    mirrored = blur(sample_between(a, np.clip(y, 0, line - 1), x), 0.9)
    deep = palette.ramp(
        depth * 0.8 + wide * 0.35 + 0.1, ("#e59a86", "#7d6a98", "#2f4478", "#141f45")
    )
    sea = mix(mirrored * 0.9, deep, 0.2 + 0.42 * depth)
    path = np.exp(-(((columns - WIDTH_PX * 0.27) / (26 + 130 * depth)) ** 2))
    glitter = smoothstep(0.12, 0.34, wide) * path * (1 - depth * 0.5)
    crest = smoothstep(0.2, 0.42, wide) * 0.22
    lit = screen(clip(sea), glitter[..., None] * colour("#ffdf9e") + crest[..., None] * 0.5)
    return mix(a, clip(lit).astype(np.float32), smoothstep(-1, 1, rows - line))


def _boats(a: Pixels, rng: np.random.Generator) -> Pixels:
    """Fishing boats at anchor, two under sail, each with its reflection."""
    scale = 2
    picture = to_picture(a).resize((WIDTH_PX * scale, HEIGHT_PX * scale), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture, "RGBA")
    fleet = ((1010, 1000, 58), (1300, 972, 44), (1640, 1010, 62), (1880, 968, 42), (690, 968, 38),
             (1450, 1175, 118), (470, 1120, 96), (860, 1235, 128))  # fmt: skip
    for index, (x, y, size) in enumerate(fleet):
        hull = colour(_HULLS[index % len(_HULLS)]) * np.float32(0.82)
        _boat(pen, rng, (x, y, size), hull, has_sail=index in {4, 6})
    return from_picture(picture.reduce(scale))


def _boat(
    pen: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    place: tuple[float, float, float],
    hull: Pixels,
    *,
    has_sail: bool,
) -> None:
    x, y, s = place

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + a * s, y + b * s) for a, b in points]

    for band in range(9):
        low = y + s * (0.32 + band * 0.11)
        half = s * (0.9 - band * 0.07) * float(rng.uniform(0.8, 1.1))
        tint = (*_ink(hull * 0.55)[:3], 150 - band * 15)
        pen.line((x - half, low, x + half, low), tint, max(2, round(s * 0.05)))
    pen.polygon(at((-1.05, -0.12), (1.2, -0.24), (0.9, 0.3), (-0.85, 0.3)), _ink(hull))
    pen.polygon(at((-0.96, 0.12), (1.0, 0.1), (0.9, 0.3), (-0.85, 0.3)), _ink(hull * 0.6))
    pen.line(at((-1.05, -0.12), (1.2, -0.24)), _ink(colour("#f3e7cf")), max(2, round(s * 0.05)))
    mast = 2.6 if has_sail else 1.7
    pen.line(at((0.12, -0.18), (0.12, -mast)), _ink(colour("#3a2a24")), max(3, round(s * 0.06)))
    pen.line(at((0.12, -mast), (1.15, -0.22)), _ink(colour("#4d3d38")), 2)
    pen.line(at((0.12, -mast), (-1.0, -0.12)), _ink(colour("#4d3d38")), 2)
    if has_sail:
        pen.polygon(at((0.18, -mast + 0.1), (0.18, -0.45), (1.25, -0.5)), _ink(colour("#f2d9ae")))
        pen.polygon(at((0.05, -mast + 0.25), (0.05, -0.45), (-0.85, -0.4)), _ink(colour("#c9663f")))
        return
    pen.rectangle(
        (x - s * 0.6, y - s * 0.55, x - s * 0.02, y - s * 0.12), _ink(colour("#e7dcc6") * 0.8)
    )
    pen.rectangle((x - s * 0.5, y - s * 0.46, x - s * 0.14, y - s * 0.28), _ink(colour("#ffd27a")))


def _air(a: Pixels, rng: np.random.Generator) -> Pixels:
    """Gulls, a breath of haze over the water, grain and darker corners."""
    picture = to_picture(a)
    pen = ImageDraw.Draw(picture)
    for _ in range(11):
        x, y, s = (float(v) for v in rng.uniform((330, 70, 5), (800, 210, 12)))
        wing = [(x - s, y - s * 0.45), (x - s * 0.4, y - s * 0.5), (x, y)]
        wing += [(x + s * 0.4, y - s * 0.55), (x + s, y - s * 0.35)]
        pen.line(wing, (52, 44, 74), 2, "curve")
    seen = from_picture(picture)
    rows, _ = grid(_SHAPE)
    haze = np.exp(-(((rows - HEIGHT_PX * (_SHORE - 0.02)) / 46) ** 2)) * 0.16
    seen = mix(seen, np.zeros_like(seen) + colour("#f0b79a"), haze + np.zeros(_SHAPE, np.float32))
    bloom = blur(clip(seen - 0.62) * 1.6, 14)
    noise = grain.film(_SHAPE, rng, 0.9)[..., None] * 0.012 * (0.4 + luma(seen))[..., None]
    return clip((screen(clip(seen), bloom * 0.5) + noise) * vignette(_SHAPE, 0.3)[..., None])


def _ink(tone: Pixels) -> tuple[int, int, int]:
    red, green, blue = (np.clip(tone, 0, 1) * 255).astype(int).tolist()
    return red, green, blue
