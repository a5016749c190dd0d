"""Decider: moods of the hour: the sun's place, night, moon and stars."""

from __future__ import annotations

import numpy as np

from core.studio.looks import distance, grain, palette
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
    rgb,
    saturate,
    screen,
    smoothstep,
    vignette,
)
from core.studio.looks.tone import graded
from core.studio.looks.touch import Touch


def golden_hour(a: Pixels, touch: Touch) -> Pixels:
    """Low, honey-coloured sun."""
    warm = graded(gamma(a, 0.95), "#5a2a4a", "#ffb347", 0.75 * touch.gain)
    return _sun(warm, touch, height=0.24, tone="#ffb54f", size=0.03, power=0.8)


def sunset(a: Pixels, touch: Touch) -> Pixels:
    """A red and violet evening sky and its light on everything."""
    dim = graded(gamma(a, 1.25), "#2b1b5a", "#ff6a3d", 0.95 * touch.gain)
    rows, _ = grid(a.shape)
    bands = palette.ramp(
        clip(rows / a.shape[0] * 1.25) + np.zeros(a.shape[:2], np.float32),
        ("#2a1f63", "#8c3379", "#f0604d", "#ffb45c", "#ffd98a"),
    )
    dim = mix(dim, screen(dim * 0.45, bands * 0.75), distance.sky(a) * 0.9)
    return _sun(clip(dim), touch, height=0.4, tone="#ff7a45", size=0.035, power=0.7)


def dawn(a: Pixels, touch: Touch) -> Pixels:
    """Rose and pale blue, thin mist near the ground."""
    pale = graded(contrast(gamma(a, 0.88), 0.85) + 0.04, "#6f86c4", "#ffc4b0", 0.6 * touch.gain)
    veil = distance.farness(a) * grain.clouds(a.shape, touch.random("dawn"), touch.px(420)) * 0.55
    misty = mix(pale, np.zeros_like(a) + colour("#f7ddd9"), veil)
    return _sun(misty, touch, height=0.36, tone="#ffc9a0", size=0.025, power=0.5)


def summer(a: Pixels, touch: Touch) -> Pixels:
    """High sun: bright, blue above, strong colour."""
    bright = saturate(contrast(gamma(a, 0.82), 1.08), 1.3 * touch.gain)
    rows, _ = grid(a.shape)
    blue = palette.ramp(
        clip(rows / a.shape[0] * 1.5) + luma(a) * 0, ("#1f78d8", "#6db7f2", "#e6f5ff")
    )
    bright = mix(bright, mix(blue, bright, 0.3), distance.sky(a) * 0.85)
    return _sun(
        graded(bright, "#3566a8", "#fff0b8", 0.3),
        touch,
        height=0.08,
        tone="#fff2c4",
        size=0.03,
        power=0.55,
    )


def _sun(a: Pixels, touch: Touch, *, height: float, tone: str, size: float, power: float) -> Pixels:
    """A low sun with its glow, somewhere on the horizon."""
    rng = touch.random("sun")
    rows, columns = grid(a.shape)
    long = max(a.shape[:2])
    y, x = a.shape[0] * height, a.shape[1] * rng.uniform(0.15, 0.85)
    away = np.sqrt((rows - y) ** 2 + (columns - x) ** 2) / np.float32(long)
    glow = np.exp(-away / np.float32(0.16)) * 0.75 + np.exp(-away / np.float32(0.45)) * 0.35
    disc = smoothstep(size, size * 0.88, away) * distance.sky(a)
    light = (glow * power * touch.gain)[..., None] * colour(tone) + disc[..., None] * power
    return screen(a, light)


