"""Decider: looks made with paint and a brush: oil, impressionist, watercolour, pastel."""

from __future__ import annotations

import numpy as np

from core.studio.looks import edges, flatten, grain, palette, strokes
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    gamma,
    grid,
    luma,
    mix,
    sample_between,
    saturate,
    smoothstep,
    stretch,
    vignette,
)
from core.studio.looks.strokes import Brush
from core.studio.looks.touch import Touch


def oil(a: Pixels, touch: Touch) -> Pixels:
    """Oil on canvas: broad strokes first, fine ones where there is detail, thick paint."""
    rng = touch.random("oil")
    target = saturate(contrast(flatten.areas(a, touch.px(6)), 1.08), 1.2 * touch.gain)
    way = edges.flow(a, touch.px(9), rng, swirl=0.3)
    detail = blur(edges.steepness(luma(a), touch.px(2)), touch.px(5))
    brushes = [
        Brush(width_px=touch.px(26), length_px=touch.px(90), spacing_px=touch.px(17), jitter=0.05),
        Brush(
            width_px=touch.px(13),
            length_px=touch.px(52),
            spacing_px=touch.px(9),
            jitter=0.04,
            keep=smoothstep(0.02, 0.2, detail) * 0.85 + 0.12,
        ),
        Brush(
            width_px=touch.px(6),
            length_px=touch.px(26),
            spacing_px=touch.px(4.6),
            jitter=0.03,
            keep=smoothstep(0.1, 0.42, detail),
        ),
    ]
    paint = strokes.paint_strokes(target, target, way, brushes, rng)
    bristle = edges.bristles(a.shape, way, rng, width_px=touch.px(1.6), length_px=touch.px(30))
    lit = strokes.lit(paint, bristle, 1.1)
    return clip(lit * grain.weave(a.shape, touch.px(4.0, 2.5))[..., None])


def impressionist(a: Pixels, touch: Touch) -> Pixels:
    """Broken colour in short dabs, violet shadows, light everywhere."""
    rng = touch.random("impressionist")
    light = gamma(blur(a, touch.px(1.5)), 0.86)
    shade = smoothstep(0.55, 0.05, luma(light)) * 0.42
    target = saturate(mix(light, palette.tinted(light, colour("#5a4fa8"), 0.9), shade), 1.35)
    target = clip(target + (colour("#ffe9b0") - 0.85) * smoothstep(0.5, 1.0, luma(a))[..., None])
    way = edges.flow(a, touch.px(14), rng, swirl=0.8)
    detail = blur(edges.steepness(luma(a), touch.px(2)), touch.px(5))
    under = Brush(
        width_px=touch.px(18), length_px=touch.px(40), spacing_px=touch.px(12), jitter=0.09
    )
    dabs = Brush(
        width_px=touch.px(9),
        length_px=touch.px(20),
        spacing_px=touch.px(6.5),
        jitter=0.1 * touch.gain,
    )
    fine = Brush(
        width_px=touch.px(5),
        length_px=touch.px(13),
        spacing_px=touch.px(4.2),
        jitter=0.06,
        keep=smoothstep(0.12, 0.5, detail),
    )
    paint = strokes.paint_strokes(target, target, way, [under, dabs, fine], rng)
    bristle = edges.bristles(a.shape, way, rng, width_px=touch.px(1.5), length_px=touch.px(14))
    return strokes.lit(paint, bristle, 0.9)


def starry(a: Pixels, touch: Touch) -> Pixels:
    """Swirling, thick strokes in deep blue and yellow, as in a night sky of 1889."""
    rng = touch.random("starry")
    grey = gamma(stretch(luma(a)), 0.95)
    night = palette.ramp(grey, ("#0b1136", "#1c3f8c", "#3f7fb8", "#9fc3a0", "#f3d35e", "#fff3b8"))
    target = saturate(mix(night, saturate(a, 1.7), 0.34), 1.15 * touch.gain)
    way = edges.flow(a, touch.px(15), rng, swirl=1.0)
    detail = blur(edges.steepness(luma(a), touch.px(2)), touch.px(5))
    tiny = Brush(
        width_px=touch.px(3.4),
        length_px=touch.px(15),
        spacing_px=touch.px(3.2),
        jitter=0.05,
        keep=smoothstep(0.22, 0.55, detail),
    )
    long = Brush(width_px=touch.px(11), length_px=touch.px(64), spacing_px=touch.px(8), jitter=0.1)
    fine = Brush(
        width_px=touch.px(6),
        length_px=touch.px(32),
        spacing_px=touch.px(5),
        jitter=0.08,
        keep=smoothstep(0.1, 0.4, detail) * 0.9 + 0.05,
    )
    ground = np.zeros_like(a) + colour("#16204f")
    paint = strokes.paint_strokes(ground, target, way, [long, fine, tiny], rng)
    bristle = edges.bristles(a.shape, way, rng, width_px=touch.px(1.8), length_px=touch.px(44))
    return strokes.lit(paint, bristle, 1.4)


def pointillism(a: Pixels, touch: Touch) -> Pixels:
    """Dots of pure colour side by side on a cream ground."""
    rng = touch.random("pointillism")
    target = saturate(contrast(a, 1.1), 1.7 * touch.gain)
    ground = np.zeros_like(a) + colour("#efe3c6")
    layers = [
        Brush(
            width_px=touch.px(size), length_px=touch.px(size), spacing_px=touch.px(step), jitter=j
        )
        for size, step, j in ((9, 8, 0.1), (7, 7, 0.17), (5.5, 6, 0.12))
    ]
    dots = strokes.paint_dots(ground, target, layers, rng)
    return clip(dots * grain.weave(a.shape, touch.px(4, 2.5))[..., None])


