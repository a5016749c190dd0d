"""Decider: looks printed from blocks, plates and screens: woodcut, ukiyo-e, halftone, riso."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import edges, flatten, grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    exposed,
    from_picture,
    gamma,
    grid,
    luma,
    mix,
    rgb,
    saturate,
    smoothstep,
    stretch,
)
from core.studio.looks.touch import Touch


def carved(a: Pixels, touch: Touch, *, width_px: float, length_px: float) -> Pixels:
    """Tone cut into gouge marks that follow the forms: 0 is inked, 1 is bare."""
    rng = touch.random("carved")
    grey = exposed(stretch(luma(a), 2, 98), 0.5)
    tone = clip(grey + (blur(grey, touch.px(2)) - blur(grey, touch.px(18))) * 0.8)
    way = edges.flow(a, touch.px(10), rng, swirl=0.7)
    marks = edges.bristles(a.shape, way, rng, width_px=width_px, length_px=length_px)
    level = 0.16 + marks * 0.62
    bare = smoothstep(-0.045, 0.045, contrast(tone, 0.85 + 0.2 * touch.gain, 0.46) - level)
    line = edges.lines(stretch(luma(a)), touch.px(1.9), depth=0.9 * touch.gain, sharpness=40)
    return bare * clip(line * 1.15)


def woodcut(a: Pixels, touch: Touch) -> Pixels:
    """A woodcut: black ink from a carved plank on cream paper, one muted second block."""
    rng = touch.random("woodcut")
    bare = carved(a, touch, width_px=touch.px(3.0), length_px=touch.px(60))
    plank = grain.wood(a.shape, rng, touch.px(26))
    inked = clip(bare + smoothstep(0.9, 1.0, plank) * 0.22 * (1 - bare))
    cream = colour("#f1e6cd") * grain.paper(a.shape, rng, touch.px(1.5))[..., None]
    tint = palette.ramp(
        flatten.levels(stretch(luma(flatten.areas(a, touch.px(12)))), 4),
        ("#9a4a2f", "#c98a54", "#e3c491", "#ffffff"),
    )
    second = mix(cream, cream * tint, 0.75)
    return clip(mix(colour("#17120f") + (plank - 0.5)[..., None] * 0.03, second, inked))


def linocut(a: Pixels, touch: Touch) -> Pixels:
    """A linocut in three blocks: bold shapes, coarse gouges, a little out of register."""
    rng = touch.random("linocut")
    flat = flatten.areas(flatten.areas(a, touch.px(14)), touch.px(10))
    grey = stretch(luma(flat), 2, 98)
    way = edges.flow(a, touch.px(16), rng, swirl=0.8)
    gouges = edges.bristles(a.shape, way, rng, width_px=touch.px(6), length_px=touch.px(40))
    wobble = (gouges - 0.5) * 0.3
    off = touch.whole_px(3)
    light = smoothstep(0.66, 0.7, grey + wobble * 0.6)
    middle = np.roll(smoothstep(0.4, 0.44, grey + wobble), (off, -off), (0, 1))
    dark = smoothstep(0.2, 0.24, contrast(grey, touch.gain, 0.4) + wobble * 0.8)
    line = edges.lines(grey, touch.px(3), depth=0.8 * touch.gain, sharpness=40)
    speck = smoothstep(1.9, 2.4, grain.film(a.shape, rng, touch.px(1.2)))
    sheet = mix(colour("#e2a13b"), colour("#f4ead2"), light)
    sheet = mix(colour("#2f7f86"), sheet, middle)
    sheet = mix(colour("#1c2433"), sheet, clip(np.minimum(dark, line) + speck * 0.7))
    return clip(sheet * grain.paper(a.shape, rng, touch.px(1.6))[..., None])


def engraving(a: Pixels, touch: Touch) -> Pixels:
    """A banknote engraving: swelling parallel lines, crossed in the shadows."""
    rng = touch.random("engraving")
    grey = stretch(luma(a), 2, 98)
    form = blur(grey, touch.px(7))
    tone = clip(gamma(grey, 0.8) + (grey - blur(grey, touch.px(9))) * 0.9)
    rows, columns = grid(a.shape)
    pitch = touch.px(5.6, 4.0)
    marks = np.ones_like(grey)
    for angle, offset in ((0.35, 0.02), (-0.9, -0.36)):
        ruled = (rows * np.cos(angle) + columns * np.sin(angle)) / pitch + form * 5.0
        wave = 0.5 + 0.5 * np.cos(ruled.astype(np.float32) * np.float32(2 * np.pi))
        level = 1.06 - 1.05 * clip(tone - offset)
        marks = marks * smoothstep(-0.16, 0.16, wave - level * touch.gain**0.4 + 0.06)
    line = edges.lines(grey, touch.px(1.1), depth=1.0 * touch.gain, sharpness=30)
    sheet = colour("#f3ecd8") * grain.paper(a.shape, rng, touch.px(1.2))[..., None]
    return clip(mix(colour("#1d2b2a"), sheet, marks * clip(line * 1.1)))


_EDO = (
    "#18233f", "#2b4a78", "#4f7ea6", "#8fb3bd", "#c9d3c0", "#efe2c2",
    "#d9b98a", "#c98f5f", "#a8452f", "#5d6b46", "#8f9a63", "#4a3b34", "#e3c9b0",
)  # fmt: skip
"""Prussian blues, indigo, vermilion, ochre and celadon of Edo prints."""


def ukiyo_e(a: Pixels, touch: Touch) -> Pixels:
    """A Japanese woodblock print: flat blocks, shaded sky, indigo key lines, a red seal."""
    rng = touch.random("ukiyo-e")
    flat = flatten.areas(flatten.areas(a, touch.px(14)), touch.px(10))
    even = contrast(mix(flat, rgb(stretch(luma(flat))), 0.45), 1.05)
    inks = blur(palette.nearest_inks(saturate(even, 1.5), _EDO), touch.px(0.8))
    inks = mix(inks, palette.with_colours_of(rgb(luma(flat)), inks), 0.25)
    rows, _ = grid(a.shape)
    high = smoothstep(0.34, 0.0, rows / a.shape[0]) * smoothstep(0.3, 0.8, luma(flat))
    inks = mix(inks, colour("#23477d"), high * 0.8)
    plank = grain.wood(a.shape, rng, touch.px(20))
    inks = inks * (0.95 + 0.09 * plank)[..., None]
    line = edges.lines(stretch(luma(a)), touch.px(1.5), depth=0.95 * touch.gain, sharpness=40)
    printed = mix(colour("#141a2e"), inks, clip(line * 1.05))
    printed = printed * grain.paper(a.shape, rng, touch.px(1.4))[..., None]
    return _with_seal(clip(printed), touch)


def _with_seal(a: Pixels, touch: Touch) -> Pixels:
    """A small vermilion seal in the lower right corner, drawn without any letters."""
    side = touch.whole_px(44, 8)
    seal = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(seal)
    unit = side / 12
    pen.rounded_rectangle((unit, unit, side - unit, side - unit), unit, fill=255)
    for x0, y0, x1, y1 in ((3, 3, 5, 9), (7, 3, 9, 5), (7, 6.5, 9, 9)):
        pen.rectangle((x0 * unit, y0 * unit, x1 * unit, y1 * unit), fill=0)
    mask = from_picture(seal) * np.float32(0.92)
    margin = touch.whole_px(26, 2)
    y, x = max(0, a.shape[0] - side - margin), max(0, a.shape[1] - side - margin)
    result = a.copy()
    window = result[y : y + side, x : x + side]
    mask = mask[: window.shape[0], : window.shape[1]]
    result[y : y + side, x : x + side] = mix(window, colour("#b3301f"), mask)
    return result


def _screen(shape: tuple[int, ...], pitch_px: float, angle: float) -> Pixels:
    """Threshold map of a rotated dot screen, 0 to 1 and about evenly spread."""
    rows, columns = grid(shape)
    turn = np.float32(2 * np.pi / pitch_px)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u, v = (columns * cos + rows * sin) * turn, (rows * cos - columns * sin) * turn
    raw: Pixels = (np.cos(u) + np.cos(v)) * 0.25
    return clip(0.5 + np.sign(raw) * (0.5 - 0.5 * gamma(1 - 2 * np.abs(raw), 1.35)))


def halftone(a: Pixels, touch: Touch) -> Pixels:
    """Four-colour newsprint: cyan, magenta, yellow and black dots on grey paper."""
    rng = touch.random("halftone")
    bright = saturate(contrast(a, 1.12), 1.3 * touch.gain)
    black = clip(1.0 - bright.max(axis=2)) ** np.float32(1.6)
    inks = clip((1.0 - bright - black[..., None]) / (1.0 - black[..., None] * 0.98))
    plates = [*np.moveaxis(inks, 2, 0), black]
    angles = (0.26, 1.31, 0.0, 0.785)
    tones = ("#16a3dc", "#e5267f", "#ffe32e", "#1b1a1e")
    sheet = colour("#f5efe1") * grain.paper(a.shape, rng, touch.px(1.1))[..., None]
    pitch = touch.px(8.5, 5.0)
    for plate, angle, tone in zip(plates, angles, tones, strict=True):
        dots = smoothstep(-0.13, 0.13, blur(plate, touch.px(1)) - _screen(a.shape, pitch, angle))
        sheet = sheet * mix(np.ones(3, np.float32), colour(tone), dots[..., None] * 0.94)
    return clip(sheet)


def risograph(a: Pixels, touch: Touch) -> Pixels:
    """A risograph poster: three spot inks, coarse grain, plates out of register."""
    rng = touch.random("risograph")
    flat = contrast(flatten.areas(a, touch.px(5)), 1.2)
    grey = stretch(luma(flat))
    warm = clip(0.5 + (flat[..., 0] - flat[..., 2]) * 1.4)
    plates = (
        ("#ff4f64", clip((1.05 - grey) * (0.35 + 0.85 * warm)), 0.3),
        ("#ffc629", clip(0.95 - np.abs(grey - 0.66) * 2.2) * (0.4 + 0.6 * warm), 1.0),
        ("#1450a0", clip(1.25 * (0.72 - grey) + (0.5 - warm) * 0.7), 0.8),
    )
    sheet = colour("#f6f1e4") * grain.paper(a.shape, rng, touch.px(1.3))[..., None]
    for ink, plate, angle in plates:
        noise = grain.film(a.shape, rng, touch.px(1.1)) * 0.09
        dots = _screen(a.shape, touch.px(5.2, 4.0), angle) * 0.75 + 0.12 + noise
        off = rng.integers(-touch.whole_px(3), touch.whole_px(3) + 1, 2)
        cover = np.roll(smoothstep(-0.1, 0.1, plate * touch.gain**0.5 - dots), off, (0, 1))
        sheet = sheet * mix(np.ones(3, np.float32), colour(ink), cover[..., None] * 0.93)
    return clip(sheet)


_POP = (
    ("#2a0a4a", "#ff2e88", "#ffd400", "#fff4d6"),
    ("#06283d", "#00a6a6", "#ff6b35", "#fff1c1"),
    ("#1a1a40", "#3a86ff", "#ff006e", "#ffe066"),
    ("#240046", "#e85d04", "#80ed99", "#f8f9fa"),
)


def pop_art(a: Pixels, touch: Touch) -> Pixels:
    """A silkscreen in four loud colours with a dot screen in the half tones."""
    rng = touch.random("pop-art")
    flat = stretch(luma(flatten.areas(a, touch.px(10))), 2, 98)
    inks = _POP[int(rng.integers(len(_POP)))]
    poster = palette.ramp(flatten.levels(flat, 4, 0.06), inks)
    dots = _screen(a.shape, touch.px(10, 6), 0.785)
    band = smoothstep(0.30, 0.40, flat) * smoothstep(0.70, 0.60, flat)
    dotted = smoothstep(-0.08, 0.08, (0.5 - np.abs(flat - 0.5)) - dots * 0.75) * band
    poster = mix(poster, colour(inks[3]), dotted * 0.75)
    line = edges.lines(stretch(luma(a)), touch.px(2.2), depth=0.9 * touch.gain, sharpness=44)
    off = touch.whole_px(4)
    shape = np.roll(line, (off, off), (0, 1))
    return clip(mix(colour(inks[0]) * 0.8, poster, clip(np.minimum(line, 0.35 + shape))))


def travel_poster(a: Pixels, touch: Touch) -> Pixels:
    """A railway poster of the thirties: few flat colours, long shadows, a pale frame."""
    rng = touch.random("poster")
    flat = flatten.areas(flatten.areas(a, touch.px(10)), touch.px(8))
    flat = saturate(contrast(flat, 1.15), 1.4 * touch.gain)
    inks = palette.own_inks(blur(flat, touch.px(1.2)), 12)
    grey = luma(inks)
    toned = palette.ramp(stretch(grey), ("#1e2a44", "#3d5a6c", "#d8703f", "#f0b45b", "#fbe8c0"))
    inks = blur(mix(inks, toned, 0.55), touch.px(0.7))
    lines = edges.lines(luma(inks), touch.px(1.3), depth=0.5, sharpness=20)
    inks = (
        inks * (0.86 + 0.14 * lines)[..., None] + grain.film(a.shape, rng, 1.0)[..., None] * 0.014
    )
    rows, columns = grid(a.shape)
    inset = np.minimum(
        np.minimum(rows, a.shape[0] - 1 - rows), np.minimum(columns, a.shape[1] - 1 - columns)
    )
    return clip(mix(colour("#f7edd5"), inks, (inset > touch.px(18)).astype(np.float32)))
