"""Decider: moods of the season: autumn and spring, with what they let fall."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.studio.looks import grain, palette
from core.studio.looks.pixels import (
    Pixels,
    blur,
    clip,
    colour,
    from_picture,
    gamma,
    luma,
    mix,
    saturate,
    smoothstep,
)
from core.studio.looks.tone import graded
from core.studio.looks.touch import Touch


def autumn(a: Pixels, touch: Touch) -> Pixels:
    """Greens turned to rust and gold."""
    hue, saturation = palette.hue(a)
    green = smoothstep(0.19, 0.1, np.abs(hue - 0.28)) * smoothstep(0.06, 0.22, saturation)
    spread = grain.clouds(a.shape, touch.random("leaf tones"), touch.px(90), 4)
    rust = mix(colour("#b3401c"), colour("#f0b429"), spread)
    turned = palette.tinted(a, colour("#c9691f"), 0.9) * 0.5 + rust * (luma(a) * 0.75)[..., None]
    return graded(mix(a, clip(turned), green), "#4a2433", "#ffb057", 0.55 * touch.gain)


def leaves(a: Pixels, touch: Touch) -> Pixels:
    """Leaves in the air."""
    return _scattered(a, touch, ("#c2471d", "#e08a1e", "#f2c12e", "#8f2d1b"), 46, 9.0)


def spring(a: Pixels, touch: Touch) -> Pixels:
    """Fresh greens, rosy light."""
    return graded(saturate(gamma(a, 0.85), 1.15), "#5b8f5e", "#ffd3e2", 0.55 * touch.gain)


def petals(a: Pixels, touch: Touch) -> Pixels:
    """Petals in the air."""
    return _scattered(a, touch, ("#ffd1e0", "#ff9fc0", "#fff0f5", "#f7b7d2"), 70, 6.5)


def _scattered(a: Pixels, touch: Touch, tones: tuple[str, ...], count: int, size: float) -> Pixels:
    """Leaves or petals in the air, near ones large and blurred."""
    rng = touch.random("scattered")
    for scale, share, softness in ((1.0, 1.0, 0.5), (2.6, 0.16, 3.0)):
        layer = Image.new("RGBA", (a.shape[1], a.shape[0]), (0, 0, 0, 0))
        pen = ImageDraw.Draw(layer)
        for _ in range(int(count * share * touch.gain) + 1):
            y, x = rng.uniform(0, a.shape[0]), rng.uniform(0, a.shape[1])
            angle, length = rng.uniform(0, 6.28), touch.px(size * scale * rng.uniform(0.6, 1.3))
            turn = np.linspace(0, 6.28, 11)
            along = np.cos(turn) * length
            across = np.sin(turn) * np.sin(turn / 2) * length * rng.uniform(0.35, 0.7)
            xs = x + along * np.cos(angle) - across * np.sin(angle)
            ys = y + along * np.sin(angle) + across * np.cos(angle)
            tone = colour(tones[int(rng.integers(len(tones)))]) * rng.uniform(0.8, 1.05)
            fill = (*(np.clip(tone, 0, 1) * 255).astype(int).tolist(), 255)
            pen.polygon(np.stack([xs, ys], axis=1).ravel().tolist(), fill=fill)
        planes = from_picture(layer)
        mask = blur(planes[..., 3], touch.px(softness))
        paint = blur(planes[..., :3], touch.px(softness)) / np.maximum(mask, 1e-3)[..., None]
        a = mix(a, clip(paint), clip(mask) * 0.92)
    return a