def watercolour(a: Pixels, touch: Touch) -> Pixels:
    """Transparent washes on rough paper: wandering edges, dark rims, granulation, bare paper."""
    rng = touch.random("watercolour")
    rows, columns = grid(a.shape)
    wander = [(grain.clouds(a.shape, rng, touch.px(46), 4) - 0.5) * touch.px(11) for _ in "yx"]
    flat = flatten.washes(a, touch.px(16), touch.px(5))
    flat = sample_between(flat, rows + wander[0], columns + wander[1])
    flat = saturate(gamma(flat, 0.72), 1.45 * touch.gain)
    pigment = mix(flat, flatten.posterised(flat, 6), 0.75)
    rims = np.abs(pigment - blur(pigment, touch.px(3.2))).max(axis=2)
    pools = grain.clouds(a.shape, rng, touch.px(170), 5) - 0.5
    teeth = grain.tooth(a.shape, rng, touch.px(1.5)) - 0.5
    density = 1.0 + pools * 0.95 + clip(rims * 2.6) * 1.5 + teeth * 0.3
    washed = pigment - (pigment - pigment * pigment) * (density - 1.0)[..., None]
    line = edges.lines(stretch(luma(a)), touch.px(1.1), depth=0.75, sharpness=14)
    drawn = clip(washed) * mix(colour("#8b8078"), np.ones_like(a), clip(line + 0.35))
    bare = np.maximum(smoothstep(0.84, 0.97, luma(flat)), _ragged_rim(a.shape, touch, rng))
    sheet = colour("#fbf7ee") * grain.paper(a.shape, rng, touch.px(1.7))[..., None]
    return clip(mix(drawn, np.ones_like(a), bare * 0.96) * sheet)


def _ragged_rim(shape: tuple[int, ...], touch: Touch, rng: np.random.Generator) -> Pixels:
    """1 where the paint stops short of the paper's edge."""
    rows, columns = grid(shape)
    inside = np.minimum(
        np.minimum(rows, shape[0] - 1 - rows), np.minimum(columns, shape[1] - 1 - columns)
    )
    torn = grain.clouds(shape, rng, touch.px(70), 5) * touch.px(46)
    return smoothstep(touch.px(26), touch.px(22), inside + torn * 0.6)


def gouache(a: Pixels, touch: Touch) -> Pixels:
    """Opaque, matt colour in flat shapes with dry edges."""
    rng = touch.random("gouache")
    rows, columns = grid(a.shape)
    wander = [(grain.clouds(a.shape, rng, touch.px(18), 3) - 0.5) * touch.px(5) for _ in "yx"]
    flat = flatten.washes(a, touch.px(17), touch.px(6))
    flat = sample_between(flat, rows + wander[0], columns + wander[1])
    flat = saturate(contrast(flat, 1.12), 1.35 * touch.gain)
    inks = palette.own_inks(flat, 22)
    way = edges.flow(a, touch.px(16), rng, swirl=0.6)
    drag = edges.bristles(a.shape, way, rng, width_px=touch.px(2.4), length_px=touch.px(60))
    matt = inks * 0.9 + 0.07 + (drag - 0.5)[..., None] * 0.055
    return clip(matt * grain.paper(a.shape, rng, touch.px(1.1))[..., None])


def pastel(a: Pixels, touch: Touch) -> Pixels:
    """Soft pastel on tinted, rough paper; the sheet shows through."""
    rng = touch.random("pastel")
    way = edges.flow(a, touch.px(9), rng, swirl=0.6)
    flat = saturate(gamma(flatten.areas(a, touch.px(8)), 0.82), 1.45 * touch.gain)
    soft = edges.along(flat, way, touch.px(14)) * 0.86 + 0.12
    teeth = grain.tooth(a.shape, rng, touch.px(1.6))
    drag = edges.bristles(a.shape, way, rng, width_px=touch.px(3.4), length_px=touch.px(46))
    cover = smoothstep(-0.1, 0.42, 0.98 - teeth * 0.62 - drag * 0.42)
    sheet = colour("#8d7f78") + (teeth - 0.5)[..., None] * 0.08
    marks = soft + (drag - 0.5)[..., None] * 0.12
    line = edges.lines(stretch(luma(a)), touch.px(2.2), depth=0.7, sharpness=12)
    return clip(mix(sheet, marks * (0.45 + 0.55 * clip(line + 0.1))[..., None], cover))


def old_master(a: Pixels, touch: Touch) -> Pixels:
    """An old master: warm glazes, dark ground, candle light, fine cracks."""
    rng = touch.random("old master")
    painted = oil(a, touch.coarser(0.75))
    grey = contrast(luma(painted), 1.25, 0.45)
    umber = palette.ramp(grey, ("#0d0906", "#3a2413", "#8a5a2b", "#d9b06a", "#fbeec6"))
    glazed = mix(palette.with_colours_of(umber, painted), umber, 0.55)
    cut = flatten.cells(a.shape, touch.px(24), rng, jitter=1.0)
    wear = grain.clouds(a.shape, rng, touch.px(220))
    crack = smoothstep(touch.px(0.9), 0.0, cut.border_px) * smoothstep(0.45, 0.8, wear)
    aged = glazed * (1.0 - crack * 0.35)[..., None]
    return clip(aged * vignette(a.shape, 0.6)[..., None] * 1.08)
