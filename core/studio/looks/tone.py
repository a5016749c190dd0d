"""Decider: moods of tone: warm, cold, vivid, muted, soft, hard."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import flatten, grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    contrast,
    from_picture,
    gamma,
    luma,
    mix,
    rgb,
    saturate,
    screen,
    smoothstep,
    vignette,
)
from core.studio.looks.touch import Touch


def graded(a: Pixels, shadows: str, lights: str, amount: float) -> Pixels:
    """Pull shadows towards one colour and lights towards another; light and dark stay."""
    grey = luma(a)
    cast = mix(colour(shadows), colour(lights), smoothstep(0.15, 0.85, grey))
    return clip(
        a + (cast - rgb(luma(cast))) * np.float32(amount) * (0.35 + 0.65 * a.max(axis=2))[..., None]
    )


def dreamy(a: Pixels, touch: Touch) -> Pixels:
    """Soft focus, rosy haze and discs of light."""
    rng = touch.random("dreamy")
    soft = screen(a, blur(a, touch.px(14)) * np.float32(0.42 * touch.gain))
    soft = graded(contrast(soft, 0.9), "#7a5fc0", "#ffd0dd", 0.5)
    layer = Image.new("L", (a.shape[1], a.shape[0]), 0)
    pen = ImageDraw.Draw(layer)
    for _ in range(26):
        r = touch.px(rng.uniform(8, 40))
        y, x = rng.uniform(0, a.shape[0]), rng.uniform(0, a.shape[1])
        tone = int(rng.uniform(30, 105))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tone, outline=min(255, tone + 40))
    edge = 1 - vignette(a.shape, 1.0)
    discs = blur(from_picture(layer), touch.px(2)) * clip(edge * 1.2 + 0.15)
    return screen(clip(soft), discs[..., None] * colour("#ffe6f2"))


def dramatic(a: Pixels, touch: Touch) -> Pixels:
    """Hard, cool and dark, with every detail carved out."""
    deep = a + (a - blur(a, touch.px(36))) * np.float32(0.8 * touch.gain)
    deep = contrast(saturate(clip(deep), 0.72), 1.25, 0.55)
    return clip(graded(deep, "#0d2f45", "#ffc58a", 0.5) * vignette(a.shape, 0.7)[..., None])


def vivid(a: Pixels, touch: Touch) -> Pixels:
    """Strong, clean colour."""
    return contrast(saturate(gamma(a, 0.95), 1.0 + 0.95 * touch.gain), 1.1)


def muted(a: Pixels, touch: Touch) -> Pixels:
    """Quiet, greyed colour."""
    pale = saturate(contrast(a, 0.82), 0.5 / touch.gain) + np.float32(0.03)
    return graded(clip(pale), "#5c6b73", "#e7e0d4", 0.3)


def candy(a: Pixels, touch: Touch) -> Pixels:
    """Sugared colour: pink, mint, lemon and sky."""
    light = contrast(gamma(a, 0.65), 0.78) + np.float32(0.12)
    sweet = palette.nearest_inks(
        saturate(flatten.areas(light, touch.px(4)), 1.7),
        (
            "#ffb3c7",
            "#ffd9b8",
            "#fff3b0",
            "#bdeccf",
            "#a9dcf5",
            "#cdbdf2",
            "#ffffff",
            "#8d7fae",
            "#f287a5",
        ),
    )
    shaped = palette.with_colours_of(rgb(luma(light)), blur(sweet, touch.px(3)))
    return clip(mix(light, shaped, min(1.0, 0.75 * touch.gain)))


def warm(a: Pixels, touch: Touch) -> Pixels:
    """Firelight."""
    return clip(graded(a, "#5a1f1a", "#ffb45e", 0.9 * touch.gain) * colour("#fff3e2"))


def cold(a: Pixels, touch: Touch) -> Pixels:
    """Blue hour."""
    return clip(graded(saturate(a, 0.85), "#12306b", "#bfe0ff", 0.85 * touch.gain))


def bright(a: Pixels, touch: Touch) -> Pixels:
    """High key."""
    return clip(gamma(a, 1.0 - 0.42 * min(1.5, touch.gain)) + np.float32(0.03))


def dark(a: Pixels, touch: Touch) -> Pixels:
    """Low key."""
    return gamma(a, 1.0 + 0.75 * touch.gain) * vignette(a.shape, 0.45)[..., None]


def punchy(a: Pixels, touch: Touch) -> Pixels:
    """More contrast."""
    return contrast(a, 1.0 + 0.5 * touch.gain, float(luma(a).mean()))


def grainy(a: Pixels, touch: Touch) -> Pixels:
    """Film pushed three stops."""
    noise = grain.film(a.shape, touch.random("grainy"), touch.px(1.4))
    return clip(a + noise[..., None] * np.float32(0.085 * touch.gain))


def vignetted(a: Pixels, touch: Touch) -> Pixels:
    """Dark corners."""
    return a * vignette(a.shape, min(0.95, 0.8 * touch.gain))[..., None]
