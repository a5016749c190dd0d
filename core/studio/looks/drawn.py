"""Decider: looks drawn by hand in lines: ink, pencil, charcoal, chalk, comic, blueprint."""

from __future__ import annotations

import numpy as np

from core.studio.looks import edges, flatten, grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    exposed,
    grid,
    luma,
    mix,
    sample,
    saturate,
    smoothstep,
    stretch,
    vignette,
)
from core.studio.looks.touch import Touch


def ink(a: Pixels, touch: Touch) -> Pixels:
    """Brush and ink: black lines, three washes of grey, cream paper."""
    rng = touch.random("ink")
    grey = exposed(stretch(luma(flatten.areas(a, touch.px(7)))), 0.56)
    line = edges.lines(stretch(luma(a)), touch.px(1.5), depth=0.8 * touch.gain, sharpness=34)
    pooled = grain.clouds(a.shape, rng, touch.px(130)) * 0.22 - 0.11
    washes = [smoothstep(t, t + 0.07, grey + pooled) for t in (0.16, 0.36, 0.6)]
    wash = 0.12 + 0.33 * washes[0] + 0.3 * washes[1] + 0.25 * washes[2]
    rim = np.abs(wash - blur(wash, touch.px(2.2)))
    tone = clip(wash - rim * 0.5) * clip(line * 1.05)
    sheet = grain.paper(a.shape, rng, touch.px(1.3))
    return clip(palette.ramp(tone, ("#14131a", "#4b4a52", "#a9a298", "#f6efdf")) * sheet[..., None])


def pen_and_wash(a: Pixels, touch: Touch) -> Pixels:
    """A travel sketchbook: loose pen lines over thin, bright washes."""
    rng = touch.random("pen")
    rows, columns = grid(a.shape)
    shake_y = (grain.clouds(a.shape, rng, touch.px(60), 2) - 0.5) * touch.px(5)
    shake_x = (grain.clouds(a.shape, rng, touch.px(60), 2) - 0.5) * touch.px(5)
    flat = saturate(flatten.areas(a, touch.px(12)), 1.5 * touch.gain)
    bleed = grain.clouds(a.shape, rng, touch.px(90))
    thin = mix(np.ones_like(flat), flat, (0.45 + 0.4 * bleed) * (1.1 - luma(flat) * 0.4))
    line = edges.lines(stretch(luma(a)), touch.px(1.1), depth=1.1 * touch.gain, sharpness=40)
    drawn = mix(colour("#2a2326"), thin, sample(line, rows + shake_y, columns + shake_x))
    return clip(drawn * grain.paper(a.shape, rng, touch.px(1.4))[..., None])


def pencil(a: Pixels, touch: Touch) -> Pixels:
    """Graphite: outlines and four layers of hatching, denser where it is dark."""
    rng = touch.random("pencil")
    grey = exposed(stretch(luma(a)), 0.66)
    tone = grey + (blur(grey, touch.px(2)) - blur(grey, touch.px(14))) * 0.9
    sheet: Pixels = np.ones_like(grey)
    for angle, limit in ((0.75, 0.6), (0.62, 0.42), (-0.7, 0.27), (0.05, 0.13)):
        hatch = _hatching(a.shape, rng, touch, angle)
        dark = smoothstep(limit + 0.16, limit - 0.16, tone)
        sheet = sheet * (1.0 - clip(dark * hatch * 0.62 * touch.gain))
    line = edges.lines(grey, touch.px(1.0), depth=1.0 * touch.gain, sharpness=16)
    tooth = grain.tooth(a.shape, rng, touch.px(0.9))
    mark = clip((1.0 - sheet * (0.25 + 0.75 * line)) * (0.55 + 0.75 * tooth))
    return palette.ramp(1.0 - mark, ("#1f2023", "#55565c", "#a9a9ac", "#f4f1ea"))


def _hatching(
    shape: tuple[int, ...], rng: np.random.Generator, touch: Touch, angle: float
) -> Pixels:
    """Strokes of a pencil in one direction, 0 to 1."""
    rows, columns = grid(shape)
    way = edges.Flow(
        down=np.full(shape[:2], np.sin(angle), np.float32) + rows * 0 + columns * 0,
        right=np.full(shape[:2], np.cos(angle), np.float32),
        coherence=np.ones(shape[:2], np.float32),
    )
    streaks = edges.bristles(shape, way, rng, width_px=touch.px(1.6), length_px=touch.px(34))
    return smoothstep(0.3, 0.75, streaks)


def charcoal(a: Pixels, touch: Touch) -> Pixels:
    """Charcoal: broad smudged tone caught by a rough paper, deep accents."""
    rng = touch.random("charcoal")
    grey = exposed(stretch(luma(a)), 0.64)
    grey = clip(grey + (grey - blur(grey, touch.px(16))) * 0.6)
    way = edges.flow(a, touch.px(8), rng, swirl=0.4)
    soft = edges.along(blur(grey, touch.px(1.6)), way, touch.px(12))
    drag = edges.bristles(a.shape, way, rng, width_px=touch.px(2.6), length_px=touch.px(26))
    tooth = grain.tooth(a.shape, rng, touch.px(1.2))
    dark = contrast(1.0 - soft, 1.15 * touch.gain, 0.45)
    caught = smoothstep(-0.1, 0.6, dark - 0.36 * tooth - 0.16 * drag)
    line = edges.lines(grey, touch.px(2.6), depth=0.9 * touch.gain, sharpness=14)
    mark = clip(caught * 0.82 + dark * 0.16 + (1 - line) * (0.3 + 0.5 * (1 - tooth)))
    return palette.ramp(1.0 - clip(mark), ("#161515", "#4e4b48", "#aaa59c", "#ece6d8"))