def night(a: Pixels, touch: Touch) -> Pixels:
    """Day for night: blue, dark, what was bright becomes lamps."""
    grey = luma(a)
    dark = palette.with_colours_of(rgb(gamma(grey, 1.5) * 0.5), saturate(a, 0.4) * 0.5)
    dark = mix(
        dark, palette.ramp(gamma(grey, 1.35), ("#040714", "#0f1d45", "#2c4a86", "#7f9ccc")), 0.78
    )
    warm = clip((a[..., 0] - a[..., 2]) * 1.4 + 0.35)
    lamps = smoothstep(0.72, 0.96, grey) * warm * (1 - distance.sky(a))
    light = lamps[..., None] * colour("#ffcf7a")
    glow = blur(light, touch.px(7)) * 0.7 + blur(light, touch.px(40)) * 1.0
    lit = screen(screen(clip(dark), glow * touch.gain), light * 0.55)
    # What is dark already is not made darker still.
    amount = min(1.0, max(0.25, float(grey.mean()) * 4.0 - 0.4))
    return mix(a, clip(lit * vignette(a.shape, 0.4)[..., None]), amount)


def moonlight(a: Pixels, touch: Touch) -> Pixels:
    """Night with a full moon."""
    lit = night(a, touch) if luma(a).mean() > 0.3 else a
    rng = touch.random("moon")
    rows, columns = grid(a.shape)
    radius = min(a.shape[:2]) * 0.075
    y, x = a.shape[0] * 0.17, a.shape[1] * rng.uniform(0.18, 0.82)
    away = np.sqrt((rows - y) ** 2 + (columns - x) ** 2)
    seas = grain.clouds(a.shape, rng, radius * 0.9, 3)
    disc = smoothstep(radius, radius - touch.px(2), away)
    halo = np.exp(-away / (radius * 2.6)) * 0.5
    moon = colour("#f6f0d8") * (1 - smoothstep(0.5, 0.8, seas) * 0.22)[..., None]
    return mix(screen(lit, halo[..., None] * colour("#a9c4ff") * touch.gain), moon, disc * 0.96)


def stars(a: Pixels, touch: Touch) -> Pixels:
    """Stars over what looks like sky, and a band of milk."""
    rng = touch.random("stars")
    grey = luma(a)
    open_sky = np.maximum(
        distance.sky(a), smoothstep(0.5, 0.1, grid(a.shape)[0] / a.shape[0]) * 0.7
    )
    dark = mix(a, palette.ramp(grey, ("#03050f", "#131d48", "#41559a", "#a9b8e0")), 0.55)
    rows, columns = grid(a.shape)
    band = np.exp(-(((rows - columns * 0.45) / a.shape[0] - 0.02) ** 2) / np.float32(0.02))
    milk = band * grain.clouds(a.shape, rng, touch.px(160), 6) * 0.55
    points = np.zeros(a.shape[:2], np.float32)
    count = int(500 * touch.gain)
    y, x = rng.integers(0, a.shape[0], count), rng.integers(0, a.shape[1], count)
    points[y, x] = rng.random(count, dtype=np.float32) ** 2
    spark = blur(points, touch.px(0.9)) * 5 + blur(points, touch.px(4)) * 9
    light = (spark[..., None] + milk[..., None] * colour("#b9a9ff")) * open_sky[..., None]
    return screen(dark, light)


def sunbeams(a: Pixels, touch: Touch) -> Pixels:
    """Shafts of light from one upper corner."""
    rng = touch.random("beams")
    rows, columns = grid(a.shape)
    x, y = a.shape[1] * rng.uniform(-0.05, 1.05), -a.shape[0] * 0.15
    angle = np.arctan2(rows - y, columns - x)
    away = np.hypot(rows - y, columns - x) / np.float32(np.hypot(*a.shape[:2]))
    fan = np.zeros(a.shape[:2], np.float32)
    for _ in range(9):
        turn, width = rng.uniform(0.1, 3.0), rng.uniform(0.015, 0.06)
        fan += np.exp(-(((angle - turn) / width) ** 2)) * np.float32(rng.uniform(0.3, 0.9))
    dust = 0.7 + 0.3 * grain.clouds(a.shape, rng, touch.px(80), 4)
    light = fan * np.exp(-away * 1.5) * dust * 0.7 * touch.gain
    base = graded(contrast(gamma(a, 1.15), 1.05), "#23324a", "#ffe0a0", 0.4)
    return screen(base, light[..., None] * colour("#ffe7ae"))