def chalk(a: Pixels, touch: Touch) -> Pixels:
    """White and coloured chalk on a slate board."""
    rng = touch.random("chalk")
    grey = stretch(luma(a))
    line = 1.0 - edges.lines(grey, touch.px(1.7), depth=1.2 * touch.gain, sharpness=30)
    tooth = grain.tooth(a.shape, rng, touch.px(1.1))
    light = exposed(grey, 0.38)
    strokes = 0.35 + 0.65 * _hatching(a.shape, rng, touch, -0.8)
    shade = smoothstep(0.22, 0.95, light) * strokes * 0.95 * touch.gain
    amount = clip(np.maximum(line * 1.25, shade) * (0.3 + 1.0 * tooth))
    dust = grain.clouds(a.shape, rng, touch.px(260)) * 0.06
    board = colour("#1c2624") + dust[..., None]
    pure = a / np.maximum(a.max(axis=2, keepdims=True), 0.05)
    crayon = mix(colour("#f7f4ea"), saturate(pure, 1.25), smoothstep(0.2, 0.9, 1 - line) * 0.75)
    return clip(mix(board, crayon, amount))


def comic(a: Pixels, touch: Touch) -> Pixels:
    """A comic book: flat bright colour, dots in the half shadows, heavy black lines."""
    flat = flatten.areas(a, touch.px(9))
    flat = saturate(flatten.posterised(contrast(flat, 1.15), 5), 1.55 * touch.gain)
    grey = luma(flat)
    dots = _dots(a.shape, touch.px(7.5), 0.6)
    shadow = smoothstep(0.02, -0.02, dots - clip(0.62 - grey) * 1.1) * smoothstep(0.7, 0.5, grey)
    flat = mix(flat, flat * np.float32(0.62), shadow)
    line = edges.lines(stretch(luma(a)), touch.px(1.7), depth=1.1 * touch.gain, sharpness=44)
    black = smoothstep(0.07, 0.15, stretch(blur(luma(a), touch.px(2))))
    return clip(mix(colour("#120f18"), flat * 0.97 + 0.03, clip(line * 1.1) * black))


def _dots(shape: tuple[int, ...], pitch_px: float, angle: float) -> Pixels:
    """Distance field of a dot screen, 0 in the middle of the dots to 1 between them."""
    rows, columns = grid(shape)
    turn = np.float32(2 * np.pi / pitch_px)
    u = (columns * np.cos(angle) + rows * np.sin(angle)).astype(np.float32) * turn
    v = (rows * np.cos(angle) - columns * np.sin(angle)).astype(np.float32) * turn
    return clip(0.5 - 0.25 * (np.cos(u) + np.cos(v)))


def anime(a: Pixels, touch: Touch) -> Pixels:
    """A painted film still: cel shading in two tones, clean brown lines, soft light."""
    flat = flatten.areas(flatten.areas(a, touch.px(12)), touch.px(8))
    flat = saturate(flatten.posterised(flat, 8), 1.3 * touch.gain)
    glow = blur(clip(flat - 0.55) * 2.0, touch.px(26))
    lit = 1 - (1 - flat) * (1 - glow * np.float32(0.28))
    cool = mix(lit, lit * colour("#8fa4e8") + 0.05, smoothstep(0.5, 0.1, luma(lit)) * 0.55)
    line = edges.lines(stretch(luma(a)), touch.px(1.15), depth=0.8 * touch.gain, sharpness=30)
    return clip(mix(colour("#3a2430"), cool * 1.05 + 0.02, clip(0.12 + line)))


def blueprint(a: Pixels, touch: Touch) -> Pixels:
    """An architect's blueprint: pale lines of two weights and a grid on blue."""
    rng = touch.random("blueprint")
    grey = stretch(luma(flatten.areas(a, touch.px(4))))
    fine = 1.0 - edges.lines(grey, touch.px(0.9), depth=1.2 * touch.gain, sharpness=26)
    bold = 1.0 - edges.lines(grey, touch.px(2.2), depth=0.7 * touch.gain, sharpness=34)
    rows, columns = grid(a.shape)
    ruled = np.zeros_like(grey)
    for pitch, weight in ((touch.px(16, 6), 0.07), (touch.px(80, 30), 0.16)):
        for axis in (rows, columns):
            ruled = np.maximum(ruled, np.float32(weight) * (np.mod(axis, pitch) < 1.0))
    shade = smoothstep(0.62, 0.25, grey) * _hatching(a.shape, rng, touch, 0.785) * 0.28
    lit = clip(np.maximum(fine * 0.75, bold) + shade + ruled)
    worn = grain.clouds(a.shape, rng, touch.px(300)) * 0.3 + 0.8
    base = colour("#123f7a") * (worn * vignette(a.shape, 0.35))[..., None]
    return clip(mix(base, colour("#e9f4ff"), lit))
